package tikv

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// A store whose machine is gone, or frozen, or behind a network that is cut closes
// no connection. Its regions have new leaders after a second or two, but requests
// that wait for its answers wait until gRPC's keepalive fails, which may not be
// asked for less than 10 s plus 3. So this looks by itself:
//
//  1. Every request notes that it waits for a store, and when a store answered.
//  2. A store for which requests wait, and which has answered none for silentFor, is
//     asked over a connection of its own whether it lives.
//  3. If it does not say so within probeTime its connections are closed: what waits
//     for them fails, and client-go asks the other replicas.
//  4. Until it answers the question again, which is asked all the time, further
//     requests fail at once: each would wait as long as the first did. client-go
//     does send them, because it comes back to a store that it has no other for.
//
// A store that is slow, or works on something long, answers the question and is
// left alone.
type silence struct {
	stores sync.Map // address -> *storeSilence
	begun  time.Time
}

const (
	silentFor = time.Second
	// probeTime is enough for a store whose every packet comes half a second late.
	probeTime = 3 * time.Second
	// silenceEvery is how often stores are looked at.
	silenceEvery = 250 * time.Millisecond
	// unwanted is how long nobody asked for a store that is gone when it is forgotten:
	// it may have left the cluster.
	unwanted = time.Minute
)

// storeSilence is what is known of one store.
type storeSilence struct {
	waiting atomic.Int64 // requests
	heard   atomic.Int64 // when it answered last, or nothing waited; since silence.begun
	probed  atomic.Bool  // it is being asked
	gone    atomic.Bool  // it did not answer that
	refused atomic.Int64 // requests that failed because of that
}

// errSilent is what requests to a store get that is gone. It is an error of the
// connection, as client-go has them: nothing is known of the request, and it goes
// to another replica.
var errSilent = status.Error(codes.Unavailable, "the store does not answer")

func (s *silence) init() { s.begun = time.Now() }

// wait notes that a request waits for a store, or returns nil if none is to.
func (s *silence) wait(addr string) *storeSilence {
	v, ok := s.stores.Load(addr)
	if !ok {
		v, _ = s.stores.LoadOrStore(addr, &storeSilence{})
	}
	w := v.(*storeSilence)
	if w.gone.Load() {
		w.refused.Add(1)
		return nil
	}
	if w.waiting.Add(1) == 1 {
		w.heard.Store(int64(time.Since(s.begun)))
	}
	return w
}

// end notes that a request of wait is over, answered or not.
func (s *silence) end(w *storeSilence, answered bool) {
	if answered {
		w.heard.Store(int64(time.Since(s.begun)))
	}
	w.waiting.Add(-1)
}

// runSilence looks for stores that do not answer.
func (s *Store) runSilence() {
	tick := time.NewTicker(silenceEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.life.Done():
			return
		case <-tick.C:
		}
		s.silence.stores.Range(func(addr, v any) bool {
			w := v.(*storeSilence)
			silent := time.Since(s.silence.begun) - time.Duration(w.heard.Load())
			if w.waiting.Load() > 0 && silent > silentFor && w.probed.CompareAndSwap(false, true) {
				s.work.Go(func() {
					defer w.probed.Store(false)
					s.endSilence(addr.(string), w)
				})
			}
			return true
		})
	}
}

// endSilence asks a store whether it lives. If not it gives its connections up,
// and asks on until it does.
func (s *Store) endSilence(addr string, w *storeSilence) {
	before := w.heard.Load()
	err := s.probe(addr)
	if s.life.Err() == nil && err != nil && w.heard.Load() == before {
		s.cfg.Logger.Warn("a store does not answer: its connections are given up", "store", addr, "error", err)
		w.gone.Store(true)
		_ = s.client.GetTiKVClient().CloseAddr(addr) // it says so of connections that are closed already
		if s.awaitAnswer(addr, w) {
			s.cfg.Logger.Warn("a store answers again", "store", addr)
		}
		w.gone.Store(false)
	}
	w.heard.Store(int64(time.Since(s.silence.begun))) // not again at once
}

// awaitAnswer asks a store until it answers, or nobody wants anything of it.
func (s *Store) awaitAnswer(addr string, w *storeSilence) bool {
	tick := time.NewTicker(silenceEvery)
	defer tick.Stop()
	refused, since := w.refused.Load(), time.Now()
	for {
		if s.probe(addr) == nil {
			return true
		}
		if n := w.refused.Load(); n != refused {
			refused, since = n, time.Now()
		} else if time.Since(since) > unwanted {
			return false
		}
		select {
		case <-s.life.Done():
			return false
		case <-tick.C:
		}
	}
}

// probe asks a store for a sign of life over a new connection.
func (s *Store) probe(addr string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil // a store of client-go's model, which nobody can ask
	}
	creds := insecure.NewCredentials()
	security := s.cfg.Security.clientSecurity()
	tls, err := security.ToTLSConfig()
	if err != nil {
		return err
	}
	if tls != nil {
		creds = credentials.NewTLS(tls)
	}
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(creds))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // nothing is sent any more
	ctx, cancel := context.WithTimeout(s.life, probeTime)
	defer cancel()
	_, err = grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.WaitForReady(true))
	if status.Code(err) == codes.Unimplemented {
		return nil // that is an answer too
	}
	return err
}
