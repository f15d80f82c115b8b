package tsengine

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
)

// noteUnindexed notes that a table got points, perhaps of new series, for indexTags.
// The series of a table with one tag are mostly found by their id.
func (k *Keeper) noteUnindexed(t *catalog.Table) {
	if len(t.TimeSeries.Tags) < 2 || k.config.Packer.Cache == nil {
		return
	}
	if k.unindexed == nil {
		k.unindexed = map[uint64]*catalog.Table{}
	}
	k.unindexed[uint64(t.Storage)] = t
}

// indexTags indexes the tags of tables that got points, and of those that there were when
// the process began, so that the first statement with a condition on one of several tags
// does not have to; one that comes meanwhile waits for what is under way. A table whose series change too much just now is tried again.
func (k *Keeper) indexTags(ctx context.Context) {
	for storage, t := range k.unindexed {
		if ctx.Err() != nil {
			return
		}
		if done, err := k.indexTable(ctx, t); done || err != nil {
			delete(k.unindexed, storage) // a statement that wants the index says what is wrong
		}
	}
}

func (k *Keeper) indexTable(ctx context.Context, t *catalog.Table) (done bool, err error) {
	p := &k.config.Packer
	if p.Current != nil {
		if t, err = p.Current(ctx, t); t == nil || err != nil {
			return true, err
		}
	}
	txn, err := p.Store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return true, err
	}
	defer txn.Rollback()
	_, done, err = NewLayout(t).tagIndexes(ctx, txn, p.Cache)
	return done, err
}
