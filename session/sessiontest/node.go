// Package sessiontest runs SQL text through real sessions over a store in
// memory: for tests of the session and of everything below it.
package sessiontest

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/session"
)

// Node is a server without a wire: a store in memory, its catalog, and the
// sessions' server.
type Node struct {
	t       testing.TB
	fs      vfs.FS
	Store   *embedded.Store
	Catalog *catalog.Catalog
	Server  *session.Server
	conns   []*Conn
}

// Open starts a node with an empty store. It is closed at the end of the test.
func Open(t testing.TB) *Node {
	t.Helper()
	n := &Node{t: t, fs: vfs.NewMem()}
	n.start()
	t.Cleanup(n.Close)
	return n
}

func (n *Node) start() {
	n.t.Helper()
	ctx := context.Background()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	if n.Store, err = embedded.Open(ctx, embedded.Config{Dir: "data", FS: n.fs, Logger: quiet}); err != nil {
		n.t.Fatal(err)
	}
	if n.Catalog, err = catalog.Open(ctx, n.Store); err != nil {
		n.t.Fatal(err)
	}
	n.Server = session.NewServer(n.Store, n.Catalog, session.Config{Logger: quiet})
}

// Close ends all sessions and the node.
func (n *Node) Close() {
	if n.Store == nil {
		return
	}
	for _, c := range n.conns {
		c.Close()
	}
	n.conns = nil
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := n.Catalog.Close(ctx); err != nil {
		n.t.Errorf("close catalog: %v", err)
	}
	if err := n.Store.Close(); err != nil {
		n.t.Errorf("close store: %v", err)
	}
	n.Store = nil
}

// Reopen closes the node and starts it again over the same files.
func (n *Node) Reopen() {
	n.t.Helper()
	n.Close()
	n.start()
}

// Connect opens a session of the superuser postgres on the database postgres.
func (n *Node) Connect() *Conn {
	n.t.Helper()
	c, err := n.ConnectAs("postgres", "postgres")
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

// ConnectAs opens a session; the error is the server's refusal.
func (n *Node) ConnectAs(user, database string) (*Conn, error) {
	c := &Conn{}
	s, err := n.Server.Connect(context.Background(), &c.client, session.Options{User: user, Database: database})
	if err != nil {
		return nil, err
	}
	c.Session = s
	n.conns = append(n.conns, c)
	return c, nil
}
