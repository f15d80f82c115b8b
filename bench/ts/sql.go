package main

import (
	"fmt"
	"strings"
)

// sqlDialect is how a peer writes what SQL has no common words for.
type sqlDialect struct {
	bucket  func(seconds int) string
	lateral bool // lateral joins and DISTINCT ON
	zone    string
}

// write says it in the words of ../../../shared/tsbs-statements.sql.
func (d sqlDialect) write(a ask) string {
	const layout = "2006-01-02 15:04:05.000000"
	from, to := a.from.Format(layout)+d.zone, a.to.Format(layout)+d.zone
	ofHosts := ""
	if a.hosts != nil {
		ofHosts = "tags_id IN (SELECT id FROM tags WHERE hostname IN ('" + strings.Join(a.hosts, "','") + "'))"
	}
	switch a.kind {
	case maxima:
		name := "minute"
		order := " ASC"
		if a.seconds == 3600 {
			name, order = "hour", ""
		}
		return fmt.Sprintf(`SELECT %s AS %s,
        %s
        FROM cpu
        WHERE %s AND time >= '%s' AND time < '%s'
        GROUP BY %s ORDER BY %s%s`, d.bucket(a.seconds), name, aggs("max", "max", a.metrics), ofHosts, from, to, name, name, order)
	case means:
		return d.means(a, from, to)
	case high:
		if ofHosts != "" {
			ofHosts = " AND " + ofHosts
		}
		return fmt.Sprintf("SELECT * FROM cpu WHERE usage_user > 90.0 and time >= '%s' AND time < '%s'%s", from, to, ofHosts)
	case newest:
		return fmt.Sprintf(`SELECT %s AS minute, max(usage_user)
        FROM cpu
        WHERE time < '%s'
        GROUP BY minute
        ORDER BY minute DESC
        LIMIT 5`, d.bucket(a.seconds), to)
	}
	if !d.lateral {
		return "SELECT t.*, b.* FROM tags t JOIN (SELECT c.* FROM cpu c QUALIFY row_number() OVER (PARTITION BY tags_id ORDER BY time DESC) = 1) b ON b.tags_id = t.id ORDER BY t.hostname"
	}
	return "SELECT DISTINCT ON (t.hostname) * FROM tags t INNER JOIN LATERAL(SELECT * FROM cpu c WHERE c.tags_id = t.id ORDER BY time DESC LIMIT 1) AS b ON true ORDER BY t.hostname, b.time DESC"
}

func (d sqlDialect) means(a ask, from, to string) string {
	list := make([]string, a.metrics)
	for i := range list {
		list[i] = "mean_" + metrics[i]
	}
	return fmt.Sprintf(`WITH cpu_avg AS (
          SELECT %s as hour, tags_id,
          %s
          FROM cpu
          WHERE time >= '%s' AND time < '%s'
          GROUP BY 1, 2
        )
        SELECT hour, tags.hostname, %s
        FROM cpu_avg
        JOIN tags ON cpu_avg.tags_id = tags.id
        ORDER BY hour, tags.hostname`, d.bucket(a.seconds), aggs("avg", "mean", a.metrics), from, to, strings.Join(list, ", "))
}
