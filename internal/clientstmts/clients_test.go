package clientstmts

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/pgwire"
	"github.com/tidemarkdb/tidemark/session"
)

// Environment of the test:
//
//	TIDEMARK_CLIENT_STATEMENTS  the directory of the recorded files
//	TIDEMARK_POSTGRES           host:port of a PostgreSQL 15 to compare with (user postgres, trust)
//	TIDEMARK_CLIENTS            a pattern of the clients to run
//	TIDEMARK_WRITE_GAPS         write testdata/gaps.txt anew instead of failing
const (
	envDir      = "TIDEMARK_CLIENT_STATEMENTS"
	envPostgres = "TIDEMARK_POSTGRES"
	envClients  = "TIDEMARK_CLIENTS"
	envWrite    = "TIDEMARK_WRITE_GAPS"
)

// directory finds the recorded files: beside the checkout, unless told.
func directory() string {
	if dir := os.Getenv(envDir); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "..", "shared", "clients")
}

// startTidemark serves an empty in-memory Tidemark.
func startTidemark(t *testing.T) Server {
	t.Helper()
	ctx := context.Background()
	store, err := embedded.Open(ctx, embedded.Config{CacheBytes: 16 << 20, MemTableBytes: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalog.Open(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	srv := pgwire.NewServer(session.NewServer(store, cat, session.Config{Logger: logger}), pgwire.Config{Logger: logger})
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, l) }()
	t.Cleanup(func() {
		_ = l.Close()
		stop, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		srv.Shutdown(stop)
		<-done
		_ = store.Close()
	})
	return Server{Addr: l.Addr().String(), User: "postgres", Database: "postgres"}
}

// startPostgres makes a database of its own on the PostgreSQL to compare with.
func startPostgres(t *testing.T, addr, client string) Server {
	t.Helper()
	admin := Server{Addr: addr, User: "postgres", Database: "postgres"}
	name := "client_statements_" + client
	exec := func(sql string) {
		c, err := Dial(admin)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if a, err := c.Simple(sql); err != nil || a.Code != "" {
			t.Fatalf("%s: %v %+v", sql, err, a)
		}
	}
	exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
	exec("CREATE DATABASE " + name)
	t.Cleanup(func() { exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	return Server{Addr: addr, User: "postgres", Database: name}
}

// TestClients replays every recorded statement, in the order of its file, and
// fails on what is neither PostgreSQL's answer nor a known gap.
func TestClients(t *testing.T) {
	schema, err := os.ReadFile(filepath.Join(directory(), "schema.sql"))
	if err != nil {
		fmt.Printf("no recorded client statements in %s (set %s): nothing replayed\n", directory(), envDir)
		return
	}
	files, err := filepath.Glob(filepath.Join(directory(), "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	var wanted *regexp.Regexp
	if p := os.Getenv(envClients); p != "" {
		wanted = regexp.MustCompile(p)
	}
	gaps, err := loadGaps()
	if err != nil {
		t.Fatal(err)
	}
	gaps.write = os.Getenv(envWrite) != "" && wanted == nil
	var summary []string
	for _, file := range files {
		client := strings.TrimSuffix(filepath.Base(file), ".sql")
		blocks, err := ReadBlocks(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(blocks) == 0 || (wanted != nil && !wanted.MatchString(client)) {
			continue
		}
		t.Run(client, func(t *testing.T) {
			summary = append(summary, replay(t, client, blocks, string(schema), gaps))
		})
	}
	fmt.Println(strings.Join(summary, "\n"))
	if wanted != nil || os.Getenv(envPostgres) == "" {
		return
	}
	for _, g := range gaps.closed() {
		t.Errorf("this gap is closed, take it off the list: %s", g)
	}
	if gaps.write {
		if err := gaps.save(); err != nil {
			t.Error(err)
		}
	}
}

func replay(t *testing.T, client string, blocks []Block, schema string, gaps *gapList) string {
	ours := open(t, startTidemark(t), schema, true)
	var theirs *Session
	if addr := os.Getenv(envPostgres); addr != "" {
		theirs = open(t, startPostgres(t, addr, client), schema, false)
	}
	counts := map[Verdict]int{}
	for i := range blocks {
		b := &blocks[i]
		if strings.HasPrefix(b.Path, "function call") {
			continue
		}
		verdict, why := judge(t, ours, theirs, b)
		counts[verdict]++
		if verdict == OK {
			continue
		}
		if gaps.known(b, fmt.Sprintf("%s: %s", verdict, why)) {
			continue
		}
		t.Errorf("%s.sql:%d %s (%s): %s\n\t%s", client, b.Line, verdict, b.Action, why, b.Prefix(160))
	}
	ours.Close()
	if theirs != nil {
		theirs.Close()
	}
	return fmt.Sprintf("%-10s ok %3d  differs %3d  fails %3d", client, counts[OK], counts[Differs], counts[Fails])
}

func open(t *testing.T, s Server, schema string, report bool) *Session {
	t.Helper()
	failed, err := LoadSchema(s, schema)
	if err != nil {
		t.Fatal(err)
	}
	if report {
		for _, f := range failed {
			t.Logf("schema.sql: %s", f)
		}
	}
	out, err := NewSession(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// judge runs a block on both servers. Without PostgreSQL, an error that says
// that something is not supported, not found or broken is a failure.
func judge(t *testing.T, ours, theirs *Session, b *Block) (Verdict, string) {
	t.Helper()
	got, err := ours.Run(b)
	if err != nil {
		t.Fatalf("line %d: %v\n%s", b.Line, err, b.SQL)
	}
	if theirs == nil {
		if got.Status == 'E' {
			_ = ours.Rollback()
		}
		switch {
		case strings.Contains(b.SQL, "nosuch"): // provoked
		case got.Code == "0A000" || got.Code == "42883" || got.Code == "XX000":
			return Fails, describeError(got)
		}
		return OK, ""
	}
	want, err := theirs.Run(b)
	if err != nil {
		t.Fatalf("line %d: PostgreSQL: %v\n%s", b.Line, err, b.SQL)
	}
	if got.Status != want.Status || got.Status == 'E' {
		_ = ours.Rollback()
		_ = theirs.Rollback()
	}
	return Compare(want, got)
}
