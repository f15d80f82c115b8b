package catalog_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func (n *node) createSequence(name string, q catalog.Sequence) *catalog.Table {
	n.t.Helper()
	q.Type, q.Cache = types.Int8, 1
	tab := &catalog.Table{Name: name, Schema: catalog.PublicOID, Kind: catalog.KindSequence, Owner: catalog.BootstrapRoleOID, Sequence: &q}
	n.edit(func(e *catalog.Editor) error { return e.CreateTable(tab) })
	return tab
}

func (n *node) next(tab *catalog.Table) int64 {
	n.t.Helper()
	v, err := n.NextVal(context.Background(), n.snapshot(), tab.ID)
	if err != nil {
		n.t.Fatal(err)
	}
	return v
}

func TestSequence(t *testing.T) {
	ctx := context.Background()
	n := openNode(t, nil)
	s := n.createSequence("s", catalog.Sequence{Start: 1, Increment: 1, Min: 1, Max: 5})
	for want := int64(1); want <= 5; want++ {
		if got := n.next(s); got != want {
			t.Fatalf("nextval = %d, want %d", got, want)
		}
	}
	_, err := n.NextVal(ctx, n.snapshot(), s.ID)
	wantCode(t, err, pgerror.SequenceGeneratorLimitExceeded, `nextval: reached maximum value of sequence "s" (5)`)
	wantCode(t, n.SetVal(ctx, n.snapshot(), s.ID, 0, true), pgerror.NumericValueOutOfRange, `setval: value 0 is out of bounds for sequence "s" (1..5)`)
	if err := n.SetVal(ctx, n.snapshot(), s.ID, 3, false); err != nil {
		t.Fatal(err)
	}
	if got := n.next(s); got != 3 {
		t.Errorf("nextval after setval(3, false) = %d", got)
	}

	down := n.createSequence("down", catalog.Sequence{Start: -1, Increment: -2, Min: -6, Max: -1, Cycle: true})
	var got []int64
	for range 5 {
		got = append(got, n.next(down))
	}
	if want := []int64{-1, -3, -5, -1, -3}; !slices.Equal(got, want) {
		t.Errorf("down = %v, want %v", got, want)
	}

	top := n.createSequence("top", catalog.Sequence{Start: math.MaxInt64 - 1, Increment: 10, Min: 1, Max: math.MaxInt64})
	n.next(top)
	_, err = n.NextVal(ctx, n.snapshot(), top.ID)
	wantCode(t, err, pgerror.SequenceGeneratorLimitExceeded, `nextval: reached maximum value of sequence "top" (9223372036854775807)`)
}

// TestSequenceRestart: a clean restart leaves no gap, a crash skips values and
// repeats none.
func TestSequenceRestart(t *testing.T) {
	n := openNode(t, nil)
	s := n.createSequence("s", catalog.Sequence{Start: 1, Increment: 1, Min: 1, Max: math.MaxInt64})
	n.next(s)
	n.next(s)
	n = n.restart()
	if got := n.next(s); got != 3 {
		t.Errorf("nextval after a clean restart = %d", got)
	}
	// A crash: the store goes away before Close of the catalog.
	if err := n.store.Close(); err != nil {
		t.Fatal(err)
	}
	n.store = nil
	n = openNode(t, n.fs)
	if got := n.next(s); got <= 3 || got > 3+64 {
		t.Errorf("nextval after a crash = %d", got)
	}
}

// TestSequenceInTransaction: creation and RESTART roll back, nextval does not.
func TestSequenceInTransaction(t *testing.T) {
	ctx := context.Background()
	n := openNode(t, nil)
	s := n.createSequence("s", catalog.Sequence{Start: 1, Increment: 1, Min: 1, Max: 100})
	n.next(s)
	restart := func(commit bool) {
		txn, e := n.begin()
		defer txn.Rollback()
		c := *e.Snapshot().TableByID(s.ID)
		q := *c.Sequence
		c.Sequence, c.Storage = &q, 0
		q.Initial = 50
		if err := e.UpdateTable(&c); err != nil {
			t.Fatal(err)
		}
		if v, err := n.NextVal(ctx, e.Snapshot(), s.ID); v != 50 || err != nil {
			t.Errorf("nextval in the transaction = %d, %v", v, err)
		}
		if commit {
			if _, err := e.Commit(ctx, false); err != nil {
				t.Fatal(err)
			}
			return
		}
		txn.Rollback()
		e.RolledBack()
	}
	restart(false)
	if got := n.next(s); got != 2 {
		t.Errorf("nextval after a rolled back restart = %d", got)
	}
	restart(true)
	if got := n.next(s); got != 51 {
		t.Errorf("nextval after a restart = %d", got)
	}
}

func TestSequenceConcurrent(t *testing.T) {
	n := openNode(t, nil)
	s := n.createSequence("s", catalog.Sequence{Start: 1, Increment: 1, Min: 1, Max: math.MaxInt64})
	snap := n.snapshot()
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[int64]bool{}
	for range 8 {
		wg.Go(func() {
			last := int64(0)
			for range 500 {
				v, err := n.NextVal(context.Background(), snap, s.ID)
				if err != nil || v <= last {
					t.Errorf("nextval = %d after %d, %v", v, last, err)
					return
				}
				last = v
				mu.Lock()
				if seen[v] {
					t.Errorf("%d twice", v)
				}
				seen[v] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for v := range int64(4000) {
		if !seen[v+1] {
			t.Fatalf("%d is missing", v+1)
		}
	}
}

func BenchmarkNextVal(b *testing.B) {
	n := openNode(&testing.T{}, nil)
	s := n.createSequence("s", catalog.Sequence{Start: 1, Increment: 1, Min: 1, Max: math.MaxInt64})
	snap := n.snapshot()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := n.NextVal(context.Background(), snap, s.ID); err != nil {
			b.Fatal(err)
		}
	}
	n.stop()
}
