// Package peers lets a benchmark run the same SQL on several databases.
package peers

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5/pgconn"
)

// Peer is one database. It is used from one goroutine.
type Peer interface {
	Name() string
	// Exec runs statements whose rows are dropped.
	Exec(ctx context.Context, sql string) error
	// Query runs one statement, reads its rows as they come and keeps them.
	Query(ctx context.Context, sql string) (Answer, error)
	// Read runs one statement, reads its rows as they come, takes each apart into
	// its values and drops them, as TSBS does.
	Read(ctx context.Context, sql string) error
	// Load fills a table from a file in COPY's text format.
	Load(ctx context.Context, table, file string) error
	Close()
}

// Answer gives the rows of a query as text; NULL is "\N". It is called at most
// once: what a peer sent stays as it is until somebody wants to see it, so that
// making strings of it is not taken for the peer's time.
type Answer func() [][]string

// wire is a peer that speaks PostgreSQL's protocol.
type wire struct {
	name string
	conn *pgconn.PgConn
}

// Wire connects to a server by a connection string.
func Wire(ctx context.Context, name, dsn string) (Peer, error) {
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	return &wire{name, conn}, nil
}

func (w *wire) Name() string { return w.name }

func (w *wire) Close() { _ = w.conn.Close(context.Background()) }

func (w *wire) Exec(ctx context.Context, sql string) error {
	return w.conn.Exec(ctx, sql).Close()
}

func (w *wire) Query(ctx context.Context, sql string) (Answer, error) {
	results := w.conn.Exec(ctx, sql)
	var a wireAnswer
	for results.NextResult() {
		for r := results.ResultReader(); r.NextRow(); {
			a.add(r.Values())
		}
	}
	return a.rows, results.Close()
}

// Read reads text in the simple protocol (TSBS with --force-text-format).
func (w *wire) Read(ctx context.Context, sql string) error {
	results := w.conn.Exec(ctx, sql)
	for results.NextResult() {
		for r := results.ResultReader(); r.NextRow(); {
			_ = r.Values()
		}
	}
	return results.Close()
}

func (w *wire) Load(ctx context.Context, table, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = w.conn.CopyFrom(ctx, f, "copy "+table+" from stdin")
	return err
}

// duck is DuckDB inside of this process.
type duck struct {
	db   *sql.DB
	conn *sql.Conn
}

// DuckDB opens a database file with a number of threads.
func DuckDB(ctx context.Context, file string, threads int) (Peer, error) {
	db, err := sql.Open("duckdb", fmt.Sprintf("%s?threads=%d", file, threads))
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		db.Close()
		return nil, err
	}
	return &duck{db, conn}, nil
}

func (d *duck) Name() string { return "duckdb" }

func (d *duck) Close() {
	_ = d.conn.Close()
	_ = d.db.Close()
}

func (d *duck) Exec(ctx context.Context, sql string) error {
	_, err := d.conn.ExecContext(ctx, sql)
	return err
}

// Query keeps Arrow batches, the fastest way out of DuckDB.
func (d *duck) Query(ctx context.Context, text string) (Answer, error) {
	var a duckAnswer
	err := d.each(ctx, text, func(b arrow.RecordBatch) {
		b.Retain()
		a = append(a, b)
	})
	return a.rows, err
}

func (d *duck) Read(ctx context.Context, text string) error {
	return d.each(ctx, text, func(arrow.RecordBatch) {})
}

// each calls fn with the batches of a query.
func (d *duck) each(ctx context.Context, text string, fn func(arrow.RecordBatch)) error {
	return d.conn.Raw(func(conn any) error {
		arrow, err := duckdb.NewArrowFromConn(conn.(driver.Conn))
		if err != nil {
			return err
		}
		batches, err := arrow.QueryContext(ctx, text)
		if err != nil {
			return err
		}
		defer batches.Release()
		for batches.Next() {
			fn(batches.RecordBatch())
		}
		return batches.Err()
	})
}

func (d *duck) Load(ctx context.Context, table, file string) error {
	return d.Exec(ctx, fmt.Sprintf(`copy %s from '%s' (format csv, delimiter e'\t', nullstr '\N', header false, quote '', escape '')`, table, file))
}

// Time runs a query and measures it until its last row.
func Time(ctx context.Context, p Peer, sql string) (time.Duration, [][]string, error) {
	start := time.Now()
	answer, err := p.Query(ctx, sql)
	took := time.Since(start)
	if err != nil {
		return took, nil, err
	}
	return took, answer(), nil
}

// TimeRead runs a query and measures it until its last row, which it does not keep.
func TimeRead(ctx context.Context, p Peer, sql string) (time.Duration, error) {
	start := time.Now()
	err := p.Read(ctx, sql)
	return time.Since(start), err
}

// Median returns the middle of ds, the lower one of two.
func Median(ds []time.Duration) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	ds = slices.Clone(ds)
	slices.Sort(ds)
	return ds[(len(ds)-1)/2]
}
