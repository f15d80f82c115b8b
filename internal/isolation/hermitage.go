package isolation

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var (
	//go:embed testdata/hermitage.txt
	hermitageCases string
	//go:embed testdata/differs.txt
	differingCases string
)

// envPostgres is the URL of a PostgreSQL 15 that writes the answers of the cases
// anew: go test ./internal/isolation -run Hermitage -rewrite.
const envPostgres = "TIDEMARK_TEST_POSTGRES"

// levels are the isolation levels that every case runs at.
var levels = []string{"READ COMMITTED", "REPEATABLE READ"}

// Hermitage runs the cases of testdata/hermitage.txt. A case is a list of
// statements of up to three sessions; each session connects to another of the
// servers. An answer is the outcome of each statement at each level, or that it
// waits, and after which statement it went on. testdata/differs.txt has a case
// whose answers are not PostgreSQL's.
func Hermitage(t *testing.T, urls []string) {
	run := func(t *testing.T, d *datadriven.TestData) string { return hermitageCase(t, urls, d) }
	if url := os.Getenv(envPostgres); url != "" {
		urls = []string{url}
		datadriven.RunTest(t, "testdata/hermitage.txt", run)
		return
	}
	datadriven.RunTestFromString(t, hermitageCases, run)
	datadriven.RunTestFromString(t, differingCases, run)
}

func hermitageCase(t *testing.T, urls []string, d *datadriven.TestData) string {
	want := map[string][]string{}
	level := ""
	for line := range strings.Lines(d.Expected) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, " ") {
			level = line
			continue
		}
		want[level] = append(want[level], strings.TrimSpace(line))
	}
	var b strings.Builder
	for _, level := range levels {
		b.WriteString(level + "\n")
		c := newCase(t, urls, want[level])
		for _, line := range c.run(level, strings.Split(d.Input, "\n")) {
			b.WriteString("  " + line + "\n")
		}
		c.close()
	}
	return b.String()
}

// scripted is a case that runs.
type scripted struct {
	t       *testing.T
	urls    []string
	conns   map[string]*pgx.Conn
	waiting map[string]chan string // sessions whose statement waits
	want    []string               // the lines not yet seen
	out     []string
}

func newCase(t *testing.T, urls, want []string) *scripted {
	return &scripted{t: t, urls: urls, conns: map[string]*pgx.Conn{}, waiting: map[string]chan string{}, want: want}
}

// How long a statement gets: patience when it is to end, a moment when it is to
// wait. blink is how long one must have waited where no answers are known yet.
const (
	patience = 3 * time.Minute
	moment   = 100 * time.Millisecond
	blink    = 500 * time.Millisecond
)

func (c *scripted) run(level string, steps []string) []string {
	setup := c.session("setup")
	for _, sql := range []string{
		"CREATE TABLE IF NOT EXISTS test (id int PRIMARY KEY, value int)",
		"DELETE FROM test", "INSERT INTO test VALUES (1, 10), (2, 20)",
	} {
		if out := outcome(c.t.Context(), setup, sql); strings.HasPrefix(out, "ERROR") {
			c.t.Fatalf("%s: %s", sql, out)
		}
	}
	for _, step := range steps {
		name, sql, ok := strings.Cut(step, ": ")
		if !ok {
			c.t.Fatalf("%q is no step", step)
		}
		if sql == "BEGIN" {
			sql += " ISOLATION LEVEL " + level
		}
		c.step(name, sql)
	}
	return c.out
}

// step runs a statement, and lets those go on that waited for it.
func (c *scripted) step(name, sql string) {
	if c.waiting[name] != nil {
		c.say(name, "still waits, cannot "+sql)
		return
	}
	conn, ended := c.session(name), make(chan string, 1)
	go func() { ended <- outcome(c.t.Context(), conn, sql) }()
	limit := blink
	if c.known() {
		limit = patience
		if c.next() == name+": waits" {
			limit = moment
		}
	}
	select {
	case out := <-ended:
		c.say(name, out)
	case <-time.After(limit):
		c.waiting[name] = ended
		c.say(name, "waits")
	}
	c.wake()
}

// wake collects the statements that do not wait any more.
func (c *scripted) wake() {
	for {
		name, limit := "", blink
		if c.known() {
			var ok bool
			if name, _, ok = strings.Cut(strings.TrimPrefix(c.next(), "then "), ":"); !ok || !strings.HasPrefix(c.next(), "then ") {
				return
			}
			limit = patience
		}
		woke := false
		for other, ended := range c.waiting {
			if name != "" && name != other {
				continue
			}
			select {
			case out := <-ended:
				delete(c.waiting, other)
				c.say("then "+other, out)
				woke = true
			case <-time.After(limit):
			}
		}
		if !woke {
			return
		}
	}
}

// known says whether answers are known.
func (c *scripted) known() bool { return os.Getenv(envPostgres) == "" }

// next is the line to come.
func (c *scripted) next() string {
	if len(c.want) == 0 {
		return ""
	}
	return c.want[0]
}

func (c *scripted) say(name, what string) {
	c.out = append(c.out, name+": "+what)
	if len(c.want) > 0 {
		c.want = c.want[1:]
	}
}

func (c *scripted) session(name string) *pgx.Conn {
	if conn := c.conns[name]; conn != nil {
		return conn
	}
	conn, err := pgx.Connect(c.t.Context(), c.urls[len(c.conns)%len(c.urls)])
	if err != nil {
		c.t.Fatal(err)
	}
	c.conns[name] = conn
	return conn
}

// close ends the sessions, those that wait too.
func (c *scripted) close() {
	for _, conn := range c.conns {
		_ = conn.PgConn().Conn().Close() // a statement that waits ends with it
	}
	for _, ended := range c.waiting {
		<-ended
	}
}

// outcome runs a statement in the simple protocol: its rows, its tag, or its
// error.
func outcome(ctx context.Context, conn *pgx.Conn, sql string) string {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	var e *pgconn.PgError
	switch {
	case errors.As(err, &e):
		return fmt.Sprintf("ERROR %s %s", e.Code, e.Message)
	case err != nil:
		return "ERROR " + err.Error()
	}
	r := results[len(results)-1]
	if !r.CommandTag.Select() {
		return r.CommandTag.String()
	}
	rows := []string{"rows"}
	for _, row := range r.Rows {
		values := make([]string, len(row))
		for i, v := range row {
			values[i] = string(v)
		}
		rows = append(rows, "("+strings.Join(values, ", ")+")")
	}
	return strings.Join(rows, " ")
}
