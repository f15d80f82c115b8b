package pgwire_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/pgwire"
	"github.com/tidemarkdb/tidemark/session"
)

// testServer is a server on a loopback port over a store in memory.
type testServer struct {
	addr     string
	sessions *session.Server
	pgwire   *pgwire.Server
	store    *embedded.Store
	stop     func() // drains and closes everything; called once
}

// serverOptions change what startServer makes.
type serverOptions struct {
	store   embedded.Config
	session session.Config
	pgwire  pgwire.Config
}

// startServer serves until the test ends, and then checks that no Arrow byte
// and no reserved memory is left.
func startServer(t testing.TB, change ...func(*serverOptions)) *testServer {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	opts := serverOptions{session: session.Config{Alloc: alloc, Logger: quiet}, pgwire: pgwire.Config{Logger: quiet}}
	opts.store.Logger = quiet
	for _, fn := range change {
		fn(&opts)
	}
	ctx, cancel := context.WithCancel(context.Background())
	store, err := embedded.Open(ctx, opts.store)
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalog.Open(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	sessions := session.NewServer(store, cat, opts.session)
	server := pgwire.NewServer(sessions, opts.pgwire)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	ts := &testServer{addr: l.Addr().String(), sessions: sessions, pgwire: server, store: store}
	stopped := false
	ts.stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = l.Close()
		drain, done := context.WithTimeout(ctx, 5*time.Second)
		defer done()
		server.Shutdown(drain)
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if n := sessions.Memory().Used(); n != 0 {
			t.Errorf("%d bytes are still reserved", n)
		}
		alloc.AssertSize(t, 0)
		if err := cat.Close(drain); err != nil {
			t.Errorf("close the catalog: %v", err)
		}
		_ = store.Close() // a store whose disk is full says so
		cancel()
	}
	t.Cleanup(ts.stop)
	return ts
}
