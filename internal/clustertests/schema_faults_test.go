package clustertests

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rowClient writes rows of its own to table t and keeps what has to be in them.
type rowClient struct {
	id      int
	want    map[int]int  // value of a by the row's id
	unknown map[int]bool // rows whose last write nobody knows of
	next    int
	writes  int
}

// write changes one row. It returns an error that clients should not get.
func (c *rowClient) write(ctx context.Context, conn *pgx.Conn) error {
	value := rand.IntN(1000)
	id, was := c.pick()
	sql, args := "UPDATE t SET a = $2::int, b = $2::int::text WHERE id = $1", []any{id, value}
	switch {
	case !was:
		sql = "INSERT INTO t (id, a, b) VALUES ($1, $2::int, $2::int::text)"
	case rand.IntN(4) == 0:
		sql, args, value = "DELETE FROM t WHERE id = $1", args[:1], -1
	}
	tag, err := conn.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() != 1 {
		return fmt.Errorf("%s, row %d: %s", sql, id, tag)
	}
	return c.note(conn, id, value, err)
}

func (c *rowClient) note(conn *pgx.Conn, id, value int, err error) error {
	var e *pgconn.PgError
	switch {
	case err == nil:
		c.writes++
		if c.want[id] = value; value < 0 {
			delete(c.want, id)
		}
		return nil
	case errors.As(err, &e) && slices.Contains([]string{"40001", "40P01", "55P03", "08006", "72000"}, e.Code):
		return nil // nothing was done
	case errors.As(err, &e) && e.Code == "40003", e == nil && conn.IsClosed():
		c.unknown[id] = true
		delete(c.want, id)
		return nil
	}
	return err
}

// pick returns a row that is there, or the id of a new one.
func (c *rowClient) pick() (id int, there bool) {
	if len(c.want) > 0 && rand.IntN(3) > 0 {
		for id := range c.want { // in no order
			return id, true
		}
	}
	c.next++
	return c.id*1_000_000 + c.next, false
}

// changes are what a client does to the table. {n} is a small number.
var changes = []string{
	"CREATE INDEX i%d ON t (a)", "CREATE INDEX i%d ON t (b, a)", "CREATE UNIQUE INDEX i%d ON t (a, id)", "DROP INDEX i%d",
	"ALTER TABLE t ADD COLUMN c%d int DEFAULT 7", "ALTER TABLE t DROP COLUMN c%d", "CREATE INDEX i%d ON t (a) WHERE a %% 2 = 0",
	"ALTER TABLE t ADD CONSTRAINT k%d CHECK (a >= 0)", "ALTER TABLE t DROP CONSTRAINT k%d",
	"CREATE INDEX CONCURRENTLY i%d ON t (a)", "CREATE UNIQUE INDEX CONCURRENTLY i%d ON t (a, id)", "DROP INDEX CONCURRENTLY i%d",
	"ALTER TABLE t ALTER a SET NOT NULL /* %d */", "ALTER TABLE t ALTER a DROP NOT NULL /* %d */",
}

// change changes the schema. It returns an error that clients should not get.
func change(ctx context.Context, conn *pgx.Conn) (bool, error) {
	sql := fmt.Sprintf(changes[rand.IntN(len(changes))], rand.IntN(3))
	_, err := conn.Exec(ctx, sql)
	var e *pgconn.PgError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &e) && slices.Contains([]string{
		"42P07", "42704", "42703", "42701", "42710", // it is there already, or is not
		"40001", "40P01", "55P03", "08006", "40003", "72000",
	}, e.Code), e == nil && conn.IsClosed():
		return false, nil
	}
	return false, fmt.Errorf("%s: %w", sql, err)
}

