package executor

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// How states that grow with every row (array_agg, string_agg) find room
//
//  1. While they fit, rows are fed to them as they come.
//  2. When they do not, what they keep becomes rows again. These and the rows that
//     follow wait in a sorter, which spills, by their group and in the order they came.
//  3. As groups come out their rows are fed (orderedRows), as for ORDER BY.
//
// The only group of an aggregation without keys has to fit: it is the answer.

// postpone postpones the calls whose states keep rows; it reports whether there
// were any, so that there is more room now.
func (a *aggregator) postpone() (bool, error) {
	if a.env.Temp == nil {
		return false, nil
	}
	some := false
	for _, s := range a.sets {
		for _, st := range s.states {
			if !st.grows() {
				continue
			}
			some = true
			if err := st.postpone(a.env, s.groups); err != nil {
				return false, err
			}
		}
	}
	return some, nil
}

// grows says that the states keep rows of many groups and can give them back.
func (s *aggState) grows() bool {
	_, ok := s.acc.(functions.RowsAccumulator)
	return ok && !s.single && s.ordered == nil
}

// postpone makes rows of the states of so many groups, unless that has been done.
func (s *aggState) postpone(env *Env, groups int) error {
	if s.ordered != nil {
		return nil
	}
	acc := s.acc.(functions.RowsAccumulator)
	if s.schema == nil {
		s.schema = s.call.rowSchema()
	}
	s.ordered = newOrderedRows(env, s.call, false, s.schema)
	ts := []types.Type{types.Of(types.Oid)}
	for _, a := range s.call.args {
		ts = append(ts, a.typ)
	}
	rows := newBuilders(env, ts)
	defer rows.release()
	numbers := rows[0].(*array.Uint32Builder)
	for g := range groups {
		n := acc.Rows(g)
		numbers.Reserve(n)
		for range n {
			numbers.UnsafeAppend(uint32(g))
		}
		acc.AppendRows(g, rows[1:])
		if rows.len() < env.batchRows() && g+1 < groups || rows.len() == 0 {
			continue
		}
		n = rows.len()
		if err := s.ordered.addLong(env, newBatch(s.schema, rows.arrays(), n)); err != nil {
			return err
		}
	}
	s.acc = nil
	return nil
}

// addLong takes over a batch that may have more rows than is usual.
func (o *orderedRows) addLong(env *Env, batch arrow.RecordBatch) error {
	defer batch.Release()
	limit := int64(env.batchRows())
	for from := int64(0); from < batch.NumRows(); from += limit {
		if err := o.add(env, batch.NewSlice(from, min(from+limit, batch.NumRows()))); err != nil {
			return err
		}
	}
	return nil
}

// addAll takes the rows of other, whose group g is group to[g] here.
func (o *orderedRows) addAll(env *Env, other *orderedRows, to []uint32) error {
	ctx := runContext(env.Functions)
	if err := other.sorter.finish(ctx); err != nil {
		return err
	}
	for {
		if err := checkContext(ctx); err != nil {
			return err
		}
		batch, err := other.sorter.next()
		if err == io.EOF { //nolint:errorlint // the contract says io.EOF itself
			return nil
		}
		if err != nil {
			return err
		}
		if err := o.add(env, renumbered(env, batch, to)); err != nil {
			return err
		}
	}
}

// renumbered is a batch, which it takes over, with other group numbers.
func renumbered(env *Env, batch arrow.RecordBatch, to []uint32) arrow.RecordBatch {
	defer batch.Release()
	b := array.NewUint32Builder(env.Alloc)
	defer b.Release()
	for _, g := range fixedValues[uint32](batch.Column(0)) {
		b.Append(to[g])
	}
	cols := append([]arrow.Array{b.NewArray()}, batch.Columns()[1:]...)
	defer cols[0].Release()
	return array.NewRecordBatch(batch.Schema(), cols, batch.NumRows())
}
