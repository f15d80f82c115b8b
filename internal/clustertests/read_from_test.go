package clustertests

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tidemarkdb/tidemark/internal/testserver"
)

// replicaReads are statements of all ways to read: a point, points by an index,
// scans in both directions, an aggregate, a join, blocks of a time series and what
// is not packed yet.
var replicaReads = []string{
	"SELECT v::text FROM rf WHERE id = 77",
	"SELECT id::text FROM rf WHERE k IN ('k3', 'k30', 'k300') ORDER BY id",
	"SELECT string_agg(v::text, ',' ORDER BY id) FROM rf WHERE id % 100 = 7",
	"SELECT id::text FROM rf ORDER BY id DESC LIMIT 3",
	"SELECT v % 10 || ' ' || count(*) || ' ' || sum(id) FROM rf GROUP BY v % 10 ORDER BY 1",
	"SELECT count(*)::text FROM rf a JOIN rf b ON b.id = a.v WHERE a.id < 50",
	"SELECT tag || ' ' || count(*) || ' ' || sum(v) FROM rp GROUP BY tag ORDER BY 1",
	"SELECT v::text FROM rp WHERE tag = 'a' ORDER BY ts DESC LIMIT 2",
}

func makeReplicaTables(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	exec(t, conn, "DROP TABLE IF EXISTS rf, rp")
	exec(t, conn, "CREATE TABLE rf (id int PRIMARY KEY, k text, v int)")
	exec(t, conn, "CREATE INDEX ON rf (k)")
	exec(t, conn, "INSERT INTO rf SELECT g, 'k' || g, g FROM generate_series(1, 1000) g")
	exec(t, conn, "CREATE TABLE rp (ts timestamptz, tag text, v int, PRIMARY KEY (tag, ts)) USING timeseries WITH (time = 'ts', tags = 'tag')")
	exec(t, conn, "INSERT INTO rp SELECT '2024-01-01'::timestamptz + g * interval '1 minute', chr(97 + g % 3), g FROM generate_series(1, 1000) g")
	exec(t, conn, "CALL tidemark.flush('rp')")
	exec(t, conn, "INSERT INTO rp SELECT '2024-01-02'::timestamptz + g * interval '1 minute', chr(97 + g % 3), g FROM generate_series(1, 50) g")
	exec(t, conn, "ANALYZE rf")
}

// TestReadClosest checks that replicas give the leaders' answers, to one node
// about what another has just committed, and that replicas are asked.
func TestReadClosest(t *testing.T) {
	nodes := startNodes(t, 2)
	compareClosest(t, nodes[0], nodes[1])
}

// TestReadClosestPushed does the same with plans that stores run parts of.
func TestReadClosestPushed(t *testing.T) {
	node, store := startPlain(t)
	conn := connect(t, node)
	makeReplicaTables(t, conn)
	splitTables(t, store, 3)
	requests := compareClosest(t, node, node)
	if requests["ReplicaCop"] == 0 {
		t.Errorf("no coprocessor was asked: %v", requests)
	}
	exec(t, conn, "DROP TABLE rf, rp")
}

func compareClosest(t *testing.T, writer, reader *testserver.Server) map[string]int64 {
	t.Helper()
	w, r := connect(t, writer), connect(t, reader)
	makeReplicaTables(t, w)
	exec(t, r, "SET tidemark.read_from = closest")
	before := reader.Traffic().Counts()
	for round := range 5 {
		exec(t, w, "UPDATE rf SET v = v + 1 WHERE id % 7 = $1", round)
		exec(t, w, fmt.Sprintf("INSERT INTO rp VALUES ('2024-02-0%d', 'a', %d)", round+1, round))
		for _, sql := range replicaReads {
			want := queryTexts(t, w, sql)
			if got := queryTexts(t, r, sql); !slices.Equal(got, want) {
				t.Errorf("round %d: %s\nreplicas %v\nleaders  %v", round, sql, got, want)
			}
		}
	}
	exec(t, r, "BEGIN")
	exec(t, r, "UPDATE rf SET v = -1 WHERE id = 77")
	if n := queryInt(t, r, "SELECT v FROM rf WHERE id = 77"); n != -1 {
		t.Errorf("a transaction reads %d from replicas where it has written -1", n)
	}
	exec(t, r, "ROLLBACK")
	plan := strings.Join(queryTexts(t, r, "EXPLAIN SELECT * FROM rf"), "\n")
	if !strings.Contains(plan, "Read From: replicas near by") {
		t.Errorf("EXPLAIN does not say where is read:\n%s", plan)
	}
	n := reader.Traffic().Since(before).Requests
	t.Logf("requests: %v", n)
	if n["ReplicaGet"] == 0 || n["ReplicaScan"] == 0 {
		t.Errorf("no replicas were asked: %v", n)
	}
	return n
}

