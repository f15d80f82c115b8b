// Package testserver runs a whole server inside a test: a store in memory, a
// catalog, sessions, and the wire on a free port of the loopback interface.
package testserver

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/pgwire"
	"github.com/tidemarkdb/tidemark/session"
)

// Server is a running server. Close ends it and drops its data.
type Server struct {
	// URL connects to the database tidemark as the superuser tidemark.
	URL string

	config   session.Config
	store    kv.Store
	sessions *session.Server
	wire     *pgwire.Server
	listener net.Listener
	cancel   context.CancelFunc
	served   chan error
	jobs     sync.WaitGroup
}

// Start runs a server with an empty store.
func Start() (*Server, error) { return start(session.Config{}) }

// StartSpilling runs a server with an empty store whose queries have no work
// memory: all that can spill does.
func StartSpilling() (*Server, error) { return start(session.Config{WorkMemLimit: 1}) }

func start(config session.Config) (*Server, error) {
	store, err := embedded.Open(context.Background(), embedded.Config{CacheBytes: 16 << 20, Logger: quiet})
	if err != nil {
		return nil, err
	}
	return startOn(store, config)
}

var quiet = slog.New(slog.DiscardHandler)

// StartOn runs a server over a store, which it owns.
func StartOn(store kv.Store) (*Server, error) { return startOn(store, session.Config{}) }

// StartConfigured runs a server over a store, which it owns, as a configuration
// says; its logger and port are the test's.
func StartConfigured(store kv.Store, config session.Config) (*Server, error) {
	return startOn(store, config)
}

func startOn(store kv.Store, config session.Config) (*Server, error) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{config: config, store: store, cancel: cancel, served: make(chan error, 1)}
	if err := s.serve(ctx, quiet); err != nil {
		cancel()
		_ = store.Close() // the first error tells more
		return nil, err
	}
	return s, nil
}

func (s *Server) serve(ctx context.Context, logger *slog.Logger) error {
	cat, err := catalog.Open(ctx, s.store)
	if err != nil {
		return err
	}
	s.listener, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := s.listener.Addr().(*net.TCPAddr).Port
	s.config.Logger, s.config.ServerPort = logger, port
	s.sessions = session.NewServer(s.store, cat, s.config)
	s.wire = pgwire.NewServer(s.sessions, pgwire.Config{Logger: logger})
	s.URL = fmt.Sprintf("postgres://tidemark@127.0.0.1:%d/tidemark?sslmode=disable", port)
	go func() { s.served <- s.wire.Serve(ctx, s.listener) }()
	if s.config.Series != (session.SeriesSettings{}) { // else tests pack when they say so
		s.jobs.Go(func() { s.sessions.RunSeriesKeeper(ctx) })
	}
	return nil
}

// Traffic counts the requests that sessions sent to a store over a network.
func (s *Server) Traffic() *kv.Traffic { return s.sessions.Traffic() }

// Figures are what the server tells of itself in its metrics.
func (s *Server) Figures() []kv.Figure { return s.sessions.Figures() }

// Close ends the server: statements that still run after a second are cancelled.
func (s *Server) Close() error {
	_ = s.listener.Close() // Serve returns
	drain, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	s.wire.Shutdown(drain)
	s.cancel()
	<-s.served
	s.jobs.Wait()
	return s.store.Close()
}
