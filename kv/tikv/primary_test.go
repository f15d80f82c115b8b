package tikv

import (
	"errors"
	"testing"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/kv"
)

// TestPrimaryNotWritten checks which key decides over transactions that do not
// write what they lock first: one that is locked, and by which whoever meets a
// lock finds the commit. It was the first written, which need not be locked,
// while locks named another.
func TestPrimaryNotWritten(t *testing.T) {
	s, _ := twoNodes(t)
	large := make([]byte, oneRequest)
	for _, c := range []struct {
		name    string
		mode    kv.LockMode
		locked  []string // beside "first"
		value   []byte
		primary string // empty: the lock that is the transaction's own
	}{
		{name: "own lock", mode: kv.LockShare, value: large},
		{name: "own lock, few writes", mode: kv.LockShare, value: []byte("v")},
		{name: "row", mode: kv.LockNoKeyUpdate, value: large, primary: "a"},
		{name: "row, another written", mode: kv.LockNoKeyUpdate, locked: []string{"z"}, value: large, primary: "z"},
		{name: "row, another written, few writes", mode: kv.LockNoKeyUpdate, locked: []string{"z"}, value: []byte("v"), primary: "z"},
		{name: "row, few writes", mode: kv.LockNoKeyUpdate, value: []byte("v"), primary: "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			owner, older := begin(t, s), begin(t, s)
			owner.lock("first", kv.LockOptions{Mode: c.mode})
			for _, key := range c.locked {
				owner.lock(key, kv.LockOptions{Mode: kv.LockNoKeyUpdate})
			}
			for _, key := range []string{"a", "z"} {
				if err := owner.txn.PutUnchecked(kv.Key(key), c.value); err != nil {
					t.Fatal(err)
				}
			}
			begun := owner.txn.(*txn).beginTS
			primary := s.keys.stored(kv.Key(c.primary))
			if c.primary == "" {
				primary = sharedKey(s.keys.stored(kv.Key("first")), c.mode, begun)
			}
			at, err := owner.txn.Commit(ctx, false)
			if err != nil {
				t.Fatal(err)
			}
			status, err := s.client.GetLockResolver().GetTxnStatus(uint64(begun), uint64(at), primary)
			if err != nil {
				t.Fatal(err)
			}
			if kv.Timestamp(status.CommitTS()) != at {
				t.Errorf("the primary says %v, want a commit at %d", status, at)
			}
			older.lock("first", exclusive) // nobody changed that row
			older.txn.Rollback()
		})
	}
}

// TestCommitAfterRollback has somebody take a transaction without locks for dead
// before its decisive key is written: the commit has to fail as a whole. Over
// the model servers look at all keys, so this needs a cluster.
func TestCommitAfterRollback(t *testing.T) {
	client, err := connect(ctx, Config{PDs: testcluster.PDs(t), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Prefix: "test/" + t.Name() + "/", GCInterval: -1, Logger: quiet}
	s, err := newStore(ctx, client, cfg.withDefaults(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	late := begin(t, s)
	value := make([]byte, oneRequest)
	for _, key := range []string{"a", "b", "c"} {
		if err := late.txn.PutUnchecked(kv.Key(key), value); err != nil {
			t.Fatal(err)
		}
	}
	begun := late.txn.(*txn).beginTS
	if _, err := s.client.GetLockResolver().GetTxnStatus(uint64(begun), uint64(begun), s.keys.stored(kv.Key("a"))); err != nil {
		t.Fatal(err)
	}
	if _, err := late.txn.Commit(ctx, false); err == nil || errors.Is(err, kv.ErrClosed) {
		t.Errorf("a transaction that was rolled back committed: %v", err)
	}
	if _, found, err := begin(t, s).txn.Get(ctx, kv.Key("a")); err != nil || found {
		t.Errorf("its primary is there: %v, %v", found, err)
	}
}
