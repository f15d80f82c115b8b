package executor

import (
	"context"
	"errors"
	"io"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/types"
)

const (
	// fewRows is how many rows of a range the short path takes: setting up
	// operators costs as much as some dozens of rows, one by one, cost more.
	fewRows = 64
	// fewExpected is how many the planner may expect.
	fewExpected = fewRows / 2
)

// ErrManyRows says that a range has more rows than the short path takes. Nothing
// was read, locked or written for the client: operators can run the statement.
var ErrManyRows = errors.New("executor: too many rows for the short path")

// setFew takes a scan of a range of the table's own key or of an index that has a
// few rows only, such as the lines of one order, or the customers of one name.
func (p *Point) setFew(n *plan.Scan) bool {
	if n.PointGet || len(n.Ranges) != 1 || n.Locking != nil || n.Read > fewExpected || n.Table.Kind != catalog.KindTable ||
		n.Index == nil && !n.Table.Clustered {
		return false
	}
	es, _ := plan.Exprs(n)
	if hasSubplan(es) {
		return false
	}
	f := pointFetch{index: n.Index, layout: layoutOf(n.Table)}
	p.table, p.scan, p.few, p.position = n.Table, n, true, f.position()
	return true
}

// Few reports whether the path is one of a range, whose plan goes by an estimate
// of its rows.
func (p *Point) Few() bool { return p.few }

// fewScratch is the memory of a run over a range.
type fewScratch struct {
	pairs []kv.KeyValue
	bytes []byte
	ends  []int // of key and value of each pair in bytes
}

// runFew runs the statement for the rows of a range:
//
//  1. its rows are copied from the store, as later calls on the transaction end
//     the life of what a scan returns, and as writes must not be read again;
//  2. those that pass the filter are locked, all by one call: if one was changed
//     since the snapshot, kv.ErrWriteConflict comes back before the first is written;
//  3. row by row, they go to the client or are written.
func (p *Point) runFew(ctx context.Context, env *Env, s *pointScratch, emit func([]types.Datum) error) error {
	if err := p.readFew(ctx, env, s); err != nil {
		return err
	}
	pairs := s.few.pairs
	if p.kind == pointRead {
		for i := range pairs {
			if ok, err := p.decodeFew(ctx, env, s, &pairs[i]); err != nil {
				return err
			} else if ok {
				if err := p.emitRead(ctx, env, s, emit); err != nil {
					return err
				}
			}
		}
		return nil
	}
	pairs, err := p.lockFew(ctx, env, s)
	if err != nil {
		return err
	}
	for i := range pairs {
		if _, err := p.decodeFew(ctx, env, s, &pairs[i]); err != nil {
			return err
		}
		if err := p.writeRow(ctx, env, s, emit); err != nil {
			return err
		}
	}
	return nil
}

// readFew copies the range's rows.
func (p *Point) readFew(ctx context.Context, env *Env, s *pointScratch) error {
	f := &s.few
	f.pairs, f.bytes, f.ends = f.pairs[:0], f.bytes[:0], f.ends[:0]
	r, err := evalRange(env, &p.scan.Ranges[0])
	if err != nil {
		return err
	}
	span, err := p.layout.EncodeRange(p.scan.Index, r)
	if err != nil || len(span.End) > 0 && string(span.Start) >= string(span.End) {
		return err
	}
	it, err := env.Txn.Scan(ctx, span, kv.ScanOptions{Reverse: p.scan.Reverse, BatchSize: fewRows + 1})
	if err != nil {
		return err
	}
	defer it.Close()
	for {
		pairs, err := it.NextBatch(ctx)
		if err == io.EOF { //nolint:errorlint // the contract says io.EOF itself
			break
		}
		if err != nil {
			return err
		}
		if len(f.ends)/2+len(pairs) > fewRows {
			return ErrManyRows
		}
		for i := range pairs {
			f.add(pairs[i].Key, pairs[i].Value)
		}
	}
	f.takePairs(0)
	if p.position < 0 {
		return nil
	}
	return p.rowsOfEntries(ctx, env, s)
}

