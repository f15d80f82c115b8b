package session_test

import (
	"io"
	"log/slog"
	"testing"

	"github.com/tidemarkdb/tidemark/session"
	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestExtendedReadsColumnCache: a portal that is run to its end reads through the
// column cache, as a simple query does. It did not, and what drivers send by the
// extended protocol decoded rows of the store each time.
func TestExtendedReadsColumnCache(t *testing.T) {
	node := sessiontest.Open(t)
	node.Server = session.NewServer(node.Store, node.Catalog, session.Config{
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), ColumnCacheBytes: 32 << 20,
	})
	c := node.Connect()
	for _, sql := range []string{"CREATE TABLE t (id int PRIMARY KEY, v int)", "INSERT INTO t SELECT g, g FROM generate_series(1, 20000) g"} {
		if err := c.Err(sql); err != nil {
			t.Fatal(err)
		}
	}
	hits := func() float64 {
		for _, f := range node.Server.Figures() {
			if f.Name == "tidemark_cache_hits_total" && f.Of == "columns" {
				return f.Value
			}
		}
		t.Fatal("no hits are counted")
		return 0
	}
	const sql = "SELECT sum(v) FROM t"
	for range 3 { // the cache is filled
		c.Query(sql)
	}
	before := hits()
	c.Query(sql)
	simple := hits() - before
	before = hits()
	c.Extended("", sql, nil)
	if extended := hits() - before; simple == 0 || extended != simple {
		t.Errorf("%v reads of the cache, and %v by the extended protocol", simple, extended)
	}
}
