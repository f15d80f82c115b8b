package clustertests

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/session"
)

// packOften makes nodes pack points all the time.
var packOften = session.SeriesSettings{FlushPoints: 50, FlushInterval: 200 * time.Millisecond}

// packNever makes them leave all to others, or to CALL tidemark.flush.
var packNever = session.SeriesSettings{FlushPoints: 1 << 30, FlushInterval: time.Hour}

// batchPoints are in each batch of ingest, all of one transaction.
const batchPoints = 20

// pointLoad is clients that ingest points.
type pointLoad struct {
	*load
	writers int
}

// startPoints makes the table of points, which nobody writes yet.
func startPoints(t *testing.T, conn *pgx.Conn) *pointLoad {
	t.Helper()
	exec(t, conn, "CREATE TABLE points (ts timestamptz, batch int, v int, PRIMARY KEY (batch, ts)) USING timeseries WITH (time = 'ts')")
	return &pointLoad{load: newLoad()}
}

// ingest has one more client write batches of points to a node, each by one INSERT,
// and note which were acknowledged. A batch is a series of its own.
func (l *pointLoad) ingest(t *testing.T, url string) {
	t.Helper()
	l.writers++
	conn, first := connectTo(t, url), l.writers*1_000_000
	l.client(func(n int) bool {
		id := fmt.Sprint(first + n)
		err := bounded(t, "batch "+id, func(ctx context.Context) error {
			_, err := conn.Exec(ctx, `INSERT INTO points
				SELECT '2026-01-01'::timestamptz + g * interval '1 s', $1, g FROM generate_series(1, $2) g`, first+n, batchPoints)
			return err
		})
		if err == nil {
			l.ack(id)
		} else {
			l.failed(id, err)
		}
		return !conn.IsClosed()
	})
}

// verify ends the clients and compares the points with the ledger, before and
// after the rest is packed and joined.
func (l *pointLoad) verify(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	l.end()
	verifyPoints(t, conn, l.ledger)
	exec(t, conn, "CALL tidemark.flush('points')")
	exec(t, conn, "CALL tidemark.compact('points')")
	verifyPoints(t, conn, l.ledger)
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
	l := startPoints(t, conn)
	defer l.end()
	l.lossy = true
	doomed := startNodeProcess(t, 0)
	for _, url := range []string{nodes[0].URL, nodes[0].URL, doomed.url, doomed.url} {
		l.ingest(t, url)
	}
	await(t, l.ledger, 20, serviceBack)
	for i := range c.Stores() {
		c.Kill(i)
		time.Sleep(3 * time.Second)
		check(t, c.Restart(i))
		check(t, c.WaitReplicated(ctx))
		await(t, l.ledger, 20, serviceBack)
	}
	packed := queryInt(t, conn, "SELECT count(*) FROM tidemark.blocks WHERE kind = 'block'")
	doomed.kill()
	await(t, l.ledger, 20, lockLife)
	l.verify(t, conn)
	if packed == 0 {
		t.Error("nothing was packed while nodes and stores died: the test proves nothing of that")
	}
	t.Logf("%d batches, longest pause %s, %d unknown outcomes, %d blocks packed", len(l.acked), l.gap.Round(10*time.Millisecond), len(l.unknown), packed)
}
