package clustertests

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/internal/testserver"
)

// dayCount is how many days the points of TestPackingShared are spread over, each a
// partition of its table.
const dayCount = 12

// TestPackingShared has three nodes ingest into the same partitions, which all of
// them pack as soon as there is something: none may do what another one is doing.
// Then a node dies that has packed nothing of what was written through it, and nobody
// writes there any more: the others pack that, each a part, and no partition twice.
func TestPackingShared(t *testing.T) {
	nodes := startNodes(t, 3)
	conn := connect(t, nodes[0])
	exec(t, conn, "CREATE TABLE points (ts timestamptz, node int, v int, PRIMARY KEY (node, ts)) USING timeseries WITH (time = 'ts', partition_interval = '1 day')")
	exec(t, conn, "CREATE TABLE left_over (LIKE points INCLUDING ALL) USING timeseries WITH (time = 'ts', partition_interval = '1 day')")
	var wg sync.WaitGroup
	const batches = 25
	for i, node := range nodes {
		client := connect(t, node)
		wg.Go(func() {
			for n := range batches {
				check(t, bounded(t, "a batch", func(ctx context.Context) error {
					_, err := client.Exec(ctx, fmt.Sprintf(insertPoints, "points"), i, n*dayCount*10, dayCount)
					return err
				}))
			}
		})
	}
	wg.Wait()
	awaitPacked(t, nodes[0], "points", serviceBack)
	if n := queryInt(t, conn, "SELECT count(DISTINCT (node, ts)) FROM points"); n != 3*batches*dayCount*10 {
		t.Errorf("%d points, want %d", n, 3*batches*dayCount*10)
	}
	for i, node := range nodes {
		if n := figureOf(t, node, "tidemark_series_packs_in_vain_total"); n > 0 {
			t.Errorf("node %d packed %v times what another one packed", i, n)
		}
	}

	doomed := startIdleProcess(t)
	exec(t, connectTo(t, doomed.url), fmt.Sprintf(insertPoints, "left_over"), 0, 0, dayCount)
	var before []float64
	for _, node := range nodes {
		before = append(before, figureOf(t, node, "tidemark_series_packs_total"))
	}
	if n := queryInt(t, conn, deltasOf, "left_over"); n == 0 {
		t.Error("the node that is to die has packed what it wrote: the test proves nothing")
	}
	doomed.kill()
	awaitPacked(t, nodes[0], "left_over", 2*lockLife)
	busy := 0
	for i, node := range nodes {
		n := figureOf(t, node, "tidemark_series_packs_total") - before[i]
		t.Logf("node %d packed %v partitions of the dead one", i, n)
		if n > 0 {
			busy++
		}
	}
	if busy < 2 {
		t.Errorf("%d of three nodes packed what a dead one had left", busy)
	}
	if n := queryInt(t, conn, "SELECT count(DISTINCT run) FROM tidemark.blocks WHERE table_name = 'left_over' AND kind = 'block'"); n != dayCount {
		t.Errorf("%d runs of %d partitions", n, dayCount)
	}
}

// insertPoints writes ten points of a node to each slice.
const insertPoints = `INSERT INTO %s SELECT '2026-01-01'::timestamptz + g %% $3 * interval '1 day' + ($2 + g) * interval '1 s', $1, g
	FROM generate_series(0, 10 * $3 - 1) g`

const deltasOf = "SELECT count(*) FROM tidemark.blocks WHERE table_name = $1 AND kind <> 'block'"

// awaitPacked waits until nothing of a table lies in deltas.
func awaitPacked(t *testing.T, node *testserver.Server, table string, limit time.Duration) {
	t.Helper()
	conn := connect(t, node)
	begun := time.Now()
	for queryInt(t, conn, deltasOf, table) > 0 {
		if time.Since(begun) > limit {
			t.Fatalf("%s is not packed after %s", table, limit)
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("%s was packed after %s", table, time.Since(begun).Round(100*time.Millisecond))
}

// figureOf is a figure of a node's metrics.
func figureOf(t *testing.T, node *testserver.Server, name string) float64 {
	t.Helper()
	for _, f := range node.Figures() {
		if f.Name == name {
			return f.Value
		}
	}
	t.Fatalf("there is no figure %s", name)
	return 0
}
