package executor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// maxLockedKeys is how many unique keys one INSERT locks. Beyond it (bulk
// loads) collisions with concurrent transactions are left to the check at
// commit, which answers 40001 where a lock would have waited.
const maxLockedKeys = 50_000

// uniqueKey is a key that a row to be written must be alone with.
type uniqueKey struct {
	key   kv.Key
	row   int
	index int // position in Table.Indexes
}

// uniqueKeys collects the unique keys of a batch of new rows.
func (w *tableWriter) uniqueKeys(im *rowImages, handles [][]byte) ([]uniqueKey, error) {
	out := make([]uniqueKey, 0, im.n)
	var arena []byte
	for i := range im.n {
		var handle []byte
		if handles != nil {
			handle = handles[i]
		}
		keys, err := w.writer.UniqueKeys(im.at(i), handle)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			start := len(arena)
			arena = append(arena, k.Key...)
			out = append(out, uniqueKey{key: arena[start:len(arena):len(arena)], row: i, index: k.Index})
		}
	}
	return out, nil
}

// conflict is a row whose unique key another row has.
type conflict struct {
	row, index int
}

// earlier is c, or k's row if that comes before it.
func (c *conflict) earlier(k uniqueKey) *conflict {
	if c == nil || k.row < c.row || (k.row == c.row && k.index < c.index) {
		return &conflict{row: k.row, index: k.index}
	}
	return c
}

// latestConflict looks, after a write conflict, for keys that were committed
// since the snapshot. At REPEATABLE READ these are duplicates like others
// (23505), though the snapshot does not show them; READ COMMITTED runs again.
func (w *tableWriter) latestConflict(ctx context.Context, keys []uniqueKey, cause error) (*conflict, error) {
	if w.env.ReadCommitted || !errors.Is(cause, kv.ErrWriteConflict) {
		return nil, nil
	}
	list := make([]kv.Key, len(keys))
	for i, k := range keys {
		list[i] = k.key
	}
	var first *conflict
	err := eachLatest(ctx, w.env.Txn, list, func(i int) { first = first.earlier(keys[i]) })
	return first, err
}

// eachLatest calls found for the keys that exist in what is committed now.
func eachLatest(ctx context.Context, txn kv.Txn, keys []kv.Key, found func(i int)) error {
	if _, ok := txn.(kv.LatestReader); !ok {
		return nil
	}
	return AtLatest(txn, func() error {
		return txn.GetMany(ctx, keys, func(i int, _ []byte) error {
			found(i)
			return nil
		})
	})
}

// claim locks new rows' unique keys and looks for rows that have them. It
// returns the first row in conflict, with the store or with an earlier row of
// the batch.
func (w *tableWriter) claim(ctx context.Context, keys []uniqueKey, locked *int) (*conflict, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	byKey := func(a, b uniqueKey) int {
		if c := bytes.Compare(a.key, b.key); c != 0 {
			return c
		}
		return a.row - b.row
	}
	if !slices.IsSortedFunc(keys, byKey) {
		slices.SortFunc(keys, byKey)
	}
	w.writer.Locked = *locked+len(keys) <= maxLockedKeys
	if w.writer.Locked {
		*locked += len(keys)
		if err := w.lockKeys(ctx, keys); err != nil {
			if first, latestErr := w.latestConflict(ctx, keys, err); first != nil || latestErr != nil {
				return first, latestErr
			}
			return nil, err
		}
	}
	var first *conflict
	found := func(k uniqueKey) { first = first.earlier(k) }
	for i := 1; i < len(keys); i++ {
		if bytes.Equal(keys[i-1].key, keys[i].key) {
			found(keys[i])
		}
	}
	for len(keys) > 0 { // one run for each index: their keys lie apart
		n := 1
		for n < len(keys) && keys[n].index == keys[0].index {
			n++
		}
		if err := w.probe(ctx, keys[:n], found); err != nil {
			return nil, err
		}
		keys = keys[n:]
	}
	return first, nil
}

func (w *tableWriter) lockKeys(ctx context.Context, keys []uniqueKey) error {
	list := make([]kv.Key, len(keys))
	for i, k := range keys {
		list[i] = k.key
	}
	_, err := w.env.Txn.Lock(ctx, list, kv.LockOptions{Mode: kv.LockUpdate, Timeout: w.env.LockTimeout})
	return lockError(err, w.table)
}

// probeByScan is from how many keys on a scan over their range is tried
// before single gets: bulk loads mostly append, and find nothing there.
const probeByScan = 16

// probe calls found for the keys (sorted, of one index) that exist.
func (w *tableWriter) probe(ctx context.Context, keys []uniqueKey, found func(uniqueKey)) error {
	if len(keys) >= probeByScan {
		rest, err := w.probeScan(ctx, keys, found)
		if err != nil {
			return err
		}
		keys = rest
	}
	if len(keys) == 0 {
		return nil
	}
	list := make([]kv.Key, len(keys))
	for i, k := range keys {
		list[i] = k.key
	}
	return w.env.Txn.GetMany(ctx, list, func(i int, _ []byte) error {
		found(keys[i])
		return nil
	})
}

// probeScan walks the range of the keys and returns those it did not get to:
// it gives up where there is much else in between.
func (w *tableWriter) probeScan(ctx context.Context, keys []uniqueKey, found func(uniqueKey)) ([]uniqueKey, error) {
	end := append(append([]byte(nil), keys[len(keys)-1].key...), 0)
	it, err := w.env.Txn.Scan(ctx, kv.Span{Start: keys[0].key, End: end}, kv.ScanOptions{KeysOnly: true, BatchSize: 64})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	for budget := 2 * len(keys); budget > 0; {
		pairs, err := it.NextBatch(ctx)
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		budget -= len(pairs)
		for _, p := range pairs {
			for len(keys) > 0 && bytes.Compare(keys[0].key, p.Key) < 0 {
				keys = keys[1:]
			}
			for len(keys) > 0 && bytes.Equal(keys[0].key, p.Key) {
				found(keys[0])
				keys = keys[1:]
			}
		}
	}
	return keys, nil
}

// duplicate is the error for a row whose key in an index exists.
func (w *tableWriter) duplicate(row rowstore.Row, index int) error {
	ix := &w.table.Indexes[index]
	return w.env.uniqueError(w.table, ix, w.keyTextOf(row, index, ix))
}

func (w *tableWriter) keyTextOf(row rowstore.Row, index int, ix *catalog.Index) string {
	return w.env.keyText(w.table, ix, func(i int) types.Datum {
		if n := ix.Columns[i].Num; n > 0 {
			return row.Values[n-1]
		}
		return row.Exprs[index][i]
	})
}
