package pgwire_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestJoinedPoints inserts single points over many connections, which are
// written together, while the table is changed and packed. Each insert has its
// own outcome, its row is there for the next statement, and no other rows are.
func TestJoinedPoints(t *testing.T) {
	for name, options := range map[string]string{"all kept": "", "unique": ", PRIMARY KEY (host, ts)", "no tags": ""} {
		t.Run(name, func(t *testing.T) {
			tags := ", tags = 'host'"
			if name == "no tags" {
				tags = ""
			}
			ts := startServer(t)
			setup := ts.connect(t)
			exec(t, setup, fmt.Sprintf("CREATE TABLE p (ts timestamptz NOT NULL, host int, v int CHECK (v >= 0), note text DEFAULT 'n'%s) USING timeseries WITH (time = 'ts'%s)", options, tags))
			var wg sync.WaitGroup
			var rows, refused, done atomic.Int64
			const sessions, each = 16, 80
			for s := range sessions {
				conn := ts.connect(t)
				wg.Go(func() {
					defer done.Add(1)
					rng := rand.New(rand.NewPCG(uint64(s), 1))
					for i := range each {
						v := rng.IntN(10) - 1
						want := ""
						if v < 0 {
							want = "23514"
						}
						at := time.Date(2026, 1, 1+rng.IntN(3), 0, s, i, 0, time.UTC)
						if got := insertPoint(conn, at, s, v, rng.IntN(2) == 0); got != want {
							t.Errorf("session %d, v = %d: %q", s, v, got)
							return
						}
						if want != "" {
							refused.Add(1)
							continue
						}
						rows.Add(1)
						var n int
						if err := conn.QueryRow(context.Background(), "SELECT count(*) FROM p WHERE ts = $1 AND host = $2", at, s).Scan(&n); err != nil || n != 1 {
							t.Errorf("%d rows at a point that was written, %v", n, err)
							return
						}
					}
				})
			}
			for i := 0; done.Load() < sessions; i++ {
				exec(t, setup, fmt.Sprintf("ALTER TABLE p ADD COLUMN c%d int", i))
				exec(t, setup, "CALL tidemark.flush('p')")
				exec(t, setup, fmt.Sprintf("ALTER TABLE p DROP COLUMN c%d", i))
				time.Sleep(5 * time.Millisecond)
			}
			wg.Wait()
			var n int64
			err := setup.QueryRow(context.Background(), "SELECT count(*) FROM p WHERE note = 'n'").Scan(&n)
			if err != nil || n != rows.Load() || refused.Load() == 0 {
				t.Errorf("%d rows, %d were written, %d refused, %v", n, rows.Load(), refused.Load(), err)
			}
		})
	}
}

func insertPoint(conn *pgx.Conn, at time.Time, host, v int, simple bool) string {
	if simple {
		return code(conn, fmt.Sprintf("INSERT INTO p (ts, host, v) VALUES ('%s', %d, %d)", at.Format(time.RFC3339), host, v))
	}
	_, err := conn.Exec(context.Background(), "INSERT INTO p (ts, host, v) VALUES ($1, $2, $3)", at, host, v)
	return codeOf(err)
}

// TestPointsOfARound: the statements before a Sync are one transaction, also if
// each could be written with those of others.
func TestPointsOfARound(t *testing.T) {
	ts := startServer(t)
	conn := ts.connect(t)
	exec(t, conn, "CREATE TABLE p (ts timestamptz NOT NULL, host int, v int CHECK (v >= 0)) USING timeseries WITH (time = 'ts', tags = 'host')")
	var batch pgx.Batch
	for _, v := range []int{1, 2, -1} {
		batch.Queue("INSERT INTO p VALUES ('2026-01-01', 1, $1)", v)
	}
	if got := codeOf(conn.SendBatch(context.Background(), &batch).Close()); got != "23514" {
		t.Errorf("the batch: %q", got)
	}
	batch = pgx.Batch{}
	batch.Queue("INSERT INTO p VALUES ('2026-01-01', 1, $1)", 3)
	batch.Queue("INSERT INTO p VALUES ('2026-01-01', 1, $1)", 4)
	if err := conn.SendBatch(context.Background(), &batch).Close(); err != nil {
		t.Error(err)
	}
	exec(t, conn, "BEGIN")
	if _, err := conn.Exec(context.Background(), "INSERT INTO p VALUES ('2026-01-01', 1, $1)", 5); err != nil {
		t.Error(err)
	}
	exec(t, conn, "ROLLBACK")
	var n, sum int
	if err := conn.QueryRow(context.Background(), "SELECT count(*), sum(v) FROM p").Scan(&n, &sum); err != nil || n != 2 || sum != 7 {
		t.Errorf("%d rows, sum %d, %v", n, sum, err)
	}
}
