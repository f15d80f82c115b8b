package executor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/pushdown"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// pushedLookup has stores work on the rows that an index's entries name, of
// tables whose rows have integer handles:
//
//  1. The handles of a window of entries are read, as any scan of the index does.
//  2. The stores are asked for what is wanted of their rows, in the order of keys.
//  3. What they answer is put in the order of the entries, by the handles that
//     come with it. Groups and what is sorted above have no order.
//
// A window is a batch of the scan, and the first ones are small. One of which a
// store leaves anything is left as a whole.
type pushedLookup struct {
	env     *Env
	spec    rowstore.PushedSpec
	schema  *arrow.Schema // of the result
	entries *rowstore.Scanner
	window  []arrow.RecordBatch // answers not handed out yet
	figures rowstore.PushedFigures
	held    int64 // bytes reserved for the window
}

func newPushedLookup(env *Env, s *plan.Scan, spec rowstore.PushedSpec) (*pushedLookup, error) {
	l := &pushedLookup{env: env, schema: spec.Schema}
	var err error
	l.entries, err = rowstore.NewScanner(env.Alloc, env.reader(), rowstore.ScanSpec{
		Table: s.Table, Layout: spec.Scan.Layout, Index: s.Index, WithHandle: true,
		Spans: spec.Scan.Spans, Reverse: s.Reverse, BatchRows: env.batchRows(),
	})
	if err != nil {
		return nil, err
	}
	spec.Scan.Index, spec.Scan.Spans, spec.Scan.Reverse = nil, nil, false
	if !spec.Aggregate && len(spec.Order) == 0 {
		spec.Handle, spec.Limit = true, 0
		fields := append(slices.Clone(spec.Schema.Fields()), arrow.Field{Name: "handle", Type: arrow.PrimitiveTypes.Int64})
		spec.Schema = arrow.NewSchema(fields, nil)
		spec.Types = append(slices.Clone(spec.Types), types.Of(types.Int8))
	}
	l.spec = spec
	return l, nil
}

// Figures implements pushedReader.
func (l *pushedLookup) Figures() rowstore.PushedFigures { return l.figures }

// Close implements pushedReader.
func (l *pushedLookup) Close() {
	l.drop()
	l.entries.Close()
}

func (l *pushedLookup) drop() {
	for _, b := range l.window {
		b.Release()
	}
	l.window = nil
	l.env.shrink(l.held)
	l.held = 0
}

// Next implements pushedReader.
func (l *pushedLookup) Next(ctx context.Context) (arrow.RecordBatch, *restOfScan, error) {
	for len(l.window) == 0 {
		l.drop()
		if err := checkContext(ctx); err != nil {
			return nil, nil, err
		}
		keys, err := l.keys(ctx)
		if err != nil {
			return nil, nil, err
		}
		left, err := l.ask(ctx, keys)
		if err != nil {
			return nil, nil, err
		}
		if left {
			l.drop()
			return nil, &restOfScan{keys: keys}, nil
		}
		if l.spec.Handle && len(l.window) > 0 {
			if err := l.sort(keys); err != nil {
				return nil, nil, err
			}
		}
	}
	batch := l.window[0]
	l.window = l.window[1:]
	return batch, nil, nil
}

// keys returns the keys of the rows of the next window, in the order of its entries.
func (l *pushedLookup) keys(ctx context.Context) ([]kv.Key, error) {
	batch, err := l.entries.Next(ctx)
	if err != nil {
		return nil, err
	}
	defer batch.Release()
	handles := batch.Column(0).(*array.Binary)
	prefix := rowstore.TableSpan(l.spec.Scan.Table).Start
	keys := make([]kv.Key, handles.Len())
	mem := make([]byte, 0, handles.Len()*(len(prefix)+8))
	for i := range keys {
		start := len(mem)
		mem = append(append(mem, prefix...), handles.Value(i)...)
		keys[i] = mem[start:len(mem):len(mem)]
	}
	return keys, nil
}

// ask reads the answers for rows into the window. left is true if some of them
// have to be read here.
func (l *pushedLookup) ask(ctx context.Context, keys []kv.Key) (left bool, err error) {
	spec := l.spec
	spec.Rows = slices.Clone(keys)
	slices.SortFunc(spec.Rows, func(a, b kv.Key) int { return bytes.Compare(a, b) })
	reader, err := rowstore.NewPushed(ctx, l.env.Alloc, l.env.Txn.(kv.Coprocessor), spec)
	var refusal pushdown.Refusal
	if errors.As(err, &refusal) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer reader.Close()
	for {
		batch, _, err := reader.Next(ctx)
		switch {
		case err == io.EOF: //nolint:errorlint // the contract says io.EOF itself
			l.add(reader.Figures())
			return false, nil
		case err != nil:
			return false, err
		case batch == nil:
			return true, nil
		}
		l.window = append(l.window, batch)
		size := batchBytes(batch)
		if err := l.env.grow(size); err != nil {
			return false, err
		}
		l.held += size
	}
}

func (l *pushedLookup) add(f rowstore.PushedFigures) {
	l.figures.Scanned += f.Scanned
	l.figures.Passed += f.Passed
	l.figures.Made += f.Made
	l.figures.Took += f.Took
}

// sort makes one batch of the window, in the order of its entries' keys and
// without the handles.
func (l *pushedLookup) sort(keys []kv.Key) error {
	answers, err := l.joined()
	if err != nil {
		return err
	}
	defer releaseAll(answers)
	last := len(answers) - 1
	at := map[int64]int32{}
	for i, h := range answers[last].(*array.Int64).Int64Values() {
		at[h] = int32(i)
	}
	order := make([]int32, 0, len(at))
	for _, k := range keys {
		if i, ok := at[rowstore.HandleOfKey(k)]; ok {
			order = append(order, i)
		}
	}
	cols, err := takeColumns(l.env.Alloc, answers[:last], order)
	if err != nil {
		return err
	}
	for _, b := range l.window {
		b.Release()
	}
	l.window = []arrow.RecordBatch{newBatch(l.schema, cols, len(order))}
	return nil
}

// joined returns the columns of the window, which the caller releases.
func (l *pushedLookup) joined() (out []arrow.Array, err error) {
	for c := range l.spec.Schema.NumFields() {
		parts := make([]arrow.Array, len(l.window))
		for i, b := range l.window {
			parts[i] = b.Column(c)
		}
		if len(parts) == 1 {
			parts[0].Retain()
			out = append(out, parts[0])
			continue
		}
		a, err := array.Concatenate(parts, l.env.Alloc)
		if err != nil {
			releaseAll(out)
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
