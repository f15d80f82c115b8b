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
	"github.com/tidemarkdb/tidemark/session"
)

func TestMain(m *testing.M) {
	if prefix := os.Getenv(envNode); prefix != "" {
		runNode(prefix)
	}
	code := m.Run()
	testcluster.StopShared()
	os.Exit(code)
}

var ctx = context.Background()

// startNodes starts n nodes over the cluster, all at once as an operator might.
// Each test has a part of the key space of its own.
func startNodes(t *testing.T, n int) []*testserver.Server {
	t.Helper()
	return startNodesWith(t, n, tikv.Config{PDs: testcluster.PDs(t), Prefix: prefixOf(t)}, packOften)
}

// startNodesWith starts n nodes with a configuration.
func startNodesWith(t *testing.T, n int, cfg tikv.Config, series session.SeriesSettings) []*testserver.Server {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	type started struct {
		server *testserver.Server
		err    error
	}
	results := make(chan started)
	for range n {
		go func() {
			store, err := tikv.Open(ctx, cfg)
			if err != nil {
				results <- started{err: err}
				return
			}
			server, err := testserver.StartConfigured(store, session.Config{Series: series})
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
			boundedWait(t, "close a node", func() {
				if err := r.server.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
	if t.Failed() {
		t.FailNow()
	}
	return nodes
}

// prefixOf is the part of the key space that a test has.
func prefixOf(t *testing.T) string { return fmt.Sprintf("%s/%d/", t.Name(), os.Getpid()) }

func connect(t *testing.T, node *testserver.Server) *pgx.Conn {
	t.Helper()
	return connectTo(t, node.URL)
}

func connectTo(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	var conn *pgx.Conn
	err := bounded(t, "connect", func(ctx context.Context) (err error) {
		conn, err = pgx.Connect(ctx, url)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bounded(t, "close a connection", conn.Close) })
	return conn
}
