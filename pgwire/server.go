// Package pgwire speaks PostgreSQL's frontend/backend protocol, version 3, over
// TCP: bytes on one side, session calls on the other. It never decides what SQL
// means.
package pgwire

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/tidemarkdb/tidemark/session"
)

// Config are the settings of a listener.
type Config struct {
	// Logger takes what no client sees. Default slog.Default().
	Logger *slog.Logger
	// StartupTimeout bounds the time from connecting to the end of the start-up
	// exchange. Default 60 s, as PostgreSQL's authentication_timeout.
	StartupTimeout time.Duration
}

// Server serves one listener.
type Server struct {
	sessions *session.Server
	config   Config
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// NewServer makes a server on top of the node's sessions.
func NewServer(sessions *session.Server, config Config) *Server {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.StartupTimeout == 0 {
		config.StartupTimeout = 60 * time.Second
	}
	return &Server{sessions: sessions, config: config, conns: map[net.Conn]struct{}{}}
}

// Serve accepts connections until the listener is closed, one goroutine each.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) {
				s.config.Logger.Warn("accept", "error", err)
				time.Sleep(50 * time.Millisecond) // out of descriptors: others may end
				continue
			}
			return err
		}
		s.track(nc)
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			defer s.untrack(nc)
			s.serveConn(ctx, nc)
		}()
	}
}

// Shutdown drains the sessions until ctx is done, then ends all connections
// and waits for their goroutines. Close the listener first, or after Drain.
func (s *Server) Shutdown(ctx context.Context) {
	s.sessions.Drain(ctx)
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
		return
	case <-time.After(2 * time.Second):
	}
	s.mu.Lock()
	for nc := range s.conns {
		_ = nc.Close() // its goroutine ends with a read or write error
	}
	s.mu.Unlock()
	<-done
}

func (s *Server) track(nc net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[nc] = struct{}{}
}

func (s *Server) untrack(nc net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, nc)
}
