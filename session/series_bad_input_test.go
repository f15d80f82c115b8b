package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/session/sessiontest"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// TestManyFields: a time-series table has as many columns as a table may have, and
// more are refused, however many.
func TestManyFields(t *testing.T) {
	c := sessiontest.Open(t).Connect()
	create := func(name string, fields int) *pgerror.Error {
		var b strings.Builder
		fmt.Fprintf(&b, "CREATE TABLE %s (ts timestamptz NOT NULL", name)
		for i := range fields {
			fmt.Fprintf(&b, ", f%d float8", i)
		}
		return c.Err(b.String() + ") USING timeseries WITH (time = 'ts')")
	}
	for _, fields := range []int{1600, 100_000} {
		if err := create("many", fields); err == nil || err.Code != pgerror.TooManyColumns {
			t.Errorf("%d fields: %v", fields, err)
		}
	}
	if err := create("wide", 1599); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"INSERT INTO wide (ts, f0, f1598) VALUES ('2026-01-01', 1, 2)", "CALL tidemark.flush('wide')"} {
		if err := c.Err(sql); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Query("SELECT f0, f1, f1598 FROM wide"); !strings.Contains(got, "1|NULL|2") {
		t.Error(got)
	}
	if err := c.Err("ALTER TABLE wide ADD COLUMN more int"); err == nil || err.Code != pgerror.TooManyColumns {
		t.Errorf("one more column: %v", err)
	}
}

// TestCorruptBlockSQL: a damaged block is XX001 with the names of its table and block;
// other slices of the table, and other tables, stay readable.
func TestCorruptBlockSQL(t *testing.T) {
	ctx := context.Background()
	node := sessiontest.Open(t)
	c := node.Connect()
	for _, sql := range []string{
		"CREATE TABLE points (ts timestamptz NOT NULL, d int, v int) USING timeseries WITH (time = 'ts', tags = 'd', partition_interval = '1 day', hash_buckets = 1)",
		"INSERT INTO points VALUES ('2026-01-01 10:00+00', 1, 1), ('2026-01-02 10:00+00', 1, 2)",
		"CALL tidemark.compact('points')",
		"CREATE TABLE other AS SELECT 7 AS seven",
	} {
		if err := c.Err(sql); err != nil {
			t.Fatal(err)
		}
	}
	txn, err := node.Store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	damagePage(t, txn)
	if _, err := txn.Commit(ctx, true); err != nil {
		t.Fatal(err)
	}
	node.Reopen() // what was read before is in caches
	c = node.Connect()
	for _, sql := range []string{"SELECT v FROM points", "SELECT * FROM points WHERE ts < '2026-01-02'"} {
		err := c.Err(sql)
		if err == nil || err.Code != pgerror.DataCorrupted || !strings.Contains(err.Message, `table "points"`) || !strings.Contains(err.Message, "block 0") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for sql, want := range map[string]string{"SELECT v FROM points WHERE ts >= '2026-01-02'": "2", "SELECT seven FROM other": "7"} {
		if got := c.Query(sql); !strings.Contains(got, want) || strings.Contains(got, "ERROR") {
			t.Errorf("%s: %s", sql, got)
		}
	}
}

// damagePage flips a bit of the first page of the first run (docs/formats/blocks.md).
func damagePage(t *testing.T, txn kv.Txn) {
	const prefixLen, page = 1 + 8 + 2 + 8, 3
	ctx := context.Background()
	it, err := txn.Scan(ctx, kv.Span{Start: kv.Key{'s'}, End: kv.Key{'s' + 1}}, kv.ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	for {
		pairs, err := it.NextBatch(ctx)
		if err != nil {
			t.Fatal("no page: ", err)
		}
		for _, p := range pairs {
			if len(p.Key) > prefixLen && p.Key[prefixLen] == page {
				bad := append([]byte(nil), p.Value...)
				bad[len(bad)-1] ^= 1
				if err := txn.Put(append(kv.Key(nil), p.Key...), bad); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	}
}
