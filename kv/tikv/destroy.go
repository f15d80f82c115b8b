package tikv

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// DestroyRange implements kv.Store: it leaves a record, and the next rounds of
// garbage collection do it.
func (s *Store) DestroyRange(ctx context.Context, span kv.Span) error {
	if len(span.End) > 0 && bytes.Compare(span.Start, span.End) >= 0 {
		return nil
	}
	return s.gc.update(ctx, false, func(t *txn) error {
		key := binary.BigEndian.AppendUint64(kv.Key{'d'}, uint64(t.readTS))
		var id [8]byte
		if _, err := rand.Read(id[:]); err != nil {
			return err
		}
		value := binary.BigEndian.AppendUint32(nil, uint32(len(span.Start)))
		value = append(append(value, span.Start...), span.End...)
		return t.PutUnchecked(append(key, id[:]...), value)
	})
}

// destroy destroys the spans given up before the safe point.
func (c *collector) destroy(ctx context.Context, safe kv.Timestamp) error {
	now, err := c.store.Now(ctx)
	if err != nil {
		return err
	}
	records := c.store.newTxn(&c.store.records, now)
	defer records.Rollback()
	return each(ctx, records, destroySpan, func(p kv.KeyValue) error {
		span, at, err := readDestroyed(p)
		if err != nil || at >= safe {
			return err
		}
		if err := c.store.destroySpan(ctx, span); err != nil {
			return err
		}
		return c.update(ctx, false, func(t *txn) error { return t.DeleteUnchecked(bytes.Clone(p.Key)) })
	})
}

func readDestroyed(p kv.KeyValue) (span kv.Span, at kv.Timestamp, err error) {
	if len(p.Key) != 17 || len(p.Value) < 4 || len(p.Value) < 4+int(binary.BigEndian.Uint32(p.Value)) {
		return span, 0, pgerror.New(pgerror.DataCorrupted, "data is corrupted: malformed record %x of a destroyed range", p.Key)
	}
	n := 4 + int(binary.BigEndian.Uint32(p.Value))
	return kv.Span{Start: p.Value[4:n], End: p.Value[n:]}, kv.Timestamp(binary.BigEndian.Uint64(p.Key[1:])), nil
}

// destroySpan tells every store to drop the span's files, then deletes what is
// still seen: some servers drop whole files only, or nothing.
func (s *Store) destroySpan(ctx context.Context, span kv.Span) error {
	if len(s.keys.data) == 0 {
		stored := s.keys.storedSpan(span)
		if err := s.client.UnsafeDestroyRange(ctx, stored.Start, stored.End); err != nil {
			return s.translate(ctx, err)
		}
	}
	for {
		n, err := s.deleteSome(ctx, span)
		if err != nil || n == 0 {
			return err
		}
	}
}

// deleteStep is how many keys one transaction deletes.
const deleteStep = 2048

func (s *Store) deleteSome(ctx context.Context, span kv.Span) (n int, err error) {
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	t := s.newTxn(&s.keys, now)
	defer t.Rollback()
	it, err := t.Scan(ctx, span, kv.ScanOptions{KeysOnly: true, BatchSize: deleteStep})
	if err != nil {
		return 0, err
	}
	defer it.Close()
	batch, err := it.NextBatch(ctx)
	if isEnd(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, p := range batch {
		if err := t.DeleteUnchecked(p.Key); err != nil {
			return 0, err
		}
	}
	_, err = t.Commit(ctx, false)
	return len(batch), err
}
