package clustertests

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/session"
)

// packOften makes nodes pack points all the time.
var packOften = session.SeriesSettings{FlushPoints: 50, FlushInterval: 200 * time.Millisecond}

// batchPoints are in each batch of ingest, all of one transaction.
const batchPoints = 20

// ingest writes batches of points until it is told to stop, each by one INSERT,
// and notes which were acknowledged. A batch is a series of its own.
func ingest(t *testing.T, conn *pgx.Conn, l *ledger, writer int, stop *atomic.Bool) {
	for n := 0; !stop.Load() && !conn.IsClosed(); n++ {
		batch := writer*1_000_000 + n
		id := fmt.Sprint(batch)
		err := bounded(t, "batch "+id, func(ctx context.Context) error {
			_, err := conn.Exec(ctx, `INSERT INTO points
				SELECT '2026-01-01'::timestamptz + g * interval '1 s', $1, g FROM generate_series(1, $2) g`, batch, batchPoints)
			return err
		})
		if err == nil {
			l.ack(id)
		} else {
			l.failed(id, err)
		}
	}
}

// verifyPoints compares the points with the ledger: each batch is there as a
// whole or not at all, once, and every acknowledged one is.
func verifyPoints(t *testing.T, conn *pgx.Conn, l *ledger) {
	t.Helper()
	if l.other != nil {
		t.Errorf("clients got errors they should not: %v", l.other)
	}
	wrong := queryTexts(t, conn, `SELECT batch || ': ' || count(*) || ' points, ' || count(DISTINCT ts) || ' times' FROM points
		GROUP BY batch HAVING count(*) <> $1 OR count(DISTINCT ts) <> $1 OR sum(v) <> $2`, batchPoints, batchPoints*(batchPoints+1)/2)
	if len(wrong) > 0 {
		t.Errorf("%d batches are there in part, or twice: %.5v", len(wrong), wrong)
	}
	stored := map[string]bool{}
	for _, id := range queryTexts(t, conn, "SELECT DISTINCT batch::text FROM points") {
		stored[id] = true
		if !l.acked[id] && !l.unknown[id] {
			t.Errorf("batch %s is there, though its client was told that it failed", id)
		}
	}
	for id := range l.acked {
		if !stored[id] {
			t.Errorf("batch %s was acknowledged and is lost", id)
		}
	}
}

// TestPointFaults ingests points through two nodes, which pack them all the
// time, while each store dies in turn and a node is killed.
func TestPointFaults(t *testing.T) {
	c := testcluster.Shared(t)
	nodes := startNodes(t, 1)
	conn := connect(t, nodes[0])
	exec(t, conn, "CREATE TABLE points (ts timestamptz, batch int, v int, PRIMARY KEY (batch, ts)) USING timeseries WITH (time = 'ts')")
	l := newLedger()
	l.lossy = true
	var wg sync.WaitGroup
	var stop atomic.Bool
	writer := 0
	run := func(url string, clients int) {
		for range clients {
			writer++
			client, number := connectTo(t, url), writer
			wg.Go(func() { ingest(t, client, l, number, &stop) })
		}
	}
	run(nodes[0].URL, 2)
	doomed := startNodeProcess(t, 0)
	run(doomed.url, 2)
	defer wg.Wait()
	defer stop.Store(true)
	await(t, l, 20, serviceBack)
	for i := range c.Stores() {
		c.Kill(i)
		time.Sleep(3 * time.Second)
		check(t, c.Restart(i))
		check(t, c.WaitReplicated(ctx))
		await(t, l, 20, serviceBack)
	}
	packed := queryInt(t, conn, "SELECT count(*) FROM tidemark.blocks WHERE kind = 'block'")
	doomed.kill()
	await(t, l, 20, lockLife)
	stop.Store(true)
	wg.Wait()
	verifyPoints(t, conn, l)
	exec(t, conn, "CALL tidemark.flush('points')")
	exec(t, conn, "CALL tidemark.compact('points')")
	verifyPoints(t, conn, l)
	if packed == 0 {
		t.Error("nothing was packed while nodes and stores died: the test proves nothing of that")
	}
	t.Logf("%d batches, longest pause %s, %d unknown outcomes, %d blocks packed", len(l.acked), l.gap.Round(10*time.Millisecond), len(l.unknown), packed)
}