// rowsOfEntries puts the rows of index entries in their place. All are asked for
// at once: they may lie in other processes.
func (p *Point) rowsOfEntries(ctx context.Context, env *Env, s *pointScratch) error {
	f := &s.few
	entries := len(f.ends)
	for i := range f.pairs {
		handle, err := p.layout.HandleOfEntry(p.position, f.pairs[i].Key, f.pairs[i].Value)
		if err != nil {
			return err
		}
		s.rowKey = rowstore.RowKey(s.rowKey[:0], p.table, handle)
		f.add(s.rowKey, nil)
	}
	f.takePairs(entries)
	s.keys = s.keys[:0]
	for i := range f.pairs {
		s.keys = append(s.keys, f.pairs[i].Key)
	}
	keys := len(f.ends)
	err := env.Txn.GetMany(ctx, s.keys, func(i int, value []byte) error {
		f.add(s.keys[i], value)
		return nil
	})
	f.takePairs(keys)
	return err
}

// add copies a pair. Those of takePairs may still alias the memory before.
func (f *fewScratch) add(key, value []byte) {
	f.bytes = append(f.bytes, key...)
	f.ends = append(f.ends, len(f.bytes))
	f.bytes = append(f.bytes, value...)
	f.ends = append(f.ends, len(f.bytes))
}

// takePairs makes what was added from the end numbered from on the pairs.
func (f *fewScratch) takePairs(from int) {
	at := 0
	if from > 0 {
		at = f.ends[from-1]
	}
	f.pairs = f.pairs[:0]
	for i := from; i < len(f.ends); i += 2 {
		key, value := f.bytes[at:f.ends[i]:f.ends[i]], f.bytes[f.ends[i]:f.ends[i+1]:f.ends[i+1]]
		f.pairs = append(f.pairs, kv.KeyValue{Key: key, Value: value})
		at = f.ends[i+1]
	}
}

// decodeFew makes a row the current one; ok is false if it does not pass the filter.
func (p *Point) decodeFew(ctx context.Context, env *Env, s *pointScratch, pair *kv.KeyValue) (ok bool, err error) {
	s.rowKey = append(s.rowKey[:0], pair.Key...)
	return p.decode(ctx, env, s, pair.Value)
}

// lockFew locks the rows that pass the filter and returns them.
func (p *Point) lockFew(ctx context.Context, env *Env, s *pointScratch) ([]kv.KeyValue, error) {
	pairs := s.few.pairs
	env.found.runAgain()
	if p.scan.Filter != nil || env.found != nil {
		kept := pairs[:0]
		for i := range pairs {
			if ok, err := p.decodeFew(ctx, env, s, &pairs[i]); err != nil {
				return nil, err
			} else if ok && env.mayWrite(pairs[i].Key) {
				kept = append(kept, pairs[i])
			}
		}
		pairs = kept
	}
	s.keys = s.keys[:0]
	for i := range pairs {
		s.keys = append(s.keys, pairs[i].Key)
	}
	if len(s.keys) == 0 {
		return nil, env.foundAll(ctx, p.table)
	}
	if _, err := env.Txn.Lock(ctx, s.keys, kv.LockOptions{Mode: p.mode, Timeout: env.LockTimeout}); err != nil {
		return nil, p.rowConflict(ctx, env, s, err)
	}
	return pairs, env.foundAll(ctx, p.table)
}

// decode reads a row, whose key is s.rowKey, into s.input and looks at the filter.
func (p *Point) decode(ctx context.Context, env *Env, s *pointScratch, value []byte) (bool, error) {
	width := len(p.scan.Output)
	s.input = resize(s.input, width+1)
	handle := rowstore.HandleOfRowKey(s.rowKey)
	if err := p.decoder.DecodeFull(ctx, env.Txn, handle, value, s.input[:width]); err != nil {
		return false, err
	}
	if p.scan.WithHandle {
		s.input[width] = types.NewBinary(viewString(handle))
	} else {
		s.input = s.input[:width]
	}
	return passes(env, p.scan.Filter, s.input)
}
