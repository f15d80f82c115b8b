package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// sortOp orders its input. It keeps all rows with their key columns, or, as
// top-n, the first ones only.
//
// States: before the first Next nothing is read; then the input is read to its
// end (every topSlack rows top-n throws away what cannot come up any more);
// then refs say in which order rows come out.
type sortOp struct {
	env    *Env
	input  Operator
	keys   []sortKey
	schema *arrow.Schema // the input's
	node   *plan.Sort

	rows  *rowBuffer // the input's columns, then the computed keys
	refs  []rowRef
	next  int
	ready bool
	stats *NodeStats
	// last is the sort prefix of the last row that top-n kept: rows above it
	// cannot come up any more. It is valid once cut has run.
	last    uint64
	hasLast bool
	sel     []int32
}

// topSlack is how many rows top-n collects beyond those it keeps before it
// sorts again.
const topSlack = BatchRows

func (r *run) newSort(n *plan.Sort) (Operator, error) {
	keys, err := r.compileSortKeys(n.Keys)
	if err != nil {
		return nil, err
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	return &sortOp{env: r.env, input: input, keys: keys, schema: input.Schema(), node: n, stats: r.statsOf(n)}, nil
}

func (s *sortOp) Schema() *arrow.Schema { return s.schema }

func (s *sortOp) Close() error {
	if s.rows != nil {
		s.rows.clear()
	}
	return s.input.Close()
}

func (s *sortOp) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !s.ready {
		if err := s.load(ctx); err != nil {
			return nil, err
		}
		s.ready = true
	}
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if s.next == len(s.refs) {
		return nil, io.EOF
	}
	n := min(s.env.batchRows(), len(s.refs)-s.next)
	refs := s.refs[s.next : s.next+n]
	s.next += n
	cols := make([]arrow.Array, s.schema.NumFields())
	for i := range cols {
		a, err := gather(s.env.Alloc, s.schema.Field(i).Type, s.rows.columns[i], refs)
		if err != nil {
			releaseAll(cols)
			return nil, err
		}
		cols[i] = a
	}
	return newBatch(s.schema, cols, n), nil
}

func (s *sortOp) load(ctx context.Context) error {
	top, err := s.top()
	if err != nil {
		return err
	}
	s.rows = newRowBuffer(s.env, keyedSchema(s.schema, s.keys))
	if top == 0 {
		return nil
	}
	err = drain(ctx, s.input, func(batch arrow.RecordBatch) error {
		keyed, err := addKeys(s.env, batch, s.keys, s.rows.schema)
		if err == nil && s.hasLast {
			keyed, err = s.below(keyed)
		}
		if err != nil || keyed == nil {
			return err
		}
		if err := s.rows.add(keyed); err != nil {
			return err
		}
		if top > 0 && int64(s.rows.rows) > top+topSlack {
			return s.cut(int(top))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.sort(); err != nil {
		return err
	}
	if s.stats != nil {
		s.stats.MemoryPeak = max(s.stats.MemoryPeak, s.rows.bytes)
	}
	if top > 0 && int64(len(s.refs)) > top {
		s.refs = s.refs[:top]
	}
	return nil
}

// top is how many rows are wanted, -1 for all.
func (s *sortOp) top() (int64, error) {
	if s.node.TopCount == nil {
		return -1, nil
	}
	count, all, err := limitValue(s.env, s.node.TopCount, pgerror.InvalidRowCountInLimitClause, "LIMIT")
	if err != nil || all {
		return -1, err
	}
	offset, _, err := limitValue(s.env, s.node.TopOffset, pgerror.InvalidRowCountInResultOffsetClause, "OFFSET")
	if err != nil {
		return 0, err
	}
	if count+offset < 0 || count+offset > 1<<31 { // as good as all
		return -1, nil
	}
	return count + offset, nil
}

func (s *sortOp) sort() error {
	// A ref, and an item of it while sorting.
	if err := s.rows.reserve(int64(s.rows.rows) * 24); err != nil {
		return err
	}
	s.refs = s.rows.refs()
	sortRefs(s.keys, keyColumns(s.rows, s.schema.NumFields(), s.keys), s.refs)
	return nil
}

// cut keeps the first top rows.
func (s *sortOp) cut(top int) error {
	if err := s.sort(); err != nil {
		return err
	}
	kept := newRowBuffer(s.env, s.rows.schema)
	for refs := s.refs[:top]; len(refs) > 0; {
		n := min(BatchRows, len(refs))
		batch, err := s.rows.gather(refs[:n])
		if err != nil {
			kept.clear()
			return err
		}
		if err := kept.add(batch); err != nil {
			kept.clear()
			return err
		}
		refs = refs[n:]
	}
	end := s.refs[top-1]
	key := s.rows.columns[s.firstKey()][end.chunk()]
	prefixes, _ := sortPrefixes(s.keys[0], key)
	s.last, s.hasLast = prefixes[end.row()], true
	s.rows.clear()
	s.rows, s.refs = kept, nil
	return nil
}

// below drops the rows of a keyed batch, which it takes over, that sort behind
// what is kept already.
func (s *sortOp) below(keyed arrow.RecordBatch) (arrow.RecordBatch, error) {
	prefixes, _ := sortPrefixes(s.keys[0], keyed.Column(s.firstKey()))
	s.sel = s.sel[:0]
	for i, p := range prefixes {
		if p <= s.last {
			s.sel = append(s.sel, int32(i))
		}
	}
	return pick(s.env, keyed, s.sel)
}

// firstKey is the column of the first key in a keyed batch.
func (s *sortOp) firstKey() int {
	if s.keys[0].ordinal >= 0 {
		return s.keys[0].ordinal
	}
	return s.schema.NumFields()
}

// keyedSchema is a schema with the computed sort keys behind its columns.
func keyedSchema(schema *arrow.Schema, keys []sortKey) *arrow.Schema {
	fields := schema.Fields()
	for _, k := range keys {
		if k.ordinal < 0 {
			fields = append(fields, arrow.Field{Type: k.typ.Phys().ArrowType(), Nullable: true})
		}
	}
	return arrow.NewSchema(fields, nil)
}

// addKeys puts the computed sort keys behind a batch's columns; it takes batch over.
func addKeys(env *Env, batch arrow.RecordBatch, keys []sortKey, schema *arrow.Schema) (arrow.RecordBatch, error) {
	defer batch.Release()
	n := int(batch.NumRows())
	cols := make([]arrow.Array, 0, schema.NumFields())
	for _, c := range batch.Columns() {
		c.Retain()
		cols = append(cols, c)
	}
	for _, k := range keys {
		if k.ordinal >= 0 {
			continue
		}
		a, err := k.column(env, batch.Columns(), n)
		if err != nil {
			releaseAll(cols)
			return nil, err
		}
		cols = append(cols, a)
	}
	return newBatch(schema, cols, n), nil
}

// keyColumns finds the keys' columns in a buffer filled with addKeys; width is
// the number of columns before the computed keys.
func keyColumns(rows *rowBuffer, width int, keys []sortKey) [][]arrow.Array {
	out := make([][]arrow.Array, len(keys))
	for i, k := range keys {
		if k.ordinal >= 0 {
			out[i] = rows.columns[k.ordinal]
		} else {
			out[i] = rows.columns[width]
			width++
		}
	}
	return out
}
