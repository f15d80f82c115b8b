package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// scan reads a table or one of its indexes. Key ranges are computed at the
// first Next; a range that comes twice (x IN (1, 1)) is read once.
type scan struct {
	env     *Env
	node    *plan.Scan
	schema  *arrow.Schema
	pick    *scanPick
	scanner *rowstore.Scanner
	opened  bool
	shared  *sharedScan // of a worker: scanner reads one morsel
	rest    *restOfScan // if not nil, what is read
}

func (r *run) newScan(n *plan.Scan) (Operator, error) {
	f, err := r.scanFilter(n)
	if err != nil {
		return nil, err
	}
	if n.PointGet {
		return &pointScan{env: r.env, node: n, schema: schemaOf(n.Cols), filter: f}, nil
	}
	s := &scan{env: r.env, node: n, schema: schemaOf(n.Cols), pick: newScanPick(r.env, n, f, r.filtersOf(n), r.uses[n])}
	if r.rest != nil && r.rest.scan == n {
		s.rest = r.rest
	}
	if n.Parallel && r.shared != nil {
		s.shared, r.shared.leaf = r.shared, s
	}
	return s, nil
}

func (r *run) scanFilter(n *plan.Scan) (*filter, error) {
	if n.Filter == nil {
		return nil, nil
	}
	cond, err := r.compile(n.Filter)
	if err != nil {
		return nil, err
	}
	return &filter{env: r.env, cond: cond, stats: r.statsOf(n)}, nil
}

func (s *scan) Schema() *arrow.Schema { return s.schema }

func (s *scan) Close() error {
	if s.scanner != nil {
		s.scanner.Close()
		s.scanner = nil
	}
	s.opened = true
	return nil
}

func (s *scan) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if s.shared != nil {
		return s.nextShared(ctx)
	}
	if !s.opened {
		s.opened = true
		if err := s.open(); err != nil {
			return nil, err
		}
	}
	if s.scanner == nil {
		return nil, io.EOF
	}
	return s.nextOfScanner(ctx)
}

func (s *scan) nextOfScanner(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if s.pick.idle() {
			return s.scanner.Next(ctx)
		}
		batch, err := s.scanner.NextLazy(ctx)
		if err != nil {
			return nil, err
		}
		out, err := s.pick.pick(batch)
		if out != nil || err != nil {
			return out, err
		}
	}
}

func (s *scan) open() error {
	switch {
	case s.rest != nil && s.rest.keys != nil:
		return s.openKeys(s.rest.keys)
	case s.rest != nil:
		return s.openSpans(s.rest.spans)
	}
	if s.node.Ranges == nil {
		return s.openSpans(nil)
	}
	spans, err := keySpans(s.env, layoutOf(s.node.Table), s.node)
	if err != nil {
		return err
	}
	if len(spans) == 0 {
		return s.Close()
	}
	return s.openSpans(spans)
}

// openSpans begins to read spans, nil for everything.
func (s *scan) openSpans(spans []kv.Span) error {
	rows := s.env.batchRows()
	if s.node.Limit > 0 && s.node.Filter == nil {
		rows = int(min(int64(rows), s.node.Limit))
	}
	var cache *rowstore.ColumnCache
	if usesCache(s.node) {
		cache = s.env.Columns
	}
	if s.scanner != nil {
		s.scanner.Restart(s.env.reader(), spans)
		return nil
	}
	var err error
	s.scanner, err = rowstore.NewScanner(s.env.Alloc, s.env.reader(), rowstore.ScanSpec{
		Table: s.node.Table, Layout: layoutOf(s.node.Table), Index: s.node.Index, Output: s.node.Output, WithHandle: s.node.WithHandle,
		Spans: spans, Reverse: s.node.Reverse, BatchRows: rows, Schema: s.schema,
		Cache: cache,
	})
	return err
}

