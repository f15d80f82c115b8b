package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// query is a type of query of TSBS; ask draws one of it.
type query struct {
	name string
	ask  func(r *rand.Rand, s shape) ask
	// ordered: the answer's order is fixed by the statement.
	ordered bool
}

// ask is a query with its parameters, in no language.
type ask struct {
	kind     kind
	metrics  int      // how many of metrics
	hosts    []string // nil: all
	from, to time.Time
	seconds  int // of a bucket
}

type kind int

const (
	maxima kind = iota // of each bucket, over all the hosts
	means              // of each bucket and host
	high               // points of high usage
	newest             // maxima of the last five buckets
	last               // the last point of each host
)

// dialect is a language of queries.
type dialect struct {
	// write says it in this language, "" if there is no such query in it.
	write func(a ask) string
	// comparable: answers are those of PostgreSQL's statement.
	comparable bool
}

var (
	timescale = dialect{sqlDialect{func(s int) string { return fmt.Sprintf("time_bucket('%d seconds', time)", s) }, true, " +0000"}.write, true}
	plain     = dialect{sqlDialect{func(s int) string {
		return fmt.Sprintf("to_timestamp(((extract(epoch from time)::int)/%d)*%d)", s, s)
	}, true, " +0000"}.write, true}
	duckdb = dialect{sqlDialect{func(s int) string { return fmt.Sprintf("time_bucket(INTERVAL '%d seconds', time)", s) }, false, "+00"}.write, false}
	influx = dialect{writeInflux, false}
	promQL = dialect{writePromQL, false}
)

// queries are the types of TSBS's cpu-only use case.
var queries = []query{
	single("single-groupby-1-1-1", 1, 1, 1), single("single-groupby-1-1-12", 1, 1, 12), single("single-groupby-1-8-1", 1, 8, 1),
	single("single-groupby-5-1-1", 5, 1, 1), single("single-groupby-5-1-12", 5, 1, 12), single("single-groupby-5-8-1", 5, 8, 1),
	cpuMax("cpu-max-all-1", 1), cpuMax("cpu-max-all-8", 8),
	double("double-groupby-1", 1), double("double-groupby-5", 5), double("double-groupby-all", len(metrics)),
	{name: "high-cpu-1", ask: func(r *rand.Rand, s shape) ask {
		a := window(r, s, ask{kind: high}, 12)
		a.hosts = hosts(r, s, 1)
		return a
	}},
	{name: "high-cpu-all", ask: func(r *rand.Rand, s shape) ask { return window(r, s, ask{kind: high}, 12) }},
	{name: "groupby-orderby-limit", ordered: true, ask: func(r *rand.Rand, s shape) ask {
		return window(r, s, ask{kind: newest, seconds: 60}, 1)
	}},
	{name: "lastpoint", ordered: true, ask: func(*rand.Rand, shape) ask { return ask{kind: last} }},
}

func single(name string, metrics, nHosts, hours int) query {
	return query{name: name, ordered: true, ask: func(r *rand.Rand, s shape) ask {
		a := window(r, s, ask{kind: maxima, metrics: metrics, seconds: 60}, hours)
		a.hosts = hosts(r, s, nHosts)
		return a
	}}
}

func cpuMax(name string, nHosts int) query {
	return query{name: name, ordered: true, ask: func(r *rand.Rand, s shape) ask {
		a := window(r, s, ask{kind: maxima, metrics: len(metrics), seconds: 3600}, 8)
		a.hosts = hosts(r, s, nHosts)
		return a
	}}
}

func double(name string, n int) query {
	return query{name: name, ordered: true, ask: func(r *rand.Rand, s shape) ask {
		return window(r, s, ask{kind: means, metrics: n, seconds: 3600}, 12)
	}}
}

// window gives the query a chance stretch of hours within the data.
func window(r *rand.Rand, s shape, a ask, hours int) ask {
	length := min(time.Duration(hours)*time.Hour, s.span)
	a.from = start
	if room := s.span - length; room > 0 {
		a.from = a.from.Add(time.Duration(r.Int64N(int64(room))))
	}
	a.to = a.from.Add(length)
	return a
}

// hosts are the names of n different hosts.
func hosts(r *rand.Rand, s shape, n int) []string {
	list := make([]string, 0, n)
	for _, h := range r.Perm(s.hosts)[:min(n, s.hosts)] {
		list = append(list, fmt.Sprintf("host_%d", h))
	}
	return list
}

// aggs are the calls of a function over the first n metrics.
func aggs(fn, prefix string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s(%s) as %s_%s", fn, metrics[i], prefix, metrics[i])
	}
	return strings.Join(list, ", ")
}
