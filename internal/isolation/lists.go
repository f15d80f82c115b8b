package isolation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Load says how much random work to do.
type Load struct {
	URLs    []string // of the servers
	Clients int
	Each    int // transactions of each client, and of each for a level
	// During runs beside the work, such as a fault. May be nil.
	During func()
	// Lossy allows statements to fail because a connection broke.
	Lossy bool
}

const listKeys = 5

// Lists runs random transactions that append to lists and read them, at each
// level, and looks for anomalies.
func Lists(t *testing.T, load Load) {
	for _, level := range levels {
		t.Run(level, func(t *testing.T) {
			h := load.lists(t, level)
			counts := map[result]int{}
			for _, tx := range h.transactions {
				counts[tx.result]++
			}
			t.Logf("%d transactions committed, %d rolled back, %d unknown", counts[committed], counts[aborted], counts[unknown])
			if counts[committed] < load.Clients*load.Each/4 {
				t.Error("too few of them were committed to tell anything")
			}
			for _, a := range h.anomalies() {
				t.Error(a)
			}
		})
	}
}

func (load Load) lists(t *testing.T, level string) *history {
	setup := load.connect(t, 0)
	mustExec(t, setup, "CREATE TABLE IF NOT EXISTS lists (k int PRIMARY KEY, v text NOT NULL)")
	mustExec(t, setup, "DELETE FROM lists")
	mustExec(t, setup, fmt.Sprintf("INSERT INTO lists SELECT g, '' FROM generate_series(1, %d) g", listKeys))
	h := &history{repeatable: level == "REPEATABLE READ", final: map[int][]int{}}
	begin := time.Now()
	var mu sync.Mutex
	load.run(func(client int) {
		w := &listClient{t: t, conn: load.connect(t, client), level: level, since: begin, client: client, lossy: load.Lossy}
		for range load.Each {
			tx := w.transaction()
			mu.Lock()
			h.transactions = append(h.transactions, tx)
			mu.Unlock()
			if t.Failed() {
				return
			}
			if w.conn.IsClosed() {
				w.conn = load.connect(t, client)
			}
		}
	})
	op, err := (&listClient{t: t, conn: setup, since: begin}).read("SELECT k, v FROM lists")
	if err != nil {
		t.Fatal(err)
	}
	h.final = op.read
	return h
}

// run runs all clients, and what is to happen meanwhile.
func (load Load) run(client func(i int)) {
	var wg sync.WaitGroup
	for i := range load.Clients {
		wg.Go(func() { client(i) })
	}
	if load.During != nil {
		load.During()
	}
	wg.Wait()
}

func (load Load) connect(t *testing.T, i int) *pgx.Conn {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, load.URLs[i%len(load.URLs)])
	if err != nil {
		t.Error(err)
		panic(err) // a client cannot go on; t.Fatal is for the test's own goroutine
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func mustExec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := conn.Exec(ctx, sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// listClient is one session.
type listClient struct {
	t      *testing.T
	conn   *pgx.Conn
	level  string
	since  time.Time
	client int
	count  int
	lossy  bool
}

// transaction runs one, and returns what came of it.
func (w *listClient) transaction() *transaction {
	w.count++
	tx := &transaction{name: fmt.Sprintf("T%d.%d", w.client, w.count), begin: time.Since(w.since)}
	tx.result = w.outcome(w.run(tx))
	tx.end = time.Since(w.since)
	return tx
}

// run commits, or returns an error: one of a statement before the commit says
// that nothing was done.
func (w *listClient) run(tx *transaction) (inCommit bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := w.conn.Exec(ctx, "BEGIN ISOLATION LEVEL "+w.level); err != nil {
		return false, err
	}
	for n := range 1 + rand.IntN(4) {
		op, err := w.operation(ctx, 10*w.count+n)
		tx.ops = append(tx.ops, op)
		if err != nil {
			_, _ = w.conn.Exec(ctx, "ROLLBACK") // the first error counts
			return false, err
		}
	}
	if rand.IntN(8) == 0 {
		_, err := w.conn.Exec(ctx, "ROLLBACK")
		if err == nil {
			err = errRolledBack
		}
		return false, err
	}
	_, err = w.conn.Exec(ctx, "COMMIT")
	return true, err
}

// outcome sorts what a transaction ended with.
func (w *listClient) outcome(inCommit bool, err error) result {
	if err == errRolledBack {
		return aborted
	}
	r, err := sorted(err)
	switch {
	case err != nil && w.lossy && w.conn.IsClosed():
		r = aborted
		if inCommit {
			r = unknown
		}
	case err != nil:
		w.t.Error(err)
	}
	return r
}

var errRolledBack = fmt.Errorf("rolled back on purpose")

// operation appends to a list, or reads one or all.
func (w *listClient) operation(ctx context.Context, number int) (operation, error) {
	key := 1 + rand.IntN(listKeys)
	switch rand.IntN(4) {
	case 0:
		return w.read("SELECT k, v FROM lists")
	case 1:
		return w.read("SELECT k, v FROM lists WHERE k = $1", key)
	}
	e := &element{key, w.client*1_000_000 + number}
	op := operation{begin: time.Since(w.since), append: e}
	_, err := w.conn.Exec(ctx, "UPDATE lists SET v = v || ',' || $2::int WHERE k = $1", key, e.value)
	return op, err
}

func (w *listClient) read(sql string, args ...any) (operation, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	op := operation{begin: time.Since(w.since), read: map[int][]int{}}
	rows, err := w.conn.Query(ctx, sql, args...)
	if err != nil {
		return op, err
	}
	var key int
	var text string
	_, err = pgx.ForEachRow(rows, []any{&key, &text}, func() error {
		list, err := parseList(strings.Clone(text))
		op.read[key] = list
		return err
	})
	return op, err
}
