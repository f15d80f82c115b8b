// Command pgx does with a server what programs do by github.com/jackc/pgx: start
// with `go run ./internal/clientstmts/pgx URL`. It prints "ok: NAME" for each part, and ends with 1
// at the first that fails.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"os"
	"reflect"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgtype"
)

// client is one run: every part has connections of its own, which behind several
// nodes go to one of them by chance.
type client struct {
	url   string
	conns []*pgx.Conn
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pgx URL")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for _, part := range []struct {
		name string
		run  func(ctx context.Context, c *client) error
	}{
		{"types in both formats", types},
		{"CopyFrom and CopyTo", copies},
		{"batches", batches},
		{"transactions and savepoints", transactions},
		{"errors", failures},
		{"prepared statements and DDL", prepared},
		{"cancel by context", cancels},
		{"many connections", many},
	} {
		c := &client{url: os.Args[1]}
		err := part.run(ctx, c)
		for _, conn := range c.conns {
			_ = conn.Close(ctx) // it may be closed
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", part.name, err)
			os.Exit(1)
		}
		fmt.Println("ok:", part.name)
	}
}

func (c *client) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, c.url)
	if err == nil {
		c.conns = append(c.conns, conn)
	}
	return conn, err
}

// run executes statements one after another.
func run(ctx context.Context, conn *pgx.Conn, statements ...string) error {
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// expect compares the only value of a query.
func expect[T any](ctx context.Context, conn *pgx.Conn, want T, sql string, args ...any) error {
	var got T
	if err := conn.QueryRow(ctx, sql, args...).Scan(&got); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s: %v, want %v", sql, got, want)
	}
	return nil
}

func types(ctx context.Context, c *client) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	if err := run(ctx, conn, `CREATE TABLE pgx_types (id int PRIMARY KEY, n numeric, d float8, t timestamptz, b bytea, u uuid, a int[], x text, f bool, day date,
		i interval, j jsonb, s smallint, l bigint)`); err != nil {
		return err
	}
	type row struct {
		N   pgtype.Numeric
		D   float64
		T   time.Time
		B   []byte
		U   [16]byte
		A   []*int32
		X   *string
		F   bool
		Day time.Time
		I   pgtype.Interval
		J   map[string]any
		S   int16
		L   int64
	}
	one, three, text := int32(1), int32(3), "ä\\'\"\n"
	want := row{
		pgtype.Numeric{Int: big.NewInt(123456789012345), Exp: -4, Valid: true},
		0.1, time.Date(2024, 2, 29, 12, 34, 56, 789000, time.UTC),
		[]byte{0, 1, 0xff},
		[16]byte{1, 2, 3, 15: 9},
		[]*int32{&one, nil, &three},
		&text, true, time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC),
		pgtype.Interval{Months: 14, Days: -3, Microseconds: 4_000_005, Valid: true},
		map[string]any{"a": []any{1.5, nil, "x"}},
		-32768, 1 << 62,
	}
	for i, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		if _, err := conn.Exec(ctx, "INSERT INTO pgx_types VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)", mode,
			int32(i), want.N, want.D, want.T, want.B, pgtype.UUID{Bytes: want.U, Valid: true}, want.A, want.X, want.F, pgtype.Date{Time: want.Day, Valid: true},
			want.I, `{"a": [1.5, null, "x"]}`, want.S, want.L); err != nil {
			return fmt.Errorf("%s: %w", mode, err)
		}
		var got row
		err := conn.QueryRow(ctx, "SELECT n, d, t, b, u, a, x, f, day, i, j, s, l FROM pgx_types WHERE id = $1", mode, int32(i)).
			Scan(&got.N, &got.D, &got.T, &got.B, &got.U, &got.A, &got.X, &got.F, &got.Day, &got.I, &got.J, &got.S, &got.L)
		if err != nil {
			return fmt.Errorf("%s: %w", mode, err)
		}
		got.T = got.T.UTC()
		if !reflect.DeepEqual(got, want) {
			return fmt.Errorf("%s: %+v, want %+v", mode, got, want)
		}
	}
	return run(ctx, conn, "DROP TABLE pgx_types")
}

