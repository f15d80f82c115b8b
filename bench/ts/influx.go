package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// writeInflux says it in InfluxQL, as TSBS's client does; of the newest buckets it
// asks for the same ones as the statement of SQL.
func writeInflux(a ask) string {
	var conds []string
	if a.kind == high {
		conds = append(conds, "usage_user > 90.0")
	}
	if a.hosts != nil {
		list := make([]string, len(a.hosts))
		for i, h := range a.hosts {
			list[i] = "hostname = '" + h + "'"
		}
		conds = append(conds, "("+strings.Join(list, " or ")+")")
	}
	if a.kind != newest && a.kind != last {
		conds = append(conds, "time >= '"+a.from.Format(time.RFC3339Nano)+"'")
	}
	if a.kind != last {
		conds = append(conds, "time < '"+a.to.Format(time.RFC3339Nano)+"'")
	}
	where := strings.Join(conds, " and ")
	var q string
	switch a.kind {
	case maxima:
		q = fmt.Sprintf("SELECT %s from cpu where %s group by time(%ds)", aggs("max", "max", a.metrics), where, a.seconds)
	case means:
		q = fmt.Sprintf("SELECT %s from cpu where %s group by time(%ds),hostname", aggs("mean", "mean", a.metrics), where, a.seconds)
	case high:
		q = "SELECT * from cpu where " + where
	case newest:
		q = fmt.Sprintf("SELECT max(usage_user) from cpu where %s group by time(%ds) order by time desc limit 5", where, a.seconds)
	case last:
		q = `SELECT * from cpu group by "hostname" order by time desc limit 1`
	}
	return "/query?" + url.Values{"db": {lineDatabase}, "q": {q}}.Encode()
}
