package clustertests

import (
	"maps"
	"regexp"
	"strings"
	"testing"
)

// TestRequests checks how many requests statements send when nobody is in their
// way. Stores that know 1PC spare the commit's second phase.
func TestRequests(t *testing.T) {
	nodes := startNodes(t, 1)
	conn := connect(t, nodes[0])
	exec(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT g, 0 FROM generate_series(1, 100) g")
	for _, c := range []struct {
		sql  string
		want map[string]int64
	}{
		{"SELECT v FROM t WHERE id = 7", map[string]int64{"Get": 1}},
		// The row, its lock, a look at those who share it, and the commit.
		{"UPDATE t SET v = v + 1 WHERE id = 7", map[string]int64{"Get": 1, "PessimisticLock": 1, "ScanLock": 1, "Prewrite": 1}},
		// Also the lock that keeps foreign keys out, which the commit does not end.
		{"DELETE FROM t WHERE id = 8", map[string]int64{"Get": 1, "PessimisticLock": 1, "ScanLock": 1, "Prewrite": 1, "PessimisticRollback": 1}},
		{"INSERT INTO t VALUES (101, 0)", map[string]int64{"Get": 1, "PessimisticLock": 1, "ScanLock": 1, "Prewrite": 1, "PessimisticRollback": 1}},
	} {
		exec(t, conn, strings.NewReplacer("7", "77", "8", "88", "101", "102").Replace(c.sql)) // plans it, finds regions
		before := nodes[0].Traffic().Counts()
		exec(t, conn, c.sql)
		n := nodes[0].Traffic().Since(before)
		t.Logf("%s: %d requests, %d bytes sent, %d received, %v", c.sql, n.Total(), n.Sent, n.Received, n.Requests)
		writes := n.Requests["Prewrite"]
		if ts := n.Requests["Timestamp"]; ts < 1 || ts > 1+writes || n.Requests["Commit"] > writes {
			t.Errorf("%s: %v", c.sql, n.Requests)
		}
		delete(n.Requests, "Timestamp")
		delete(n.Requests, "Commit")
		if !maps.Equal(n.Requests, c.want) || n.Retries > 0 {
			t.Errorf("%s: %v and %d retries, want %v", c.sql, n.Requests, n.Retries, c.want)
		}
	}
	exec(t, conn, "SET tidemark.traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'")
	exec(t, conn, "UPDATE t SET v = v + 1 WHERE id = 9")
	exec(t, conn, "RESET tidemark.traceparent")
	if n := queryInt(t, conn, `SELECT count(*) FROM tidemark.spans r JOIN tidemark.spans s ON s.span_id = r.parent_id
		WHERE s.attributes->>'db.query.text' LIKE 'UPDATE%' AND s.parent_id = 'b7ad6b7169203331' AND r.start >= s.start AND r.error IS NULL
		AND (r.name IN ('Get', 'PessimisticLock', 'ScanLock', 'Prewrite') AND r.attributes ? 'server.address' AND (r.attributes->>'request.bytes')::int > 0
			AND r.attributes ? 'tikv.region' OR r.name = 'Timestamp')`); n < 5 {
		t.Errorf("%d spans of the requests of an UPDATE", n)
	}
	plan := strings.Join(queryTexts(t, conn, "EXPLAIN (ANALYZE, TIMING OFF) SELECT sum(v) FROM t"), "\n")
	if !strings.Contains(plan, "Store Traffic: requests=2 (Scan=1 Timestamp=1) sent=") {
		t.Errorf("no requests in\n%s", plan)
	}
	plan = strings.Join(queryTexts(t, conn, "EXPLAIN ANALYZE SELECT sum(v) FROM t"), "\n")
	waits := regexp.MustCompile(`retries=0 waited=([0-9.]+) ms timestamps=([0-9.]+) ms`).FindStringSubmatch(plan)
	if waits == nil || waits[1] == "0.000" || waits[2] == "0.000" {
		t.Errorf("no waits for stores and timestamps in\n%s", plan)
	}
}