// TestSchemaFaults changes rows and the schema from three nodes at random, kills
// one of them, and adds another. Afterwards each row is as its client was told,
// and every index has exactly the table's rows.
func TestSchemaFaults(t *testing.T) {
	nodes := startNodes(t, 2)
	conn := connect(t, nodes[0])
	exec(t, conn, "CREATE TABLE t (id int PRIMARY KEY, a int, b text)")
	exec(t, conn, "INSERT INTO t SELECT g, g % 1000, (g % 1000)::text FROM generate_series(1, 5000) g")
	var wg sync.WaitGroup
	var stop atomic.Bool
	var changed atomic.Int64
	var clients []*rowClient
	loop := func(conn *pgx.Conn, step func(ctx context.Context) error) {
		wg.Go(func() {
			for !stop.Load() && !conn.IsClosed() {
				time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
				if err := bounded(t, "a change", step); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	work := func(url string) {
		for range 2 {
			c := &rowClient{id: 1 + len(clients), want: map[int]int{}, unknown: map[int]bool{}}
			clients = append(clients, c)
			client := connectTo(t, url)
			loop(client, func(ctx context.Context) error { return c.write(ctx, client) })
		}
		client := connectTo(t, url)
		loop(client, func(ctx context.Context) error {
			ok, err := change(ctx, client)
			if ok {
				changed.Add(1)
			}
			return err
		})
	}
	doomed := startNodeProcess(t, 0)
	for _, url := range []string{nodes[0].URL, nodes[1].URL, doomed.url} {
		work(url)
	}
	time.Sleep(5 * time.Second)
	doomed.kill()
	before := changed.Load()
	work(startNodeProcess(t, 0).url)
	for deadline := time.Now().Add(2 * lockLife); changed.Load() < before+10 && time.Now().Before(deadline) && !t.Failed(); {
		time.Sleep(50 * time.Millisecond)
	}
	if n := changed.Load() - before; n < 3 { // a busy machine does few
		t.Errorf("%d changes of the schema in %s after a node died", n, 2*lockLife)
	}
	stop.Store(true)
	wg.Wait()
	verifyRows(t, conn, clients)
	verifyIndexes(t, conn)
	t.Logf("%d changes of the schema, %d after a node died", changed.Load(), changed.Load()-before)
}

// verifyRows checks the rows of all clients.
func verifyRows(t *testing.T, conn *pgx.Conn, clients []*rowClient) {
	t.Helper()
	for _, c := range clients {
		stored := map[int]int{}
		err := bounded(t, "read of a client's rows", func(ctx context.Context) error {
			rows, err := conn.Query(ctx, "SELECT id, a FROM t WHERE id > $1 AND id < $2 AND b = a::text", c.id*1_000_000, (c.id+1)*1_000_000)
			if err != nil {
				return err
			}
			var id, a int
			_, err = pgx.ForEachRow(rows, []any{&id, &a}, func() error {
				stored[id] = a
				return nil
			})
			return err
		})
		check(t, err)
		for id := range c.unknown {
			delete(stored, id)
		}
		for id, a := range c.want {
			if got, ok := stored[id]; !ok || got != a {
				t.Errorf("row %d has %d (%v), its client wrote %d", id, got, ok, a)
			}
			delete(stored, id)
		}
		if len(stored) > 0 {
			t.Errorf("client %d: %d rows that it did not write or deleted", c.id, len(stored))
		}
		t.Logf("client %d: %d writes, %d rows, %d unknown", c.id, c.writes, len(c.want), len(c.unknown))
	}
}

// verifyIndexes reads the table by itself, and by each index that is left while
// the others are away. What a node that died was filling concurrently stays
// invalid, as in PostgreSQL: nobody reads it.
func verifyIndexes(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	const of = "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 't'::regclass AND c.relname LIKE 'i%' AND "
	indexes := queryTexts(t, conn, of+"i.indisvalid")
	t.Logf("%d indexes were left invalid", len(queryTexts(t, conn, of+"NOT i.indisvalid")))
	for _, name := range indexes {
		def := queryTexts(t, conn, "SELECT indexdef FROM pg_indexes WHERE indexname = $1", name)[0]
		where := "a >= 0"
		switch {
		case strings.Contains(def, "WHERE"):
			where = "a % 2 = 0 AND a >= 0"
		case strings.Contains(def, "(b"):
			where = "b >= ''"
		}
		exec(t, conn, "BEGIN")
		for _, other := range indexes {
			if other != name {
				exec(t, conn, "DROP INDEX "+other)
			}
		}
		for _, columns := range []string{"a, id", "id, a, b"} { // of entries alone, and of rows
			query := "SELECT string_agg((s.*)::text, ' ' ORDER BY id) FROM (SELECT " + columns + " FROM t WHERE " + where + ") s"
			exec(t, conn, "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off")
			want := queryTexts(t, conn, query)[0]
			exec(t, conn, "SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = on; SET LOCAL enable_seqscan = off")
			if plan := strings.Join(queryTexts(t, conn, "EXPLAIN "+query), "\n"); !strings.Contains(plan, name) {
				t.Errorf("%s does not read index %s:\n%s", query, name, plan)
			}
			if queryTexts(t, conn, query)[0] != want {
				t.Errorf("index %s (%s) does not have the table's rows (%s)", name, def, columns)
			}
		}
		exec(t, conn, "ROLLBACK")
	}
	t.Logf("%d indexes compared with the table", len(indexes))
}
