package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// destroyQueue holds the spans that are to be destroyed. Each is a durable
// record (docs/formats/kv.md) from the call until the span is gone, so that a
// restart goes on with it.
type destroyQueue struct {
	mu    sync.Mutex
	next  uint64 // number of the next record
	queue []destruction
}

// destruction is a span whose versions up to ts go when the horizon reaches ts.
type destruction struct {
	number uint64
	ts     kv.Timestamp
	span   kv.Span
}

// DestroyRange implements kv.Store. Versions that are written after the call
// stay.
func (s *Store) DestroyRange(_ context.Context, span kv.Span) error {
	if s.closing.Load() {
		return kv.ErrClosed
	}
	if len(span.End) > 0 && bytes.Compare(span.Start, span.End) >= 0 {
		return nil
	}
	ts, err := s.oracle.fresh()
	if err != nil {
		return err
	}
	q := &s.collector.destroy
	q.mu.Lock()
	defer q.mu.Unlock()
	d := destruction{number: q.next, ts: ts, span: kv.Span{Start: bytes.Clone(span.Start), End: bytes.Clone(span.End)}}
	b := s.db.NewBatch()
	if err := b.Set(destroyKey(d.number), d.encode(), nil); err != nil {
		return storageError(err)
	}
	if err := s.write(b, s.durable); err != nil {
		return err
	}
	q.next++
	q.queue = append(q.queue, d)
	return nil
}

func destroyKey(number uint64) []byte {
	return metaKey(fmt.Sprintf("%s%016x", metaDestroy, number))
}

func (d *destruction) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(d.ts))
	b = binary.AppendUvarint(b, uint64(len(d.span.Start)))
	b = append(b, d.span.Start...)
	return append(b, d.span.End...)
}

func (d *destruction) decode(b []byte) bool {
	if len(b) < 9 {
		return false
	}
	d.ts = kv.Timestamp(binary.BigEndian.Uint64(b))
	n, w := binary.Uvarint(b[8:])
	if w <= 0 || n > uint64(len(b)-8-w) {
		return false
	}
	b = b[8+w:]
	d.span = kv.Span{Start: bytes.Clone(b[:n]), End: bytes.Clone(b[n:])}
	return true
}

// load reads the records that a former process left.
func (q *destroyQueue) load(s *Store) error {
	prefix := append([]byte{spaceMeta}, metaDestroy...)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: append(bytes.Clone(prefix), 0), UpperBound: append(bytes.Clone(prefix), 0xff, 0)})
	if err != nil {
		return storageError(err)
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		var d destruction
		name := it.Key()[len(prefix) : len(it.Key())-1]
		v, err := it.ValueAndErr()
		if err != nil {
			return storageError(err)
		}
		if _, err := fmt.Sscanf(string(name), "%x", &d.number); err != nil || !d.decode(v) {
			return pgerror.New(pgerror.DataCorrupted, "data is corrupted: malformed record %q of the store", it.Key())
		}
		q.queue = append(q.queue, d)
		q.next = max(q.next, d.number+1)
	}
	return storageError(it.Error())
}

// run destroys what is due.
func (q *destroyQueue) run(s *Store, horizon kv.Timestamp) error {
	for {
		q.mu.Lock()
		if len(q.queue) == 0 || q.queue[0].ts > horizon {
			q.mu.Unlock()
			return nil
		}
		d := q.queue[0]
		q.mu.Unlock()
		if err := s.destroy(d, horizon); err != nil {
			return err
		}
		q.mu.Lock()
		q.queue = q.queue[1:]
		q.mu.Unlock()
	}
}

// destroy removes the versions of one span up to its timestamp.
func (s *Store) destroy(d destruction, horizon kv.Timestamp) error {
	start, end := appendPrefix(nil, d.span.Start), appendSpanEnd(nil, d.span.End)
	// No commit may get between the look at newer versions and the deletion.
	s.destroying.Lock()
	newer, err := s.hasNewer(start, end, d.ts)
	if err != nil {
		s.destroying.Unlock()
		return err
	}
	b := s.db.NewBatch()
	err = s.putHorizon(b, horizon)
	if !newer {
		err = errors.Join(err, b.DeleteRange(start, end, nil), b.Delete(destroyKey(d.number), nil))
	}
	if err == nil {
		if !newer {
			s.destroyed.add(start, end)
		}
		err = s.write(b, s.durable)
	}
	s.destroying.Unlock()
	if err == nil && newer {
		err = s.destroyOld(d, start, end)
	}
	// Who reads from this timestamp on finds them gone.
	s.oracle.published.Add(1) // iterators that were opened before are out of date
	after, freshErr := s.oracle.fresh()
	if freshErr != nil {
		after = math.MaxInt64 // nothing is kept any more
	}
	s.rows.clear(after)
	s.tellDestroyed(d.span)
	return storageError(err)
}

// hasNewer reports whether a span has versions newer than ts. It reads only
// blocks that may have some.
func (s *Store) hasNewer(start, end []byte, ts kv.Timestamp) (bool, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{
		KeyTypes:        pebble.IterKeyTypePointsOnly,
		LowerBound:      start,
		UpperBound:      end,
		PointKeyFilters: []pebble.BlockPropertyFilter{sstable.NewBlockIntervalFilter(propVersions, uint64(ts)+1, 1<<63, nil)},
	})
	if err != nil {
		return false, storageError(err)
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.NextPrefix() {
		if isVersion(it.Key()) && versionTimestamp(it.Key()) > ts {
			return true, nil
		}
	}
	return false, storageError(it.Error())
}

// destroyOld removes the versions of a span that was written again, one by one.
func (s *Store) destroyOld(d destruction, start, end []byte) error {
	it, err := s.db.NewIter(&pebble.IterOptions{KeyTypes: pebble.IterKeyTypePointsOnly, LowerBound: start, UpperBound: end})
	if err != nil {
		return storageError(err)
	}
	defer it.Close()
	b := s.db.NewBatch()
	for ok := it.First(); ok; ok = it.Next() {
		if !isVersion(it.Key()) || versionTimestamp(it.Key()) > d.ts {
			continue
		}
		if err := b.Delete(it.Key(), nil); err != nil {
			return storageError(err)
		}
		if b.Len() > 1<<20 {
			if err := s.write(b, false); err != nil {
				return err
			}
			b = s.db.NewBatch()
			if s.collector.stopped() {
				return kv.ErrClosed // goes on after the next start
			}
		}
	}
	if err := it.Error(); err != nil {
		return storageError(err)
	}
	if err := b.Delete(destroyKey(d.number), nil); err != nil {
		return storageError(err)
	}
	return s.write(b, s.durable)
}

// putHorizon stores the horizon with the deletions that it allows.
func (s *Store) putHorizon(b *pebble.Batch, horizon kv.Timestamp) error {
	return storageError(b.Set(metaKey(metaHorizon), binary.BigEndian.AppendUint64(nil, uint64(s.snapshots.stored(horizon))), nil))
}
