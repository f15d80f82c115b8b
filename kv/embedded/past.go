package embedded

import (
	"context"

	"github.com/tidemarkdb/tidemark/kv"
)

// past reads a transaction as it was at a savepoint, at its present read
// timestamp: of its own writes those below the savepoint's offset.
type past struct {
	txn *txn
	sp  kv.Savepoint
}

var _ kv.PastReader = (*txn)(nil)

// Before implements kv.PastReader.
func (t *txn) Before(sp kv.Savepoint) kv.Reader { return &past{txn: t, sp: sp} }

// WrittenSince implements kv.PastReader.
func (t *txn) WrittenSince(sp kv.Savepoint, key kv.Key) bool {
	if t.write == nil || int(sp) >= len(t.savepoints) {
		return false
	}
	place := t.write.index.get(key)
	return place != nil && *place >= t.savepoints[sp].mark.end
}

// limit is the offset below which writes are seen. A savepoint before the first
// write has the offset 0.
func (p *past) limit() uint32 {
	if int(p.sp) >= len(p.txn.savepoints) {
		return allWrites
	}
	return p.txn.savepoints[p.sp].mark.end
}

// ReadTS implements kv.Reader.
func (p *past) ReadTS() kv.Timestamp { return p.txn.readTS }

// Get implements kv.Reader.
func (p *past) Get(_ context.Context, key kv.Key) ([]byte, bool, error) {
	return p.txn.get(key, p.limit())
}

// GetMany implements kv.Reader.
func (p *past) GetMany(ctx context.Context, keys []kv.Key, fn func(i int, value []byte) error) error {
	return p.txn.getMany(ctx, keys, p.limit(), fn)
}

// Scan implements kv.Reader.
func (p *past) Scan(_ context.Context, span kv.Span, opts kv.ScanOptions) (kv.Iterator, error) {
	return p.txn.scan(span, opts, p.limit())
}

// Close implements kv.Reader; the transaction lives on.
func (p *past) Close() {}
