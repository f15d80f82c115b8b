package tikv

import (
	"errors"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestSnapshotsAfterLapse has a node stand still for longer than others count on
// it, and write its record anew before anybody reads. What was collected meanwhile
// is not known: snapshots from before are gone, those taken since are not, be they of
// the past.
func TestSnapshotsAfterLapse(t *testing.T) {
	cfg := Config{Prefix: t.Name() + "/", GCInterval: time.Hour, Logger: quiet}
	s, err := newStore(ctx, newMock(t)(t), cfg.withDefaults(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the end of a test
	now, err := s.Now(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ago := func(d time.Duration) kv.Timestamp { return kv.TimestampAt(now.Time().Add(-d)) }
	open := func(took kv.Timestamp) *txn {
		x := s.newTxn(&s.keys, took)
		s.gc.open(&x.held, took)
		return x
	}
	old, recent := open(ago(time.Minute)), open(ago(time.Second))
	defer old.Rollback()
	defer recent.Rollback()
	if _, _, err := old.Get(ctx, kv.Key("k")); err != nil {
		t.Fatal(err)
	}
	s.gc.lease.until.Store(uint64(ago(20 * time.Second)))
	if err := s.gc.publish(ctx); err != nil {
		t.Fatal(err)
	}
	if _, _, err := old.Get(ctx, kv.Key("k")); !errors.Is(err, errSnapshotTooOld) {
		t.Errorf("a snapshot from before a lapse is read: %v", err)
	}
	if _, _, err := recent.Get(ctx, kv.Key("k")); err != nil {
		t.Errorf("a snapshot of a second ago: %v", err)
	}
	past, err := s.Snapshot(ctx, ago(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer past.Close()
	if _, _, err := past.Get(ctx, kv.Key("k")); err != nil {
		t.Errorf("a snapshot of the past, taken since: %v", err)
	}
	if err := old.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if _, _, err := old.Get(ctx, kv.Key("k")); err != nil {
		t.Errorf("a transaction that took a new snapshot: %v", err)
	}
}