// openKeys begins to read rows by their keys.
func (s *scan) openKeys(keys []kv.Key) (err error) {
	s.scanner, err = rowstore.NewScanner(s.env.Alloc, s.env.reader(), rowstore.ScanSpec{
		Table: s.node.Table, Layout: layoutOf(s.node.Table), Output: s.node.Output, Keys: keys, BatchRows: s.env.batchRows(), Schema: s.schema,
	})
	return err
}

// minCachedRows is how many rows a range of keys must promise for the column
// cache: short ranges are cheaper to walk than to keep.
const minCachedRows = 2 * BatchRows

// usesCache reports whether a scan reads through the column cache.
func usesCache(n *plan.Scan) bool {
	if n.Index != nil || n.Reverse || n.WithHandle || n.Limit > 0 && n.Limit < BatchRows {
		return false
	}
	return n.Ranges == nil || n.Cost.Rows >= minCachedRows
}

// keySpans are the spans of a scan's ranges, without empty and repeated ones.
func keySpans(env *Env, layout *rowstore.Layout, n *plan.Scan) ([]kv.Span, error) {
	spans := make([]kv.Span, 0, len(n.Ranges))
	var seen map[string]bool
	for i := range n.Ranges {
		r, err := evalRange(env, &n.Ranges[i])
		if err != nil {
			return nil, err
		}
		span, err := layout.EncodeRange(n.Index, r)
		if err != nil {
			return nil, err
		}
		if len(span.End) > 0 && string(span.Start) >= string(span.End) {
			continue
		}
		if len(n.Ranges) > 1 {
			key := string(span.Start) + "\x00" + string(span.End)
			if seen[key] {
				continue
			}
			if seen == nil {
				seen = map[string]bool{}
			}
			seen[key] = true
		}
		spans = append(spans, span)
	}
	return spans, nil
}

func evalRange(env *Env, r *plan.KeyRange) (rowstore.Range, error) {
	out := rowstore.Range{IsNull: r.IsNull, NotNull: r.NotNull}
	if len(r.Equal) > 0 {
		out.Equal = make([]types.Datum, len(r.Equal))
		for i, e := range r.Equal {
			if e == nil || (r.IsNull != nil && r.IsNull[i]) {
				continue
			}
			d, err := env.constant(e)
			if err != nil {
				return out, err
			}
			out.Equal[i] = d
		}
	}
	var err error
	if out.Lower, err = evalBound(env, r.Lower); err != nil {
		return out, err
	}
	out.Upper, err = evalBound(env, r.Upper)
	return out, err
}

func evalBound(env *Env, b *plan.Bound) (*rowstore.Bound, error) {
	if b == nil {
		return nil, nil
	}
	d, err := env.constant(b.Value)
	if err != nil {
		return nil, err
	}
	return &rowstore.Bound{Value: d, Inclusive: b.Inclusive}, nil
}

// lockOptions are the store's options of a locking clause.
func lockOptions(env *Env, l plan.Locking) kv.LockOptions {
	o := kv.LockOptions{Mode: kv.LockMode(l.Strength), Timeout: env.LockTimeout}
	switch {
	case l.NoWait:
		o.Wait = kv.LockNoWait
	case l.SkipLocked:
		o.Wait = kv.LockSkipLocked
	}
	return o
}

// lockRows locks rows by their handles (a column that may hold NULLs) and
// returns which rows were granted; nil means all.
func lockRows(ctx context.Context, env *Env, t *catalog.Table, handles []types.Datum, l plan.Locking) ([]bool, error) {
	keys := make([]kv.Key, 0, len(handles))
	rows := make([]int, 0, len(handles))
	for i, h := range handles {
		if h.IsNull() {
			continue
		}
		keys = append(keys, handleKey(t, h.Bytes()))
		rows = append(rows, i)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	granted, err := env.Txn.Lock(ctx, keys, lockOptions(env, l))
	if err != nil || granted == nil {
		return nil, lockError(err, t)
	}
	out := make([]bool, len(handles))
	for i := range out {
		out[i] = true
	}
	for k, i := range rows {
		out[i] = granted[k]
	}
	return out, nil
}
