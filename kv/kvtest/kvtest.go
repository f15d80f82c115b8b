// Package kvtest is the conformance suite of kv.Store: both drivers pass it,
// so whoever uses package kv may rely on what is tested here.
package kvtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Options say which store a test needs.
type Options struct {
	// Name, if not empty, names the data: a store opened under the same name
	// after the first was closed has what the first left. Names are unique
	// within one test.
	Name string
	// Clock is the store's clock; nil means the real one.
	Clock func() time.Time
	// GCLifetime is how long old versions stay readable; 0 means not at all
	// beyond open snapshots and barriers.
	GCLifetime time.Duration
}

// Open opens a store for a test. The suite closes it; closing twice is allowed.
type Open func(t *testing.T, opts Options) kv.Store

// Cleaner is implemented by stores that can be told to clean old versions now.
type Cleaner interface {
	CollectGarbage(ctx context.Context) error
}

// LockWatcher is implemented by stores that know how many requests wait for
// locks; for others the suite waits a moment instead.
type LockWatcher interface {
	LockWaiters() int
}

// Run runs the whole suite. A model of a store that is simpler than the real
// one leaves out, by "Group/name", the tests of what it does not model.
func Run(t *testing.T, open Open, without ...string) {
	groups := []struct {
		name  string
		tests map[string]func(*testing.T, *suite)
	}{
		{"Read", readTests},
		{"Write", writeTests},
		{"Savepoint", savepointTests},
		{"Lock", lockTests},
		{"Scan", scanTests},
		{"History", historyTests},
		{"Random", randomTests},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for name, test := range g.tests {
				if slices.Contains(without, g.name+"/"+name) {
					continue
				}
				t.Run(name, func(t *testing.T) {
					test(t, &suite{t: t, openStore: open})
				})
			}
		})
	}
}

var ctx = context.Background()

// suite is one test's view of the store under test.
type suite struct {
	t         *testing.T
	openStore Open
	kv.Store
}

// open opens the store of the test.
func (s *suite) open(opts Options) *suite {
	s.t.Helper()
	s.Store = s.openStore(s.t, opts)
	store := s.Store
	s.t.Cleanup(func() {
		if err := store.Close(); err != nil {
			s.t.Errorf("close: %v", err)
		}
	})
	return s
}

func (s *suite) begin() kv.Txn {
	s.t.Helper()
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	s.ok(err)
	s.t.Cleanup(txn.Rollback)
	return txn
}

func (s *suite) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("unexpected error: %v", err)
	}
}

// code checks the SQLSTATE of err.
func (s *suite) code(err error, want pgerror.Code) {
	s.t.Helper()
	if got := pgerror.CodeOf(err); got != want {
		s.t.Fatalf("error is %q (%v), want code %q", got, err, want)
	}
}

func (s *suite) put(txn kv.Txn, pairs ...string) {
	s.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		s.ok(txn.Put([]byte(pairs[i]), []byte(pairs[i+1])))
	}
}

// set commits pairs in a transaction of their own.
func (s *suite) set(pairs ...string) kv.Timestamp {
	s.t.Helper()
	txn := s.begin()
	s.put(txn, pairs...)
	return s.commit(txn)
}

// unset commits deletes in a transaction of their own.
func (s *suite) unset(keys ...string) kv.Timestamp {
	s.t.Helper()
	txn := s.begin()
	for _, k := range keys {
		s.ok(txn.Delete([]byte(k)))
	}
	return s.commit(txn)
}

func (s *suite) commit(txn kv.Txn) kv.Timestamp {
	s.t.Helper()
	ts, err := txn.Commit(ctx, false)
	s.ok(err)
	return ts
}

// get checks the value of a key; "-" means absent.
func (s *suite) get(r kv.Reader, key, want string) {
	s.t.Helper()
	v, found, err := r.Get(ctx, []byte(key))
	s.ok(err)
	got := "-"
	if found {
		got = string(v)
	}
	if got != want {
		s.t.Fatalf("get %s: %q, want %q", key, got, want)
	}
}

// scan checks a scan, written "a=1 b=2".
func (s *suite) scan(r kv.Reader, span kv.Span, opts kv.ScanOptions, want string) {
	s.t.Helper()
	it, err := r.Scan(ctx, span, opts)
	s.ok(err)
	defer it.Close()
	if got := s.drain(it); got != want {
		s.t.Fatalf("scan %q: %q, want %q", span, got, want)
	}
}

func (s *suite) drain(it kv.Iterator) string {
	s.t.Helper()
	var out []string
	for {
		batch, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return strings.Join(out, " ")
		}
		s.ok(err)
		if len(batch) == 0 {
			s.t.Fatal("empty batch")
		}
		for _, p := range batch {
			out = append(out, fmt.Sprintf("%s=%s", p.Key, p.Value))
		}
	}
}

func span(start, end string) kv.Span { return kv.Span{Start: []byte(start), End: []byte(end)} }

func keys(ks ...string) []kv.Key {
	out := make([]kv.Key, len(ks))
	for i, k := range ks {
		out[i] = []byte(k)
	}
	return out
}

func (s *suite) lock(txn kv.Txn, mode kv.LockMode, ks ...string) {
	s.t.Helper()
	_, err := txn.Lock(ctx, keys(ks...), kv.LockOptions{Mode: mode})
	s.ok(err)
}

// pending is a call that runs beside the test.
type pending struct {
	done chan struct{}
	err  error
}

func async(fn func() error) *pending {
	p := &pending{done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.err = fn()
	}()
	return p
}

// lockAsync locks beside the test and returns when the request waits.
func (s *suite) lockAsync(txn kv.Txn, opts kv.LockOptions, ks ...string) *pending {
	s.t.Helper()
	before := s.waiters()
	p := async(func() error {
		_, err := txn.Lock(ctx, keys(ks...), opts)
		return err
	})
	s.awaitWaiters(before + 1)
	return p
}

func (s *suite) waiters() int {
	if w, ok := s.Store.(LockWatcher); ok {
		return w.LockWaiters()
	}
	return 0
}

func (s *suite) awaitWaiters(n int) {
	s.t.Helper()
	w, ok := s.Store.(LockWatcher)
	if !ok {
		time.Sleep(100 * time.Millisecond)
		return
	}
	deadline := time.Now().Add(10 * time.Second)
	for w.LockWaiters() != n {
		if time.Now().After(deadline) {
			s.t.Fatalf("%d requests wait, want %d", w.LockWaiters(), n)
		}
		runtime.Gosched()
	}
}

func (s *suite) await(p *pending) error {
	s.t.Helper()
	select {
	case <-p.done:
		return p.err
	case <-time.After(20 * time.Second):
		s.t.Fatal("the call does not return")
		return nil
	}
}

func (s *suite) stillWaits(p *pending) {
	s.t.Helper()
	select {
	case <-p.done:
		s.t.Fatalf("the call returned: %v", p.err)
	default:
	}
}

func (s *suite) clean() {
	s.t.Helper()
	if c, ok := s.Store.(Cleaner); ok {
		s.ok(c.CollectGarbage(ctx))
	}
}

// fakeClock is a clock that is moved by hand.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func newFakeClock() *fakeClock {
	return &fakeClock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}
