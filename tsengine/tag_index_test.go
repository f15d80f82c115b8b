package tsengine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// taggedTable has a time, a text tag and an integer tag.
func taggedTable() *catalog.Table {
	t := &catalog.Table{Name: "tagged", Storage: 5, Columns: []catalog.Column{
		{Name: "ts", Num: 1, Type: types.Of(types.Int8)}, {Name: "host", Num: 2, Type: types.Of(types.Text)}, {Name: "rack", Num: 3, Type: types.Of(types.Int4)},
	}}
	t.TimeSeries = &catalog.TimeSeries{Time: 1, Tags: []int16{2, 3}, Buckets: 2, Slices: []catalog.SliceInterval{{Length: 1000}}}
	return t
}

type taggedSeries struct {
	host string // empty: NULL
	rack int32
}

// insertTagged writes a point of each series in a transaction, which is left open.
func insertTagged(t testing.TB, store kv.Store, l *Layout, series []taggedSeries) kv.Txn {
	t.Helper()
	ctx, alloc := context.Background(), memory.NewGoAllocator()
	hosts, racks, times := array.NewStringBuilder(alloc), array.NewInt32Builder(alloc), array.NewInt64Builder(alloc)
	for _, s := range series {
		if s.host == "" {
			hosts.AppendNull()
		} else {
			hosts.Append(s.host)
		}
		racks.Append(s.rack)
		times.Append(7)
	}
	txn, err := store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w := NewWriter(alloc, l, txn, store.Now)
	defer w.Close()
	if err := errors.Join(w.Insert(ctx, []arrow.Array{times.NewArray(), hosts.NewArray(), racks.NewArray()}, len(series)), w.Flush(ctx)); err != nil {
		t.Fatal(err)
	}
	return txn
}

// TestMatchSeries compares the series that are found with those of a list.
func TestMatchSeries(t *testing.T) {
	ctx := context.Background()
	store, err := embedded.Open(ctx, embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	l, rng := NewLayout(taggedTable()), rand.New(rand.NewPCG(3, 4))
	var cache *block.Cache
	all := map[taggedSeries]bool{}
	add := func(n int) {
		var list []taggedSeries
		for range n {
			s := taggedSeries{fmt.Sprintf("host-%d", rng.IntN(300)), int32(rng.IntN(20) - 5)}
			if rng.IntN(20) == 0 {
				s.host = ""
			}
			list = append(list, s)
			all[s] = true
		}
		if _, err := insertTagged(t, store, l, list).Commit(ctx, false); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string, r kv.Reader, conds []TagCondition, meets func(taggedSeries) bool) {
		t.Helper()
		var want []uint64
		for s := range all {
			if meets(s) {
				host := types.Null
				if s.host != "" {
					host = types.NewString(s.host)
				}
				id, found, err := l.Series(ctx, r, []types.Datum{host, types.NewInt4(s.rack)})
				if err != nil || !found {
					t.Fatal(s, err)
				}
				want = append(want, id)
			}
		}
		slices.Sort(want)
		got, whole, ok, err := l.MatchSeries(ctx, r, cache, conds)
		if err != nil || !ok || !slices.Equal(got, want) || whole != (len(want) == len(all)) {
			t.Errorf("%s: %d series (all %v, ok %v), want %d: %v", what, len(got), whole, ok, len(want), err)
		}
	}
	host, rack := types.NewString("host-7"), types.NewInt4(-3)
	noHost := TagCondition{Tags: []int{0}, Select: func(values []arrow.Array, n int, sel []int32) ([]int32, error) {
		for i := range n {
			if values[0].IsNull(i) {
				sel = append(sel, int32(i))
			}
		}
		return sel, nil
	}}
	same := TagCondition{Tags: []int{0, 1}, Select: func(values []arrow.Array, n int, sel []int32) ([]int32, error) {
		for i := range n {
			if values[0].IsValid(i) && values[0].(*array.String).Value(i) == fmt.Sprintf("host-%d", values[1].(*array.Int32).Value(i)) {
				sel = append(sel, int32(i))
			}
		}
		return sel, nil
	}}
	isHost, isRack := TagCondition{Tags: []int{0}, Equal: &host}, TagCondition{Tags: []int{1}, Equal: &rack}
	cache = NewCache(store, 1<<22)
	for round := range 3 {
		add([]int{1, 200, 9000}[round])
		r, err := store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		check("none", r, nil, func(taggedSeries) bool { return true })
		check("host", r, []TagCondition{isHost}, func(s taggedSeries) bool { return s.host == "host-7" })
		check("rack", r, []TagCondition{isRack}, func(s taggedSeries) bool { return s.rack == -3 })
		check("host and rack", r, []TagCondition{isRack, isHost}, func(s taggedSeries) bool { return s == taggedSeries{"host-7", -3} })
		check("no host", r, []TagCondition{noHost, isRack}, func(s taggedSeries) bool { return s == taggedSeries{"", -3} })
		check("same", r, []TagCondition{same}, func(s taggedSeries) bool { return s.host == fmt.Sprintf("host-%d", s.rack) })
		check("same and rack", r, []TagCondition{same, isRack}, func(taggedSeries) bool { return false })
		failing := TagCondition{Tags: []int{1}, Select: func([]arrow.Array, int, []int32) ([]int32, error) { return nil, errors.New("failed") }}
		if _, _, _, err := l.MatchSeries(ctx, r, cache, []TagCondition{failing}); err == nil {
			t.Error("a failing condition")
		}
		r.Rollback()
	}
	// New series are added to the index, whose parts are joined now and then.
	for round := range 60 {
		add([]int{1, 7, 90}[round%3])
		r, err := store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		check("host, of several parts", r, []TagCondition{isHost}, func(s taggedSeries) bool { return s.host == "host-7" })
		if round%20 == 19 {
			check("all, of several parts", r, nil, func(taggedSeries) bool { return true })
			check("no host, of several parts", r, []TagCondition{noHost, isRack}, func(s taggedSeries) bool { return s == taggedSeries{"", -3} })
		}
		r.Rollback()
	}
	// Who has written itself, and who has no cache, is told so.
	own := insertTagged(t, store, l, []taggedSeries{{"new", 1}})
	if _, _, ok, err := l.MatchSeries(ctx, own, cache, nil); ok || err != nil {
		t.Errorf("own writes: %v, %v", ok, err)
	}
	own.Rollback()
	add(1)
	r, err := store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Rollback()
	if _, _, ok, err := l.MatchSeries(ctx, r, nil, nil); ok || err != nil {
		t.Errorf("without a cache: %v, %v", ok, err)
	}
}
