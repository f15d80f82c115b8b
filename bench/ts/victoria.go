package main

import (
	"fmt"
	"net/url"
	"strings"
)

// writePromQL says it in PromQL, as TSBS's client of VictoriaMetrics does, which
// has no words for points and for the newest ones.
func writePromQL(a ask) string {
	of := "{__name__=~\"cpu_(" + strings.Join(metrics[:a.metrics], "|") + ")\""
	if a.hosts != nil {
		of += ", hostname=~\"" + strings.Join(a.hosts, "|") + "\""
	}
	of += "}"
	var q string
	switch a.kind {
	case maxima:
		q = fmt.Sprintf("max(max_over_time(%s[%ds])) by (__name__)", of, a.seconds)
	case means:
		q = fmt.Sprintf("avg(avg_over_time(%s[%ds])) by (__name__, hostname)", of, a.seconds)
	default:
		return ""
	}
	return "/api/v1/query_range?" + url.Values{
		"query": {q}, "start": {fmt.Sprint(a.from.Unix())}, "end": {fmt.Sprint(a.to.Unix())}, "step": {fmt.Sprint(a.seconds)}, "nocache": {"1"},
	}.Encode()
}
