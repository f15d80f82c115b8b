package clustertests

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/internal/testserver"
	"github.com/tidemarkdb/tidemark/kv/tikv"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testcluster.StopShared()
	os.Exit(code)
}

var ctx = context.Background()

// startNodes starts n nodes over the cluster, all at once as an operator might.
// Each test has a part of the key space of its own.
func startNodes(t *testing.T, n int) []*testserver.Server {
	t.Helper()
	pds := testcluster.PDs(t)
	type started struct {
		server *testserver.Server
		err    error
	}
	prefix := fmt.Sprintf("%s/%d/", t.Name(), os.Getpid())
	results := make(chan started)
	for range n {
		go func() {
			store, err := tikv.Open(ctx, tikv.Config{PDs: pds, Prefix: prefix, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				results <- started{err: err}
				return
			}
			server, err := testserver.StartOn(store)
			results <- started{server: server, err: err}
		}()
	}
	var nodes []*testserver.Server
	for range n {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
			continue
		}
		nodes = append(nodes, r.server)
		t.Cleanup(func() {
			if err := r.server.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if t.Failed() {
		t.FailNow()
	}
	return nodes
}

func connect(t *testing.T, node *testserver.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(ctx, node.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(ctx, sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func queryInt(t *testing.T, conn *pgx.Conn, sql string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := conn.QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}
