package tsengine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ErrAlone says that a row was not written with others: its session writes it
// in a transaction of its own.
var ErrAlone = errors.New("the row is to be written alone")

// errLead makes the row's session the next leader.
var errLead = errors.New("lead")

const (
	maxGroup = 1024 // rows are written together at most
	// maxGather is how long a leader waits at most for rows that it expects.
	maxGather = 5 * time.Millisecond
)

// Joined is a row of a session that waits to be written together with those of
// others, each the only one of its transaction: nothing else can tell whether
// these were one transaction or several that came at the same time.
type Joined struct {
	Values []types.Datum // by ordinal
	// Schema is the version of the catalog that the row was checked against;
	// Begin begins a transaction that may write rows of that version.
	Schema uint64
	Begin  func(ctx context.Context) (kv.Txn, error)
	// OnWrite is the Writer's.
	OnWrite func(ctx context.Context, prefix kv.Key, rows int) error

	ready chan error
	err   error
}

// group is where rows of a layout wait. While a leader writes, the others
// gather; the first of them leads next.
//
// Sessions whose rows a leader has written come back with the next ones soon. If
// the next leader did not wait for them, they would form two parties that wait for
// each other's syncs, each half as large as it could be. So it waits until as many
// rows are there as there were sessions a moment ago, but no longer than half of
// the time that a commit takes. A session that is alone waits for nobody.
//
// Invariant: without a leader nobody waits.
type group struct {
	mu       sync.Mutex
	waiting  []*Joined
	leads    bool          // somebody does
	next     *Joined       // waits, and has been told to lead
	sessions int           // that were in the last group or came while it was written
	commit   time.Duration // that a commit takes, smoothed
	enough   chan struct{} // the gathering leader's; closed when there are as many as it expects
}

// Join writes a row together with those of other sessions, and returns once it
// is durable. The caller has checked it; its point needs no lock. After ErrAlone
// it was not written. Once a leader has taken the row, ctx does not end the wait.
func (l *Layout) Join(ctx context.Context, alloc memory.Allocator, now func(context.Context) (kv.Timestamp, error), j *Joined) error {
	g := &l.group
	if j.ready == nil {
		j.ready = make(chan error, 1)
	}
	j.err = nil
	g.mu.Lock()
	g.waiting = append(g.waiting, j)
	leads := !g.leads
	g.leads = true
	if g.enough != nil && len(g.waiting) >= g.sessions {
		close(g.enough)
		g.enough = nil
	}
	g.mu.Unlock()
	if !leads {
		select {
		case err := <-j.ready:
			if !errors.Is(err, errLead) {
				return err
			}
		case <-ctx.Done():
			if g.withdraw(j) {
				return ctx.Err()
			}
			if err := <-j.ready; !errors.Is(err, errLead) {
				return err
			}
		}
	}
	g.lead(context.WithoutCancel(ctx), alloc, l, now, j)
	return j.err
}

// withdraw takes a row back that no leader has taken.
func (g *group) withdraw(j *Joined) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, j)
	if i < 0 || g.next == j {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return true
}

// lead writes what waits, the leader's own row first, and hands the lead on.
func (g *group) lead(ctx context.Context, alloc memory.Allocator, l *Layout, now func(context.Context) (kv.Timestamp, error), j *Joined) {
	g.gather()
	g.mu.Lock()
	n := min(len(g.waiting), maxGroup)
	rows := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n)
	g.next = nil
	g.mu.Unlock()
	defer func() { // also if it panics: the others must not wait for ever
		g.mu.Lock()
		g.sessions = min(n+len(g.waiting), maxGroup)
		if g.leads = len(g.waiting) > 0; g.leads {
			g.next = g.waiting[0]
			g.next.ready <- errLead
		}
		g.mu.Unlock()
		for _, r := range rows {
			if r != j {
				r.ready <- r.err
			}
		}
	}()
	for _, r := range rows {
		r.err = ErrAlone
	}
	g.write(ctx, NewWriter(alloc, l, nil, now), rows, j)
}

// gather waits for the rows that are expected.
func (g *group) gather() {
	g.mu.Lock()
	wait := min(g.commit/2, maxGather)
	if len(g.waiting) >= g.sessions || wait == 0 {
		g.mu.Unlock()
		return
	}
	enough := make(chan struct{})
	g.enough = enough
	g.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-enough:
	case <-timer.C:
		g.mu.Lock()
		g.enough = nil
		g.mu.Unlock()
	}
}

// write writes rows, of which those that it leaves out keep their error.
func (g *group) write(ctx context.Context, w *Writer, rows []*Joined, j *Joined) {
	txn, err := j.Begin(ctx)
	if err != nil {
		return
	}
	defer txn.Rollback()
	w.txn, w.OnWrite = txn, j.OnWrite
	w.expectRows(len(rows))
	written := make([]*Joined, 0, len(rows))
	for _, r := range rows {
		if r.Schema != j.Schema {
			continue
		}
		at, err := w.Place(ctx, r.Values)
		if err != nil {
			r.err = err
			continue
		}
		w.InsertRow(at, r.Values)
		written = append(written, r)
	}
	if len(written) == 0 || w.Flush(ctx) != nil {
		return
	}
	start := time.Now()
	_, err = txn.Commit(ctx, false)
	g.took(time.Since(start))
	for _, r := range written {
		r.err = err // whatever became of it, nobody may write the row again
	}
}

// took notes how long a commit took.
func (g *group) took(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.commit += (d - g.commit) / 4
}
