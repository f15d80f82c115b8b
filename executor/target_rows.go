package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// targetRows are the rows that UPDATE or DELETE found: all of them are read
// from the statement's snapshot before the first is changed. A row that was
// found twice (UPDATE FROM) counts once.
type targetRows struct {
	*rowBuffer
	held reservation
	refs [][]rowRef // of chunk k: the rows to change
}

// collectTargets drains input and locks the rows; handle is the column of
// their handles. A row that changed since the snapshot fails the statement
// with kv.ErrWriteConflict, its lock kept: session runs it again.
func collectTargets(ctx context.Context, env *Env, input Operator, t *catalog.Table, handle int, mode kv.LockMode) (*targetRows, error) {
	rows := &targetRows{rowBuffer: newRowBuffer(env, input.Schema()), held: reservation{env: env}}
	seen := newKeyTable([]types.Type{types.Of(types.Bytea)}, nil)
	err := drain(ctx, input, func(batch arrow.RecordBatch) error {
		chunk := len(rows.chunks)
		if err := rows.add(batch); err != nil {
			return err
		}
		handles := batch.Column(handle)
		_, sel := insertNew(seen, []arrow.Array{handles}, int(batch.NumRows()), nil, nil)
		if err := rows.held.set(seen.bytes()); err != nil {
			return err
		}
		refs := make([]rowRef, 0, len(sel))
		keys := make([]kv.Key, 0, len(sel))
		for _, row := range sel {
			key := handleKey(t, types.DatumAt(handles, int(row)).Bytes())
			if env.changedHere(key) {
				continue
			}
			refs = append(refs, refOf(chunk, int(row)))
			keys = append(keys, key)
		}
		rows.refs = append(rows.refs, refs)
		if len(keys) == 0 {
			return nil
		}
		if _, err := env.Txn.Lock(ctx, keys, kv.LockOptions{Mode: mode, Timeout: env.LockTimeout}); err != nil {
			return lockError(err, t)
		}
		return verifyPoints(ctx, env, t, handles, refs)
	})
	if err != nil {
		rows.clear()
		return nil, err
	}
	return rows, nil
}

func (t *targetRows) clear() {
	t.rowBuffer.clear()
	t.held.close()
}

// chunk is the batch of the rows of chunk k that are to be changed, nil if
// there are none; the caller releases it.
func (t *targetRows) chunk(k int) (arrow.RecordBatch, error) {
	if len(t.refs[k]) == 0 {
		return nil, nil
	}
	if len(t.refs[k]) == int(t.chunks[k].NumRows()) {
		t.chunks[k].Retain()
		return t.chunks[k], nil
	}
	return t.gather(t.refs[k])
}