func copies(ctx context.Context, c *client) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	if err := run(ctx, conn, "CREATE TABLE pgx_copy (id int PRIMARY KEY, v text, at timestamptz)"); err != nil {
		return err
	}
	const rows = 5000
	n, err := conn.CopyFrom(ctx, pgx.Identifier{"pgx_copy"}, []string{"id", "v", "at"}, pgx.CopyFromSlice(rows, func(i int) ([]any, error) {
		return []any{i, fmt.Sprint("v", i), time.Unix(int64(i), 0)}, nil
	}))
	if err != nil || n != rows {
		return fmt.Errorf("CopyFrom: %d rows, %w", n, err)
	}
	other, err := c.connect(ctx) // perhaps another node
	if err != nil {
		return err
	}
	if err := expect(ctx, other, int64(rows*(rows-1)/2), "SELECT sum(id) FROM pgx_copy WHERE v = 'v' || id AND at = to_timestamp(id)"); err != nil {
		return err
	}
	var out bytes.Buffer
	if _, err := other.PgConn().CopyTo(ctx, &out, "COPY (SELECT id, v FROM pgx_copy WHERE id < 3 ORDER BY id) TO STDOUT"); err != nil {
		return err
	}
	if out.String() != "0\tv0\n1\tv1\n2\tv2\n" {
		return fmt.Errorf("CopyTo: %q", out.String())
	}
	return run(ctx, conn, "DROP TABLE pgx_copy")
}

func batches(ctx context.Context, c *client) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	if err := run(ctx, conn, "CREATE TABLE pgx_batch (id int PRIMARY KEY, v int)"); err != nil {
		return err
	}
	b := &pgx.Batch{}
	for i := range 50 {
		b.Queue("INSERT INTO pgx_batch VALUES ($1, $2)", i, i)
	}
	sum := int64(0)
	b.Queue("SELECT sum(v) FROM pgx_batch").QueryRow(func(row pgx.Row) error { return row.Scan(&sum) })
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if sum != 49*50/2 {
		return fmt.Errorf("a batch reads %d of what it wrote", sum)
	}
	bad := &pgx.Batch{}
	bad.Queue("UPDATE pgx_batch SET v = 0")
	bad.Queue("INSERT INTO pgx_batch VALUES (1, 1)")
	if err := conn.SendBatch(ctx, bad).Close(); code(err) != "23505" {
		return fmt.Errorf("a batch with a duplicate: %w", err)
	}
	if err := expect(ctx, conn, int64(49*50/2), "SELECT sum(v) FROM pgx_batch"); err != nil {
		return fmt.Errorf("a failed batch did something: %w", err)
	}
	return run(ctx, conn, "DROP TABLE pgx_batch")
}

func transactions(ctx context.Context, c *client) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	other, err := c.connect(ctx)
	if err != nil {
		return err
	}
	if err := run(ctx, conn, "CREATE TABLE pgx_txn (id int PRIMARY KEY, v int)", "INSERT INTO pgx_txn VALUES (1, 0), (2, 0)"); err != nil {
		return err
	}
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "UPDATE pgx_txn SET v = 1 WHERE id = 1"); err != nil {
			return err
		}
		err := pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error { // a savepoint
			if _, err := inner.Exec(ctx, "UPDATE pgx_txn SET v = 100"); err != nil {
				return err
			}
			return errors.New("given up")
		})
		if err == nil || err.Error() != "given up" {
			return err
		}
		return expect(ctx, other, int64(0), "SELECT sum(v) FROM pgx_txn")
	})
	if err != nil {
		return err
	}
	if err := expect(ctx, other, int64(1), "SELECT sum(v) FROM pgx_txn"); err != nil {
		return err
	}
	return run(ctx, conn, "DROP TABLE pgx_txn")
}

