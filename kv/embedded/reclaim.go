package embedded

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidemarkdb/tidemark/kv"
)

var _ kv.Reclaimer = (*Store)(nil)

// reclaimedSpan is a span of which versions may be gone that are older than those that
// ts sees, although the horizon has not come to ts yet.
type reclaimedSpan struct {
	span kv.Span
	ts   kv.Timestamp
}

// reclaimBatch is how large the batches of Reclaim's deletions become.
const reclaimBatch = 1 << 20

// Reclaim implements kv.Reclaimer:
//
//  1. From the oldest snapshot on, all may be read in the span; who comes for
//     an older one is refused there from now on.
//  2. What is older is deleted, version by version: whatever is committed
//     meanwhile is not touched. Should this not be done before a crash, or come back
//     in it, it is garbage still. The horizon is stored with it as in cleaning, as a
//     restart does not remember spans.
//  3. The tables of the span are merged, so that nothing is left of it.
func (s *Store) Reclaim(ctx context.Context, span kv.Span) (err error) {
	if len(span.End) > 0 && bytes.Compare(span.Start, span.End) >= 0 {
		return nil
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return kv.ErrClosed
	}
	s.collector.done.Add(1) // Close waits
	s.mu.Unlock()
	defer s.collector.done.Done()
	if err := s.writable(0); err != nil {
		return err
	}
	start, end := appendPrefix(nil, span.Start), appendSpanEnd(nil, span.End)
	if err := s.reclaim(ctx, start, end, s.snapshots.reclaim(span)); err != nil {
		return err
	}
	defer s.wedge(&err)
	err = storageError(s.db.Compact(ctx, start, end, false))
	s.iters.trim(time.Now().Add(2 * maxIterAge)) // they hold tables
	return err
}

// reclaim is step 2.
func (s *Store) reclaim(ctx context.Context, start, end []byte, ts kv.Timestamp) error {
	s.collector.round.Lock()
	defer s.collector.round.Unlock()
	it, err := s.db.NewIter(&pebble.IterOptions{KeyTypes: pebble.IterKeyTypePointsOnly, LowerBound: start, UpperBound: end})
	if err != nil {
		return storageError(err)
	}
	defer it.Close()
	b := s.db.NewBatch()
	flush := func() error {
		if b.Empty() {
			return nil
		}
		if err := s.putHorizon(b, ts); err != nil {
			return err
		}
		err := s.write(b, false)
		b = s.db.NewBatch()
		return errors.Join(err, ctx.Err())
	}
	var seen []byte // the key whose version at ts was met
	for ok := it.First(); ok; ok = it.Next() {
		k := it.Key()
		if !isVersion(k) || versionTimestamp(k) > ts {
			continue
		}
		if key := k[:len(k)-suffixLen]; !bytes.Equal(key, seen) {
			seen = append(seen[:0], key...)
			v, err := it.ValueAndErr()
			if err != nil {
				return storageError(err)
			}
			if len(v) == 0 || v[0] != kindTombstone {
				continue
			}
		}
		if err := b.Delete(k, nil); err != nil {
			return storageError(err)
		}
		if b.Len() > reclaimBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return errors.Join(storageError(it.Error()), flush())
}

// reclaim notes that a span is about to be reclaimed, and returns the timestamp from
// which on snapshots find everything in it.
func (s *snapshots) reclaim(span kv.Span) kv.Timestamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	ts := s.needed()
	if ts > s.horizon {
		s.spans = append(s.spans, reclaimedSpan{kv.Span{Start: bytes.Clone(span.Start), End: bytes.Clone(span.End)}, ts})
		s.reclaimed = max(s.reclaimed, ts)
	}
	return ts
}

// gone reports whether a snapshot of the past may not read in a span any more.
func (s *snapshots) gone(ts kv.Timestamp, span kv.Span) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.spans {
		r := &s.spans[i]
		if ts < r.ts && (len(r.span.End) == 0 || bytes.Compare(span.Start, r.span.End) < 0) && (len(span.End) == 0 || bytes.Compare(r.span.Start, span.End) < 0) {
			return true
		}
	}
	return false
}

// forgetSpans leaves out those that the horizon has passed; the caller holds mu.
func (s *snapshots) forgetSpans() {
	kept := s.spans[:0]
	for _, r := range s.spans {
		if r.ts > s.horizon {
			kept = append(kept, r)
		}
	}
	clear(s.spans[len(kept):])
	s.spans = kept
}

// checkPast refuses a snapshot that was opened in the past to read what was reclaimed.
func (t *txn) checkPast(span kv.Span) error {
	if t.past && t.store.snapshots.gone(t.readTS, span) {
		return errSnapshotTooOld
	}
	return nil
}

// checkPastKey is checkPast of one key.
func (t *txn) checkPastKey(key kv.Key) error {
	if !t.past {
		return nil
	}
	return t.checkPast(kv.Span{Start: key, End: append(bytes.Clone(key), 0)})
}
