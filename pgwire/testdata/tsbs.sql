SELECT time_bucket('60 seconds', time) AS minute,
        max(usage_user) as max_usage_user
        FROM cpu
        WHERE tags_id IN (SELECT id FROM tags WHERE hostname IN ('host_9')) AND time >= '2016-01-01 02:17:08.646325 +0000' AND time < '2016-01-01 03:17:08.646325 +0000'
        GROUP BY minute ORDER BY minute ASC;
SELECT to_timestamp(((extract(epoch from time)::int)/60)*60) AS minute,
        max(usage_user) as max_usage_user, max(usage_system) as max_usage_system, max(usage_idle) as max_usage_idle
        FROM cpu
        WHERE tags_id IN (SELECT id FROM tags WHERE hostname IN ('host_9','host_3','host_5','host_19','host_7','host_15','host_1','host_11')) AND time >= '2016-01-01 02:17:08.646325 +0000' AND time < '2016-01-01 03:17:08.646325 +0000'
        GROUP BY minute ORDER BY minute ASC;
WITH cpu_avg AS (
          SELECT time_bucket('3600 seconds', time) as hour, tags_id,
          avg(usage_user) as mean_usage_user, avg(usage_system) as mean_usage_system
          FROM cpu
          WHERE time >= '2016-01-01 01:47:52.646325 +0000' AND time < '2016-01-01 09:47:52.646325 +0000'
          GROUP BY 1, 2
        )
        SELECT hour, tags.hostname, mean_usage_user, mean_usage_system
        FROM cpu_avg
        JOIN tags ON cpu_avg.tags_id = tags.id
        ORDER BY hour, tags.hostname;
WITH cpu_avg AS (
          SELECT to_timestamp(((extract(epoch from time)::int)/3600)*3600) as hour, tags_id,
          avg(usage_user) as mean_usage_user
          FROM cpu
          WHERE time >= '2016-01-01 01:47:52.646325 +0000' AND time < '2016-01-01 09:47:52.646325 +0000'
          GROUP BY 1, 2
        )
        SELECT hour, tags.hostname, mean_usage_user
        FROM cpu_avg
        JOIN tags ON cpu_avg.tags_id = tags.id
        ORDER BY hour, tags.hostname;
SELECT time_bucket('3600 seconds', time) AS hour, max(usage_user) as max_usage_user, max(usage_guest_nice) as max_usage_guest_nice
        FROM cpu
        WHERE tags_id IN (SELECT id FROM tags WHERE hostname IN ('host_9')) AND time >= '2016-01-01 01:17:08.646325 +0000' AND time < '2016-01-01 09:17:08.646325 +0000'
        GROUP BY hour ORDER BY hour;
SELECT * FROM cpu WHERE usage_user > 90.0 and time >= '2016-01-01 01:20:52.138978 +0000' AND time < '2016-01-01 09:20:52.138978 +0000' AND tags_id IN (SELECT id FROM tags WHERE hostname IN ('host_5')) ORDER BY time;
SELECT * FROM cpu WHERE usage_user > 90.0 and time >= '2016-01-01 01:20:52.138978 +0000' AND time < '2016-01-01 09:20:52.138978 +0000' ORDER BY time, tags_id;
SELECT time_bucket('60 seconds', time) AS minute, max(usage_user)
        FROM cpu
        WHERE time < '2016-01-01 03:17:08.646325 +0000'
        GROUP BY minute
        ORDER BY minute DESC
        LIMIT 5;
SELECT DISTINCT ON (t.hostname) * FROM tags t INNER JOIN LATERAL(SELECT * FROM cpu c WHERE c.tags_id = t.id ORDER BY time DESC LIMIT 1) AS b ON true ORDER BY t.hostname, b.time DESC;
