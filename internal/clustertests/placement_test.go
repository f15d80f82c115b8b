package clustertests

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestPlacement cuts relations into regions and looks where these are.
func TestPlacement(t *testing.T) {
	nodes := startNodes(t, 1)
	conn := connect(t, nodes[0])
	// In the order of their keys: the test's stores do not cut what lies left of a cut.
	// Buckets and shards are cut when a table is made.
	exec(t, conn, "CREATE TABLE points (ts timestamptz, host int, PRIMARY KEY (host, ts)) USING timeseries WITH (time = 'ts', tags = 'host', hash_buckets = 8)")
	exec(t, conn, "CREATE TABLE sharded (v int) WITH (row_id_shards = 4)")
	for table, n := range map[string]int64{"points": 8, "sharded": 4} {
		if got := regionsOf(t, conn, table, n); got < n {
			t.Errorf("%s lies in %d regions when it is made, want %d", table, got, n)
		}
	}
	exec(t, conn, "SET tidemark.presplit = off")
	exec(t, conn, "CREATE TABLE uncut (v int) WITH (row_id_shards = 4)")
	exec(t, conn, "CREATE TABLE whole (ts timestamptz, host int, PRIMARY KEY (host, ts)) USING timeseries WITH (time = 'ts', tags = 'host', hash_buckets = 8)")
	exec(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE INDEX t_v ON t (v)")
	exec(t, conn, "CREATE TABLE hidden (v int)")
	for _, table := range []string{"uncut", "whole"} {
		if got := regionsOf(t, conn, table, 1); got != 1 {
			t.Errorf("%s lies in %d regions with tidemark.presplit = off", table, got)
		}
	}
	if err := try(t, conn, "CALL tidemark.split('t', 4)"); code(err) != "55000" {
		t.Errorf("an empty table was split: %v", err)
	}
	exec(t, conn, "INSERT INTO t SELECT g, chr(97 + g % 26) || g FROM generate_series(1, 1000) g")
	for _, c := range []struct {
		call, table string
		regions     int64
	}{{"'whole', 4", "whole", 4}, {"'t', 4", "t", 4}, {"'t_v', 3", "t", 7}, {"'hidden', 16", "hidden", 16}} {
		exec(t, conn, "CALL tidemark.split("+c.call+")")
		if n := regionsOf(t, conn, c.table, c.regions); n < c.regions {
			t.Errorf("%s lies in %d regions after a split by %s, want %d", c.table, n, c.call, c.regions)
		}
	}
	if n := queryInt(t, conn, `SELECT count(*) FROM tidemark.regions r LEFT JOIN tidemark.stores s ON s.store = r.leader
		WHERE s.state IS DISTINCT FROM 'up' OR r.start_key >= r.end_key`); n != 0 {
		t.Errorf("%d regions without a leader that is up, or without keys", n)
	}
	if n := queryInt(t, conn, "SELECT count(*) FROM t WHERE v >= 'b'"); n == 0 {
		t.Error("nothing is found after the split")
	}
	if err := try(t, conn, "CALL tidemark.split('t', 0)"); code(err) != "22023" {
		t.Errorf("a split into no regions: %v", err)
	}
}

// regionsOf returns how many regions a table lies in, once they are as many as want
// or do not get so.
func regionsOf(t *testing.T, conn *pgx.Conn, table string, want int64) (n int64) {
	t.Helper()
	for deadline := time.Now().Add(serviceBack); n < want && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		n = queryInt(t, conn, "SELECT count(DISTINCT region) FROM tidemark.regions WHERE table_name = $1", table) // PD hears of it later
	}
	return n
}
