package embedded

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestEarlyLockRelease: while a commit waits for its sync, its row can be
// locked, and its version read by who locked it and by nobody else; and who
// read it is not acknowledged before it is durable.
func TestEarlyLockRelease(t *testing.T) {
	var gate atomic.Pointer[chan struct{}]
	var waiting atomic.Int32
	fs := &syncHook{FS: vfs.NewMem(), fn: func() {
		if ch := gate.Load(); ch != nil {
			waiting.Add(1)
			<-*ch
		}
	}}
	s := openTest(t, Config{FS: fs, Dir: "db"})
	put(t, s, "a", "old")

	closed := make(chan struct{})
	gate.Store(&closed)
	start := func(txn kv.Txn) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := txn.Commit(ctx, false)
			done <- err
		}()
		return done
	}
	lock := func(txn kv.Txn, key string, opts kv.LockOptions) error {
		opts.Timeout = 10 * time.Second
		_, err := txn.Lock(ctx, []kv.Key{kv.Key(key)}, opts)
		return err
	}
	read := func(txn kv.Txn, want string) {
		t.Helper()
		if v, _, err := txn.Get(ctx, []byte("a")); err != nil || string(v) != want {
			t.Errorf("read %q, %v; want %q", v, err, want)
		}
	}

	first, other := begin(t, s), begin(t, s)
	defer other.Rollback()
	for key, opts := range map[string]kv.LockOptions{
		"a":       {Mode: kv.LockUpdate},
		"table":   {Mode: kv.LockKeyShare, NoConflictCheck: true},
		"catalog": {Mode: kv.LockUpdate, UntilVisible: true},
	} {
		if err := lock(first, key, opts); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Put([]byte("a"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	before := begin(t, s)
	defer before.Rollback()
	acknowledged := []chan error{start(first)}
	for waiting.Load() == 0 {
		time.Sleep(time.Millisecond)
	}

	for _, writes := range []bool{false, true} {
		next := begin(t, s)
		if err := lock(next, "a", kv.LockOptions{Mode: kv.LockUpdate}); !errors.Is(err, kv.ErrWriteConflict) {
			t.Fatal(err)
		}
		if err := next.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		read(next, "new")
		if writes {
			if err := next.Put([]byte("a"), []byte("newer")); err != nil {
				t.Fatal(err)
			}
			acknowledged = append(acknowledged, start(next))
			continue
		}
		acknowledged = append(acknowledged, start(next))
		for { // until its commit has given up the lock
			if err := lock(other, "a", kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.LockNoWait, NoConflictCheck: true}); err == nil {
				other.Rollback()
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	read(before, "old")
	after := begin(t, s)
	defer after.Rollback()
	read(after, "old")
	for _, key := range []string{"table", "catalog"} {
		err := lock(after, key, kv.LockOptions{Mode: kv.LockUpdate, Wait: kv.LockNoWait, NoConflictCheck: true})
		if err == nil || !strings.Contains(err.Error(), "could not obtain lock") {
			t.Errorf("lock on %q while the commit is not visible: %v", key, err)
		}
	}
	for i, done := range acknowledged {
		if len(done) > 0 {
			t.Errorf("commit %d was acknowledged before the first was durable", i)
		}
	}
	gate.Store(nil)
	close(closed)
	for _, done := range acknowledged {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	last := begin(t, s)
	defer last.Rollback()
	read(last, "newer")
}
