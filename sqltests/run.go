package sqltests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Failure is a record that did not answer as it must.
type Failure struct {
	File string `json:"file"`
	Line int    `json:"line"`
	SQL  string `json:"sql"`
	Code string `json:"code,omitempty"`
	Why  string `json:"why"`
	Want string `json:"want,omitempty"`
}

// FileResult is the outcome of a file.
type FileResult struct {
	File     string    `json:"file"`
	Passed   int       `json:"passed"`
	Failed   int       `json:"failed"`
	Excluded int       `json:"excluded"`
	Internal int       `json:"internal"` // answers with XX000
	Seconds  float64   `json:"seconds"`
	Failures []Failure `json:"failures,omitempty"`
}

// runner runs one file.
type runner struct {
	url     string
	dialect Dialect
	dataDir string
	exclude map[int]bool
	fill    bool

	file   *File
	conns  map[string]*pgconn.PgConn
	labels map[string]string
	out    FileResult
	// answers are the filled-in answers by record.
	answers map[int]answer
}

// run runs the records of a file in order. It fails only when no connection
// can be made; what goes wrong in a record is a Failure.
func (r *runner) run(ctx context.Context) error {
	start := time.Now()
	r.conns, r.labels = map[string]*pgconn.PgConn{}, map[string]string{}
	r.out.File = r.file.Name
	defer func() {
		r.out.Seconds = time.Since(start).Seconds()
		for _, c := range r.conns {
			closing, stop := context.WithTimeout(context.Background(), 2*time.Second)
			_ = c.Close(closing) // the answers are in
			stop()
		}
	}()
	for i := range r.file.Records {
		rec := &r.file.Records[i]
		if err := r.record(ctx, i, rec); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) record(ctx context.Context, i int, rec *Record) error {
	if rec.kind == sleep {
		select {
		case <-time.After(time.Duration(rec.seconds * float64(time.Second))):
		case <-ctx.Done():
		}
		return nil
	}
	if ctx.Err() != nil {
		r.fail(rec, "", "the file's time is over")
		return nil
	}
	if r.exclude[rec.Line] && rec.conn != "" { // it may wait for another connection
		r.out.Excluded++
		return nil
	}
	conn, err := r.conn(ctx, rec.conn)
	if err != nil {
		if ctx.Err() != nil {
			r.fail(rec, "", "the file's time is over")
			return nil
		}
		return fmt.Errorf("%s:%d: connect: %w", r.file.Name, rec.Line, err)
	}
	got, tag, err := r.execute(ctx, conn, rec.sql)
	var pgErr *pgconn.PgError
	if err != nil && !errors.As(err, &pgErr) {
		r.fail(rec, "", err.Error())
		return nil
	}
	if pgErr != nil && pgErr.Code == "XX000" {
		r.out.Internal++
		r.out.Failures = append(r.out.Failures, Failure{File: r.file.Name, Line: rec.Line, SQL: rec.sql, Code: pgErr.Code, Why: "internal error: " + describe(pgErr)})
	}
	if r.fill {
		r.answers[i] = r.dialect.answer(rec, got, pgErr)
		if rec.kind != statementOK && !rec.hasExpected { // a new record
			r.out.Passed++
			return nil
		}
	}
	if r.exclude[rec.Line] { // run for its effects only
		r.out.Excluded++
		return nil
	}
	r.judge(rec, got, tag, pgErr)
	return nil
}

// conn returns the named connection, made anew when it is gone.
func (r *runner) conn(ctx context.Context, name string) (*pgconn.PgConn, error) {
	if c := r.conns[name]; c != nil && !c.IsClosed() {
		return c, nil
	}
	config, err := pgconn.ParseConfig(r.url)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["application_name"] = "sqltests"
	dialing, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	c, err := pgconn.ConnectConfig(dialing, config)
	if err == nil {
		r.conns[name] = c
	}
	return c, err
}

var copyFile = regexp.MustCompile(`(?is)^(\s*copy\s.*\sfrom\s+)'([^']+)'(.*)$`)

// execute sends the SQL in the simple protocol and returns its last result with columns.
func (r *runner) execute(ctx context.Context, conn *pgconn.PgConn, sql string) (*result, pgconn.CommandTag, error) {
	if m := copyFile.FindStringSubmatch(sql); m != nil && r.dataDir != "" {
		tag, err := r.copyIn(ctx, conn, m[1]+"STDIN"+m[3], m[2])
		return &result{}, tag, err
	}
	reader := conn.Exec(ctx, sql)
	var last *result
	var tag pgconn.CommandTag
	for reader.NextResult() {
		one := reader.ResultReader().Read()
		tag = one.CommandTag
		if one.FieldDescriptions != nil {
			last = &result{rows: one.Rows}
			for _, f := range one.FieldDescriptions {
				last.names = append(last.names, f.Name)
				last.oids = append(last.oids, f.DataTypeOID)
			}
		}
	}
	if last == nil {
		last = &result{}
	}
	return last, tag, reader.Close()
}

// copyIn feeds a file of the family's data folder through COPY FROM STDIN.
func (r *runner) copyIn(ctx context.Context, conn *pgconn.PgConn, sql, name string) (pgconn.CommandTag, error) {
	f, err := os.Open(filepath.Join(r.dataDir, path.Base(name)))
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer f.Close() //nolint:errcheck // read only
	return conn.CopyFrom(ctx, f, strings.TrimRight(sql, "; \n"))
}

// judge compares an answer with what the record asks for.
func (r *runner) judge(rec *Record, got *result, tag pgconn.CommandTag, err *pgconn.PgError) {
	switch {
	case rec.kind == statementError && err == nil:
		r.fail(rec, "", "succeeded, an error was expected")
	case rec.kind == statementError:
		if why := r.dialect.compareError(rec, err); why != "" {
			r.fail(rec, err.Code, why)
			return
		}
		r.out.Passed++
	case err != nil:
		r.fail(rec, err.Code, describe(err))
	case rec.kind == query:
		why := r.dialect.compare(rec, got)
		if why == "" {
			why = r.compareLabel(rec, got)
		}
		if why != "" {
			r.fail(rec, "", why)
			return
		}
		r.out.Passed++
	case rec.count >= 0 && tag.RowsAffected() != int64(rec.count):
		r.fail(rec, "", fmt.Sprintf("%s, want %d rows", tag, rec.count))
	default:
		r.out.Passed++
	}
}

func (r *runner) compareLabel(rec *Record, got *result) string {
	if rec.label == "" {
		return ""
	}
	h := hash(r.dialect.values(got, rec.types, rec.sort))
	before, ok := r.labels[rec.label]
	if ok && before != h {
		return "the result differs from an earlier one with label " + rec.label
	}
	r.labels[rec.label] = h
	return ""
}

func (r *runner) fail(rec *Record, code, why string) {
	r.out.Failed++
	r.out.Failures = append(r.out.Failures, Failure{
		File: r.file.Name, Line: rec.Line, SQL: rec.sql, Code: code, Why: why, Want: strings.Join(rec.expected, "\n"),
	})
}
