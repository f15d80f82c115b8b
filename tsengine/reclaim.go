package tsengine

import (
	"context"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// Partitions whose bytes in the store exceed those of their runs by more than a
// quarter and this much hold what packing left.
const reclaimSlack = 64 << 10

// reclaim frees what packing left in partitions: the deltas and runs that were
// replaced, which else stay for reads of the past. Neighbours are done at once.
func (p *Packer) reclaim(ctx context.Context, l *Layout, parts []Partition) error {
	store, ok := p.Store.(kv.Reclaimer)
	if !ok {
		return nil
	}
	var span kv.Span
	for i := range parts {
		own := prefixSpan(parts[i].Prefix)
		large, err := p.hasLeft(ctx, l, own)
		switch {
		case err != nil:
			return err
		case large && span.Start == nil:
			span = own
		case large:
			span.End = own.End
		}
		if span.Start != nil && (!large || i == len(parts)-1) {
			if err := store.Reclaim(ctx, span); err != nil {
				return err
			}
			span = kv.Span{}
		}
	}
	return nil
}

// hasLeft reports whether a partition takes much more space than its runs.
func (p *Packer) hasLeft(ctx context.Context, l *Layout, span kv.Span) (bool, error) {
	size, err := p.Store.ApproximateSize(ctx, span)
	if err != nil {
		return false, err
	}
	txn, err := p.Store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return false, err
	}
	defer txn.Rollback()
	live, err := block.RunBytes(ctx, txn, l.Table.Name, span.Start)
	return size > uint64(live)+uint64(live)/4+reclaimSlack, err
}

// prefixSpan spans what is stored of a partition.
func prefixSpan(prefix kv.Key) kv.Span {
	return kv.Span{Start: prefix, End: append(prefix[:len(prefix):len(prefix)], 0xff)}
}
