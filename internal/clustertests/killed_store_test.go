package clustertests

import (
	"sync"
	"testing"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
)

// TestKilledAfterWrites kills each store after a quarter of a gibibyte was written in
// some seconds: what it needs for its start has to be there.
func TestKilledAfterWrites(t *testing.T) {
	c := testcluster.Shared(t)
	nodes := startNodes(t, 1)
	conn := connect(t, nodes[0])
	exec(t, conn, "CREATE TABLE bulk (a bigint PRIMARY KEY, b text)")
	const writers, batches, rows = 4, 16, 64 // of 64 KiB: 256 MiB
	var wg sync.WaitGroup
	for w := range writers {
		conn := connect(t, nodes[0])
		wg.Go(func() {
			for i := range batches {
				first := (w*batches + i) * rows
				if _, err := conn.Exec(ctx, "INSERT INTO bulk SELECT g, repeat(md5(g::text), 2048) FROM generate_series($1::int, $2::int) g", first, first+rows-1); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for i := range c.Stores() {
		c.Kill(i)
		check(t, c.Restart(i))
		check(t, c.WaitReplicated(ctx))
	}
	if n := queryInt(t, conn, "SELECT count(*) FROM bulk WHERE b = repeat(md5(a::text), 2048)"); n != writers*batches*rows {
		t.Errorf("%d rows, want %d", n, writers*batches*rows)
	}
	exec(t, conn, "DROP TABLE bulk")
}
