package tikv

import (
	"context"

	tikverr "github.com/tikv/client-go/v2/error"
	"github.com/tikv/client-go/v2/txnkv/txnsnapshot"

	"github.com/tidemarkdb/tidemark/kv"
)

// snapshot returns a reader of the cluster. Each read has one of its own: they
// remember what they read, without bound, and are for one goroutine.
func (t *txn) snapshot() *txnsnapshot.KVSnapshot {
	s := t.ofLeader()
	t.direct(s)
	return s
}

// ofLeader is snapshot wherever the transaction reads from.
func (t *txn) ofLeader() *txnsnapshot.KVSnapshot {
	return t.store.client.GetSnapshot(uint64(t.readTS))
}

// usable says why the transaction cannot read, if so.
func (t *txn) usable() error {
	switch {
	case t.ended || t.store.closed.Load():
		return kv.ErrClosed
	case t.store.gc.lost(t.readAt, max(t.readTS, t.takenTS)):
		return errSnapshotTooOld
	}
	return nil
}

// Get implements kv.Reader.
func (t *txn) Get(ctx context.Context, key kv.Key) ([]byte, bool, error) {
	return t.get(ctx, key, &t.writes)
}

func (t *txn) get(ctx context.Context, key kv.Key, own *writes) ([]byte, bool, error) {
	if err := t.usable(); err != nil {
		return nil, false, err
	}
	if w := own.get(key); w != nil {
		return w.value, !w.deleted, nil
	}
	entry, err := t.snapshot().Get(ctx, t.keys.stored(key))
	switch {
	case tikverr.IsErrNotFound(err):
		return nil, false, nil
	case err != nil:
		return nil, false, t.store.translate(ctx, err)
	}
	return decodeValue(entry.Value), true, nil
}

// GetMany implements kv.Reader.
func (t *txn) GetMany(ctx context.Context, keys []kv.Key, fn func(i int, value []byte) error) error {
	return t.getMany(ctx, keys, &t.writes, fn)
}

// getManyStep is how many keys are asked for at a time.
const getManyStep = 1024

func (t *txn) getMany(ctx context.Context, keys []kv.Key, own *writes, fn func(i int, value []byte) error) error {
	if err := t.usable(); err != nil {
		return err
	}
	for start := 0; start < len(keys); start += getManyStep {
		if err := t.getStep(ctx, keys[start:min(start+getManyStep, len(keys))], own, func(i int, value []byte) error {
			return fn(start+i, value)
		}); err != nil {
			return err
		}
	}
	return nil
}

func (t *txn) getStep(ctx context.Context, keys []kv.Key, own *writes, fn func(i int, value []byte) error) error {
	written := make([]*write, len(keys))
	var ask [][]byte
	for i, key := range keys {
		if written[i] = own.get(key); written[i] == nil {
			ask = append(ask, t.keys.stored(key))
		}
	}
	found, err := t.batchGet(ctx, ask)
	if err != nil {
		return err
	}
	for i, w := range written {
		var value []byte
		if w != nil {
			if w.deleted {
				continue
			}
			value = w.value
		} else {
			v, ok := found[string(t.keys.stored(keys[i]))]
			if !ok {
				continue
			}
			value = v
		}
		if err := fn(i, value); err != nil {
			return err
		}
	}
	return nil
}

// batchGet reads stored keys of the cluster.
func (t *txn) batchGet(ctx context.Context, stored [][]byte) (map[string][]byte, error) {
	if len(stored) == 0 {
		return nil, nil
	}
	entries, err := t.snapshot().BatchGet(ctx, stored)
	if err != nil {
		return nil, t.store.translate(ctx, err)
	}
	out := make(map[string][]byte, len(entries))
	for k, e := range entries {
		if len(e.Value) > 0 {
			out[k] = decodeValue(e.Value)
		}
	}
	return out, nil
}
