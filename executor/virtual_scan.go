package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// virtualScan computes a system table. All rows are made at the first Next,
// because the table pushes them.
type virtualScan struct {
	env    *Env
	node   *plan.VirtualScan
	schema *arrow.Schema
	filter *filter
	rows   *rowBuffer
	next   int
}

func (r *run) newVirtualScan(n *plan.VirtualScan) (Operator, error) {
	s := &virtualScan{env: r.env, node: n, schema: schemaOf(n.Cols)}
	if n.Filter != nil {
		cond, err := r.compile(n.Filter)
		if err != nil {
			return nil, err
		}
		s.filter = &filter{env: r.env, cond: cond, stats: r.statsOf(n)}
	}
	return s, nil
}

func (s *virtualScan) Schema() *arrow.Schema { return s.schema }

func (s *virtualScan) Close() error {
	if s.rows != nil {
		s.rows.clear()
	}
	return nil
}

func (s *virtualScan) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if s.rows == nil {
		s.rows = newRowBuffer(s.env, s.schema)
		if err := s.load(ctx); err != nil {
			return nil, err
		}
	}
	if s.next == len(s.rows.chunks) {
		return nil, io.EOF
	}
	batch := s.rows.chunks[s.next]
	s.next++
	batch.Retain()
	return batch, nil
}

func (s *virtualScan) load(ctx context.Context) error {
	b := newBuilders(s.env, typesOf(s.node.Cols))
	defer b.release()
	n, limit := 0, s.env.batchRows()
	flush := func() error {
		if n == 0 {
			return nil
		}
		if err := checkContext(ctx); err != nil {
			return err
		}
		batch := newBatch(s.schema, b.arrays(), n)
		n = 0
		if s.filter != nil {
			var err error
			if batch, err = s.filter.apply(batch); err != nil || batch == nil {
				return err
			}
		}
		return s.rows.add(batch)
	}
	emit := func(row []types.Datum) error {
		for i, o := range s.node.Output {
			types.AppendDatum(b[i], row[o])
		}
		if n++; n == limit {
			return flush()
		}
		return nil
	}
	env := catalog.VirtualEnv{Snapshot: s.env.Snapshot, Runtime: s.env.Runtime}
	v := s.node.Table.Virtual
	if s.node.ByOID != nil && v.ByOID != nil {
		d, err := s.env.constant(s.node.ByOID)
		if err != nil || d.IsNull() {
			return err
		}
		if err := v.ByOID(env, catalog.OID(d.I), emit); err != nil {
			return err
		}
		return flush()
	}
	if err := v.Rows(env, emit); err != nil {
		return err
	}
	return flush()
}
