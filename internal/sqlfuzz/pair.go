package sqlfuzz

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// DB is one server's connection, on which cases run one after another. It is
// made anew when a server drops it.
type DB struct {
	url  string
	conn *pgconn.PgConn
	// prepared is the text of the prepared statement.
	prepared string
}

// OpenDB connects.
func OpenDB(ctx context.Context, url string) (*DB, error) {
	db := &DB{url: url}
	return db, db.connect(ctx)
}

func (db *DB) connect(ctx context.Context) error {
	config, err := pgconn.ParseConfig(db.url)
	if err != nil {
		return err
	}
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["statement_timeout"] = "5000"
	config.RuntimeParams["client_min_messages"] = "error"
	db.conn, err = pgconn.ConnectConfig(ctx, config)
	return err
}

// Close ends the connection.
func (db *DB) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = db.conn.Close(ctx) // done with it
}

// Run runs a statement. A connection that the server dropped is an outcome of
// its own, which equals no other.
func (db *DB) Run(ctx context.Context, sql string) *Outcome {
	if db.conn.IsClosed() {
		if err := db.connect(ctx); err != nil {
			return &Outcome{Code: "XX000", Message: err.Error()}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	out, err := Run(ctx, db.conn, sql)
	if err != nil {
		return failure(err)
	}
	return out
}

// RunPrepared runs a statement as prepared, with parameters and results as
// text. The statement stays prepared for the next run with the same text.
func (db *DB) RunPrepared(ctx context.Context, sql string, values []string) *Outcome {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if db.prepared != sql || db.conn.IsClosed() {
		db.prepared = ""
		db.Run(ctx, "DEALLOCATE ALL")
		if _, err := db.conn.Prepare(ctx, "q", sql, nil); err != nil {
			return failure(err)
		}
		db.prepared = sql
	}
	params := make([][]byte, len(values))
	for i, v := range values {
		params[i] = []byte(v)
	}
	result := db.conn.ExecPrepared(ctx, "q", params, nil, nil).Read()
	if result.Err != nil {
		return failure(result.Err)
	}
	out, _ := outcome([]*pgconn.Result{result}, nil)
	return out
}

// failure is the outcome of an error, the server's or the connection's.
func failure(err error) *Outcome {
	out, lost := outcome(nil, err)
	if lost != nil {
		return &Outcome{Code: "XX000", Message: "connection lost: " + lost.Error()}
	}
	return out
}

// Reset drops what a case made.
func (db *DB) Reset(ctx context.Context) {
	db.Run(ctx, "ROLLBACK")
	db.Run(ctx, "DROP TABLE IF EXISTS r0, r1, r2 CASCADE")
}

// RunCase runs a case on two servers and says where they differ, or "".
func RunCase(ctx context.Context, c *Case, tested, oracle *DB) string {
	tested.Reset(ctx)
	oracle.Reset(ctx)
	for _, sql := range c.Setup {
		s := Statement{Text: sql, Strict: true}
		if diff := runBoth(ctx, s, tested, oracle); diff != "" {
			return diff
		}
	}
	for _, s := range c.Statements {
		if diff := runBoth(ctx, s, tested, oracle); diff != "" {
			return diff
		}
	}
	return ""
}

func runBoth(ctx context.Context, s Statement, tested, oracle *DB) string {
	sql := s.SQL()
	want := oracle.Run(ctx, sql)
	if want.Code == "57014" { // too much work
		return ""
	}
	if diff := Compare(s, tested.Run(ctx, sql), want); diff != "" {
		return fmt.Sprintf("%s\n%s", sql, diff)
	}
	return ""
}
