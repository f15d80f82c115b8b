package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// targetRows are the rows that UPDATE or DELETE found: all of them are read
// from the statement's snapshot before the first is changed, and go on in a
// file where memory ends. A row that was found twice (UPDATE FROM) counts once.
// The handles seen, and a ref for each row, stay in memory, as the locks do.
type targetRows struct {
	*rowBuffer
	held  reservation
	refs  [][]rowRef // of chunk k: the rows to change
	count int
	stats *NodeStats
}

// targets is what collectTargets is to do.
type targets struct {
	table  *catalog.Table
	handle int // the column of the handles
	mode   kv.LockMode
	// distinct: no row of the input comes twice.
	distinct bool
	// recheck: see foundRows.
	recheck bool
	stats   *NodeStats
}

// findsOnce says that a plan of a statement's rows yields each of the table's
// rows once: there is no join.
func findsOnce(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Scan, *plan.IndexUnion, *plan.SeriesScan:
		return true
	case *plan.Project:
		return findsOnce(n.Input)
	case *plan.Filter:
		return findsOnce(n.Input)
	}
	return false
}

// collectTargets drains input and locks the rows. A row that changed since the
// snapshot fails the statement with kv.ErrWriteConflict, its lock kept: session
// runs it again, for the rows of foundRows.
func collectTargets(ctx context.Context, env *Env, input Operator, t targets) (*targetRows, error) {
	rows := &targetRows{rowBuffer: newSpooledBuffer(env, input.Schema(), t.stats), held: reservation{env: env}, stats: t.stats}
	var seen *keyTable
	if !t.distinct {
		seen = newKeyTable([]types.Type{types.Of(types.Bytea)}, nil)
	}
	env.found.runAgain()
	var conflict error
	err := drain(ctx, input, func(batch arrow.RecordBatch) error {
		handles := batch.Column(t.handle)
		handles.Retain()
		defer handles.Release()
		n := int(batch.NumRows())
		first := len(rows.chunks)
		if err := rows.add(batch); err != nil {
			return err
		}
		refs := make([]rowRef, 0, n)
		keys := make([]kv.Key, 0, n)
		take := func(row int) {
			if key := handleKey(t.table, types.DatumAt(handles, row).Bytes()); !env.changedHere(key) && env.mayWrite(key) {
				refs = append(refs, refOf(0, row))
				keys = append(keys, key)
			}
		}
		size := int64(0)
		if seen != nil {
			_, sel := insertNew(seen, []arrow.Array{handles}, n, nil, nil)
			for _, row := range sel {
				take(int(row))
			}
			size = seen.bytes()
		} else {
			for row := range n {
				take(row)
			}
		}
		rows.take(first, refs)
		if err := rows.held.set(size + int64(rows.count)*8); err != nil {
			return err
		}
		if len(keys) == 0 || conflict != nil {
			return nil
		}
		if _, err := env.Txn.Lock(ctx, keys, kv.LockOptions{Mode: t.mode, Timeout: env.LockTimeout}); err != nil {
			if t.recheck && env.isConflict(err) {
				conflict = err
				return nil
			}
			return rowConflict(ctx, env, t.table, keys, err)
		}
		return verifyPoints(ctx, env, t.table, handles, refs)
	})
	switch {
	case err != nil:
	case conflict != nil:
		if err = rows.leave(t); err == nil {
			err = conflict
		}
	default:
		err = env.foundAll(ctx, t.table)
	}
	if err != nil {
		rows.clear()
		return nil, err
	}
	return rows, nil
}

// leave notes the rows for the next run of the statement.
func (t *targetRows) leave(of targets) error {
	env := t.held.env
	found := newFoundRows(env)
	for k := range t.chunks {
		batch, err := t.chunk(k)
		if batch == nil && err == nil {
			continue
		}
		for row := 0; err == nil && row < int(batch.NumRows()); row++ {
			err = found.add(handleKey(of.table, types.DatumAt(batch.Column(of.handle), row).Bytes()))
		}
		if batch != nil {
			batch.Release()
		}
		if err != nil {
			found.held.close()
			return err
		}
	}
	env.found = found
	return nil
}

// take notes the rows of a batch that became the chunks from first on.
func (t *targetRows) take(first int, refs []rowRef) {
	t.count += len(refs)
	if len(t.chunks) == first+1 && first == 0 { // most statements have one chunk
		t.refs = append(t.refs, refs)
		return
	}
	before := 0 // rows of the batch in earlier chunks
	for k := first; k < len(t.chunks); k++ {
		end := before + t.chunkRows(k)
		var own []rowRef
		for len(refs) > 0 && refs[0].row() < end {
			own = append(own, refOf(k, refs[0].row()-before))
			refs = refs[1:]
		}
		t.refs = append(t.refs, own)
		before = end
	}
}

func (t *targetRows) clear() {
	if t.stats != nil {
		t.stats.MemoryPeak += t.held.peak
	}
	t.rowBuffer.clear()
	t.held.close()
}

// chunk is the batch of the rows of chunk k that are to be changed, nil if
// there are none; the caller releases it.
func (t *targetRows) chunk(k int) (arrow.RecordBatch, error) {
	if len(t.refs[k]) == 0 {
		return nil, nil
	}
	if len(t.refs[k]) == t.chunkRows(k) {
		batch, err := t.rowBuffer.chunk(k)
		if err == nil {
			batch.Retain()
		}
		return batch, err
	}
	return t.gather(t.refs[k])
}
