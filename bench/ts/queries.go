package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// query is a type of query of TSBS; make gives one of it with chance
// parameters, with times cut by the given dialect's bucket expression.
type query struct {
	name string
	make func(r *rand.Rand, s shape, d dialect) string
	// ordered: the answer's order is fixed by the statement.
	ordered bool
}

// dialect is how a peer writes what SQL has no common words for.
type dialect struct {
	bucket  func(seconds int) string
	lateral bool // lateral joins and DISTINCT ON
	zone    string
}

var (
	timescale = dialect{func(s int) string { return fmt.Sprintf("time_bucket('%d seconds', time)", s) }, true, " +0000"}
	plain     = dialect{func(s int) string { return fmt.Sprintf("to_timestamp(((extract(epoch from time)::int)/%d)*%d)", s, s) }, true, " +0000"}
	duckdb    = dialect{func(s int) string { return fmt.Sprintf("time_bucket(INTERVAL '%d seconds', time)", s) }, false, "+00"}
)

// queries are the types of ../../shared/tsbs-statements.sql, word for word but
// for their parameters.
var queries = []query{
	single("single-groupby-1-1-1", 1, 1, 1), single("single-groupby-1-1-12", 1, 1, 12), single("single-groupby-1-8-1", 1, 8, 1),
	single("single-groupby-5-1-1", 5, 1, 1), single("single-groupby-5-1-12", 5, 1, 12), single("single-groupby-5-8-1", 5, 8, 1),
	cpuMax("cpu-max-all-1", 1), cpuMax("cpu-max-all-8", 8),
	double("double-groupby-1", 1), double("double-groupby-5", 5), double("double-groupby-all", len(metrics)),
	{name: "high-cpu-1", make: func(r *rand.Rand, s shape, d dialect) string {
		from, to := window(r, s, d, 12)
		return fmt.Sprintf("SELECT * FROM cpu WHERE usage_user > 90.0 and time >= '%s' AND time < '%s' AND tags_id IN (SELECT id FROM tags WHERE hostname IN (%s))", from, to, hosts(r, s, 1))
	}},
	{name: "high-cpu-all", make: func(r *rand.Rand, s shape, d dialect) string {
		from, to := window(r, s, d, 12)
		return fmt.Sprintf("SELECT * FROM cpu WHERE usage_user > 90.0 and time >= '%s' AND time < '%s'", from, to)
	}},
	{name: "groupby-orderby-limit", ordered: true, make: func(r *rand.Rand, s shape, d dialect) string {
		_, to := window(r, s, d, 1)
		return fmt.Sprintf(`SELECT %s AS minute, max(usage_user)
        FROM cpu
        WHERE time < '%s'
        GROUP BY minute
        ORDER BY minute DESC
        LIMIT 5`, d.bucket(60), to)
	}},
	{name: "lastpoint", ordered: true, make: func(_ *rand.Rand, _ shape, d dialect) string {
		if !d.lateral {
			return "SELECT t.*, b.* FROM tags t JOIN (SELECT c.* FROM cpu c QUALIFY row_number() OVER (PARTITION BY tags_id ORDER BY time DESC) = 1) b ON b.tags_id = t.id ORDER BY t.hostname"
		}
		return "SELECT DISTINCT ON (t.hostname) * FROM tags t INNER JOIN LATERAL(SELECT * FROM cpu c WHERE c.tags_id = t.id ORDER BY time DESC LIMIT 1) AS b ON true ORDER BY t.hostname, b.time DESC"
	}},
}

// aggs are the calls of a function over the first n metrics.
func aggs(fn, prefix string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s(%s) as %s_%s", fn, metrics[i], prefix, metrics[i])
	}
	return strings.Join(list, ", ")
}

// window is a chance stretch of hours within the data, as literals.
func window(r *rand.Rand, s shape, d dialect, hours int) (from, to string) {
	length := min(time.Duration(hours)*time.Hour, s.span)
	at := start
	if room := s.span - length; room > 0 {
		at = at.Add(time.Duration(r.Int64N(int64(room))))
	}
	const layout = "2006-01-02 15:04:05.000000"
	return at.Format(layout) + d.zone, at.Add(length).Format(layout) + d.zone
}

// hosts are the names of n different hosts as a list of literals.
func hosts(r *rand.Rand, s shape, n int) string {
	list := make([]string, 0, n)
	for _, h := range r.Perm(s.hosts)[:min(n, s.hosts)] {
		list = append(list, fmt.Sprintf("'host_%d'", h))
	}
	return strings.Join(list, ",")
}

func single(name string, metrics, nHosts, hours int) query {
	return query{name: name, ordered: true, make: func(r *rand.Rand, s shape, d dialect) string {
		from, to := window(r, s, d, hours)
		return fmt.Sprintf(`SELECT %s AS minute,
        %s
        FROM cpu
        WHERE tags_id IN (SELECT id FROM tags WHERE hostname IN (%s)) AND time >= '%s' AND time < '%s'
        GROUP BY minute ORDER BY minute ASC`, d.bucket(60), aggs("max", "max", metrics), hosts(r, s, nHosts), from, to)
	}}
}

func cpuMax(name string, nHosts int) query {
	return query{name: name, ordered: true, make: func(r *rand.Rand, s shape, d dialect) string {
		from, to := window(r, s, d, 8)
		return fmt.Sprintf(`SELECT %s AS hour,
        %s
        FROM cpu
        WHERE tags_id IN (SELECT id FROM tags WHERE hostname IN (%s)) AND time >= '%s' AND time < '%s'
        GROUP BY hour ORDER BY hour`, d.bucket(3600), aggs("max", "max", len(metrics)), hosts(r, s, nHosts), from, to)
	}}
}

func double(name string, n int) query {
	means := make([]string, n)
	for i := range means {
		means[i] = "mean_" + metrics[i]
	}
	return query{name: name, ordered: true, make: func(r *rand.Rand, s shape, d dialect) string {
		from, to := window(r, s, d, 12)
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
        ORDER BY hour, tags.hostname`, d.bucket(3600), aggs("avg", "mean", n), from, to, strings.Join(means, ", "))
	}}
}
