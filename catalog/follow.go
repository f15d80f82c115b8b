package catalog

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// follower keeps a node's catalog as new as what other nodes committed. Who
// changes the catalog has announced the lock of the version key to all nodes
// before: while nothing is announced nothing is read, else each statement begins
// with a look at the key. One look serves all who asked before it began.
//
// Versions are numbers without order: each node takes them from blocks of its own.
type follower struct {
	catalog *Catalog
	store   kv.SharedStore
	// seen is the epoch in which the published state was looked at, and 1 more.
	seen atomic.Uint64

	mu      sync.Mutex
	running *look // the one at work
	waiting *look // the next, which nobody has begun
}

// look is one look at the version key.
type look struct {
	done chan struct{}
	err  error
}

// follow returns when the published state is at least as new as the newest
// commit at the time of the call.
func (f *follower) follow(ctx context.Context) error {
	if epoch, quiet := f.store.Watch(versionKey); quiet && f.seen.Load() == epoch+1 {
		return nil
	}
	f.mu.Lock()
	l := f.waiting
	if l == nil {
		l = &look{done: make(chan struct{})}
		before := f.running
		f.waiting = l
		f.mu.Unlock()
		return f.lead(ctx, l, before)
	}
	f.mu.Unlock()
	select {
	case <-l.done:
	case <-ctx.Done():
		return pgerror.Wrap(ctx.Err(), pgerror.QueryCanceled, "canceling statement due to user request")
	}
	if l.err != nil && ctx.Err() == nil && pgerror.CodeOf(l.err) == pgerror.QueryCanceled {
		return f.follow(ctx) // its leader was cancelled, not this statement
	}
	return l.err
}

// lead does a look for all who wait for it, after the one before it.
func (f *follower) lead(ctx context.Context, l, before *look) error {
	if before != nil {
		select {
		case <-before.done:
		case <-ctx.Done():
		}
	}
	f.mu.Lock()
	f.waiting, f.running = nil, l
	f.mu.Unlock()
	epoch, quiet := f.store.Watch(versionKey)
	l.err = f.catalog.catchUp(ctx)
	if l.err == nil && quiet {
		f.seen.Store(epoch + 1)
	}
	f.mu.Lock()
	if f.running == l {
		f.running = nil
	}
	f.mu.Unlock()
	close(l.done)
	return l.err
}

// catchUp loads the catalog if its version is not the published one.
func (c *Catalog) catchUp(ctx context.Context) error {
	txn, err := c.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	version, err := readVersion(ctx, txn)
	txn.Rollback()
	if err != nil || version == c.state.Load().version {
		return err
	}
	return c.refresh(ctx)
}