// code is the SQLSTATE of an error of the server.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func failures(ctx context.Context, c *client) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	for sql, want := range map[string]string{
		"SELECT * FROM missing_table": "42P01", "SELECT 1/0": "22012", "SELEC 1": "42601", "SELECT $1::int + $2::int": "22P02",
	} {
		args := []any{}
		if want == "22P02" {
			args = []any{pgx.QueryExecModeExec, "x", "1"}
		}
		if _, err := conn.Exec(ctx, sql, args...); code(err) != want {
			return fmt.Errorf("%s: %w, want %s", sql, err, want)
		}
	}
	return expect(ctx, conn, int32(1), "SELECT 1")
}

// prepared has statements of one connection go on while another changes their table.
func prepared(ctx context.Context, c *client) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	other, err := c.connect(ctx)
	if err != nil {
		return err
	}
	if err := run(ctx, conn, "CREATE TABLE pgx_prepared (id int PRIMARY KEY, v int)", "INSERT INTO pgx_prepared SELECT g, g FROM generate_series(1, 10) g"); err != nil {
		return err
	}
	if _, err := conn.Prepare(ctx, "get", "SELECT v FROM pgx_prepared WHERE id = $1"); err != nil {
		return err
	}
	for _, ddl := range []string{"CREATE INDEX ON pgx_prepared (v)", "ALTER TABLE pgx_prepared ADD w text DEFAULT 'w'", "ALTER TABLE pgx_prepared DROP w"} {
		if err := run(ctx, other, ddl); err != nil {
			return err
		}
		if err := expect(ctx, conn, int32(7), "get", 7); err != nil {
			return fmt.Errorf("after %s: %w", ddl, err)
		}
	}
	if err := run(ctx, other, "ALTER TABLE pgx_prepared ALTER v TYPE bigint"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "get", 7); code(err) != "0A000" {
		return fmt.Errorf("a prepared statement whose result changed its type: %w", err)
	}
	return run(ctx, conn, "DROP TABLE pgx_prepared")
}

// cancels ends a statement by its context: the request for that may reach another node.
func cancels(ctx context.Context, c *client) error {
	conn, err := pgx.ParseConfig(c.url)
	if err != nil {
		return err
	}
	// A request to cancel instead of a closed connection.
	conn.BuildContextWatcherHandler = func(pg *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: pg, DeadlineDelay: time.Minute}
	}
	for range 4 {
		x, err := pgx.ConnectConfig(ctx, conn)
		if err != nil {
			return err
		}
		c.conns = append(c.conns, x)
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		begun := time.Now()
		_, err = x.Exec(short, "SELECT pg_sleep(60)")
		cancel()
		if code(err) != "57014" || time.Since(begun) > 30*time.Second {
			return fmt.Errorf("a cancelled statement ended after %s: %w", time.Since(begun), err)
		}
		if err := expect(ctx, x, int32(1), "SELECT 1"); err != nil {
			return err
		}
	}
	return nil
}

// many has ten connections change the same rows.
func many(ctx context.Context, c *client) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	if err := run(ctx, conn, "CREATE TABLE pgx_many (id int PRIMARY KEY, v int)", "INSERT INTO pgx_many SELECT g, 0 FROM generate_series(1, 3) g"); err != nil {
		return err
	}
	const clients, each = 10, 5
	var wg sync.WaitGroup
	failed := make(chan error, clients)
	for i := range clients {
		x, err := c.connect(ctx)
		if err != nil {
			return err
		}
		wg.Go(func() {
			for n := range each {
				if _, err := x.Exec(ctx, "UPDATE pgx_many SET v = v + 1 WHERE id = $1", 1+(i+n)%3); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	if err := expect(ctx, conn, int64(clients*each), "SELECT sum(v) FROM pgx_many"); err != nil {
		return err
	}
	return run(ctx, conn, "DROP TABLE pgx_many")
}