// TestReadStale checks which transactions read the past, how old it is, and that
// changes of the schema show at once.
func TestReadStale(t *testing.T) {
	nodes := startNodes(t, 2)
	w, r := connect(t, nodes[0]), connect(t, nodes[1])
	makeReplicaTables(t, w)
	exec(t, r, "SET tidemark.read_from = stale")
	exec(t, r, "SET tidemark.read_staleness = '60s'")
	// No older than the last change of the schema, which ANALYZE was, as this node saw it.
	queryInt(t, r, "SELECT count(*) FROM rf")
	exec(t, w, "UPDATE rf SET v = 0")
	exec(t, w, "INSERT INTO rp VALUES ('2024-03-01', 'a', 1)")
	if n := queryInt(t, r, "SELECT count(*) FROM rf WHERE v = 0"); n != 0 {
		t.Errorf("%d rows are newer than they may be", n)
	}
	if n := queryInt(t, r, "SELECT count(*) FROM rp"); n != 1050 {
		t.Errorf("%d points, want 1050 of before", n)
	}
	plan := strings.Join(queryTexts(t, r, "EXPLAIN SELECT * FROM rf"), "\n")
	if !strings.Contains(plan, "Read From: replicas near by, up to 1m0s old") {
		t.Errorf("EXPLAIN does not say where is read:\n%s", plan)
	}
	// Transactions that may write read what is there.
	exec(t, r, "BEGIN")
	if n := queryInt(t, r, "SELECT count(*) FROM rf WHERE v = 0"); n != 1000 {
		t.Errorf("a transaction that may write finds %d rows, want all 1000", n)
	}
	exec(t, r, "COMMIT")
	if n := queryInt(t, r, "SELECT v FROM rf WHERE id = 5 FOR UPDATE"); n != 0 {
		t.Errorf("a locked row is of the past: %d", n)
	}
	exec(t, r, "UPDATE rf SET v = v + 1 WHERE id = 5")
	if n := queryInt(t, w, "SELECT v FROM rf WHERE id = 5"); n != 1 {
		t.Errorf("a row was changed to %d, want 1", n)
	}
	// Several statements of one message are one transaction, which turns to the
	// present when it writes.
	exec(t, r, "SELECT count(*) FROM rf; UPDATE rf SET v = v + 1 WHERE id = 5")
	if n := queryInt(t, w, "SELECT v FROM rf WHERE id = 5"); n != 2 {
		t.Errorf("a row was changed to %d, want 2", n)
	}
	staleBlock(t, w, r)
	// What DDL made is there, with what was in it.
	exec(t, w, "ALTER TABLE rf ADD c int DEFAULT 9; CREATE TABLE rg AS SELECT * FROM rf")
	if n := queryInt(t, r, "SELECT count(*) FROM rf WHERE c = 9 AND v = 0"); n != 1000 {
		t.Errorf("after a change of the schema %d rows are there, want 1000", n)
	}
	if n := queryInt(t, r, "SELECT count(*) FROM rg"); n != 1000 {
		t.Errorf("a new table has %d rows, want 1000", n)
	}
	exec(t, w, "TRUNCATE rf")
	if n := queryInt(t, r, "SELECT count(*) FROM rf"); n != 0 {
		t.Errorf("a truncated table has %d rows", n)
	}
	exec(t, r, "SET tidemark.read_staleness = '1s'")
	exec(t, w, "INSERT INTO rf (id) SELECT generate_series(1, 10)")
	time.Sleep(1200 * time.Millisecond)
	if n := queryInt(t, r, "SELECT count(*) FROM rf"); n != 10 {
		t.Errorf("%d rows after the time they may be missing for, want 10", n)
	}
}

// staleBlock: a block that is READ ONLY keeps its snapshot of the past.
func staleBlock(t *testing.T, w, r *pgx.Conn) {
	t.Helper()
	exec(t, r, "BEGIN READ ONLY")
	first := queryInt(t, r, "SELECT sum(v) FROM rf")
	exec(t, w, "UPDATE rf SET v = 0; ANALYZE rf")
	if n := queryInt(t, r, "SELECT sum(v) FROM rf"); n != first {
		t.Errorf("a block reads %d and then %d", first, n)
	}
	if err := try(t, r, "UPDATE rf SET v = 1"); code(err) != "25006" {
		t.Errorf("an update in a block that is READ ONLY: %v", err)
	}
	exec(t, r, "ROLLBACK")
}

// TestReadStaleAsksReplicas counts where requests go.
func TestReadStaleAsksReplicas(t *testing.T) {
	nodes := startNodes(t, 1)
	conn := connect(t, nodes[0])
	makeReplicaTables(t, conn)
	time.Sleep(1200 * time.Millisecond)
	want := map[string][]string{}
	for _, sql := range replicaReads {
		want[sql] = queryTexts(t, conn, sql)
	}
	exec(t, conn, "SET tidemark.read_from = stale")
	exec(t, conn, "SET tidemark.read_staleness = '1s'")
	exec(t, conn, replicaReads[0]) // keeps versions as old
	before := nodes[0].Traffic().Counts()
	for _, sql := range replicaReads {
		if got := queryTexts(t, conn, sql); !slices.Equal(got, want[sql]) {
			t.Errorf("%s\nstale  %v\nleader %v", sql, got, want[sql])
		}
	}
	n := nodes[0].Traffic().Since(before).Requests
	t.Logf("requests: %v", n)
	if n["StaleGet"] == 0 || n["StaleScan"] == 0 || n["Timestamp"] > 0 {
		t.Errorf("requests of stale reads: %v", n)
	}
}
