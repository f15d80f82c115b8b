// Package peers lets a benchmark run the same SQL on several databases.
package peers

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver "duckdb"
	"github.com/jackc/pgx/v5/pgconn"
)

// Peer is one database. It is used from one goroutine.
type Peer interface {
	Name() string
	// Exec runs statements whose rows are dropped.
	Exec(ctx context.Context, sql string) error
	// Query runs one statement and reads its rows as text; NULL is "\N".
	Query(ctx context.Context, sql string) ([][]string, error)
	// Load fills a table from a file in COPY's text format.
	Load(ctx context.Context, table, file string) error
	Close()
}

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

func (w *wire) Query(ctx context.Context, sql string) ([][]string, error) {
	results := w.conn.Exec(ctx, sql)
	var out [][]string
	for results.NextResult() {
		r := results.ResultReader()
		for r.NextRow() {
			values := r.Values()
			row := make([]string, len(values))
			for i, v := range values {
				if row[i] = string(v); v == nil {
					row[i] = `\N`
				}
			}
			out = append(out, row)
		}
	}
	return out, results.Close()
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

func (d *duck) Query(ctx context.Context, text string) ([][]string, error) {
	rows, err := d.conn.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values := make([]any, len(names))
	targets := make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	var out [][]string
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		row := make([]string, len(values))
		for i, v := range values {
			if row[i] = fmt.Sprint(v); v == nil {
				row[i] = `\N`
			}
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

func (d *duck) Load(ctx context.Context, table, file string) error {
	return d.Exec(ctx, fmt.Sprintf(`copy %s from '%s' (format csv, delimiter e'\t', nullstr '\N', header false, quote '', escape '')`, table, file))
}

// Time runs a query and measures it until its last row.
func Time(ctx context.Context, p Peer, sql string) (time.Duration, [][]string, error) {
	start := time.Now()
	rows, err := p.Query(ctx, sql)
	return time.Since(start), rows, err
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
