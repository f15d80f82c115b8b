package embedded

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// crashWork commits number i to three keys at once, and a row of its own.
func crashWork(s *Store, i int, async bool) error {
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return err
	}
	v := fmt.Append(nil, i)
	for _, k := range []string{"x", "y", "z"} {
		if err := txn.Put([]byte(k), v); err != nil {
			return err
		}
	}
	if err := txn.PutUnchecked(fmt.Appendf(nil, "row%06d", i), []byte(strings.Repeat("r", 300))); err != nil {
		return err
	}
	if i%10 == 0 {
		if err := txn.Delete(fmt.Appendf(nil, "row%06d", i-5)); err != nil {
			return err
		}
	}
	_, err = txn.Commit(ctx, async)
	return err
}

// checkCrash checks that a store holds the state after one of the commits from
// acked to started, whole.
func checkCrash(t *testing.T, s *Store, acked, started int) {
	t.Helper()
	txn := begin(t, s)
	defer txn.Rollback()
	var x int
	v, found, err := txn.Get(ctx, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if found {
		_, _ = fmt.Sscan(string(v), &x)
	}
	if x < acked || x > started {
		t.Fatalf("commit %d is the last; acknowledged is %d, started %d", x, acked, started)
	}
	var want []string
	for i := 1; i <= x; i++ {
		if i%10 != 5 || x < i+5 {
			want = append(want, fmt.Sprintf("row%06d=%s", i, strings.Repeat("r", 300)))
		}
	}
	for _, k := range []string{"x", "y", "z"} {
		if x > 0 {
			want = append(want, fmt.Sprintf("%s=%d", k, x))
		}
	}
	got := scanAll(t, txn, kv.Span{}, kv.ScanOptions{})
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("after commit %d: %d pairs, want %d", x, len(got), len(want))
	}
}

// syncHook calls fn before and after every sync.
type syncHook struct {
	vfs.FS
	fn func()
}

func (h *syncHook) Unwrap() vfs.FS { return h.FS }

func (h *syncHook) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := h.FS.Create(name, c)
	return h.wrap(f), err
}

func (h *syncHook) ReuseForWrite(o, n string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := h.FS.ReuseForWrite(o, n, c)
	return h.wrap(f), err
}

func (h *syncHook) OpenDir(name string) (vfs.File, error) {
	f, err := h.FS.OpenDir(name)
	return h.wrap(f), err
}

func (h *syncHook) wrap(f vfs.File) vfs.File {
	if f == nil {
		return nil
	}
	return &hookedFile{File: f, fn: h.fn}
}

type hookedFile struct {
	vfs.File
	fn func()
}

func (f *hookedFile) Sync() error {
	f.fn()
	defer f.fn()
	return f.File.Sync()
}

func (f *hookedFile) SyncData() error {
	f.fn()
	defer f.fn()
	return f.File.SyncData()
}

func TestCrashAtEverySync(t *testing.T) {
	type image struct {
		fs             *vfs.MemFS
		acked, started int
	}
	var acked, started atomic.Int64
	var mu sync.Mutex
	var images []image
	mem := vfs.NewCrashableMem()
	rng := rand.New(rand.NewPCG(1, 2))
	hook := &syncHook{FS: mem, fn: func() {
		mu.Lock()
		defer mu.Unlock()
		a := int(acked.Load())
		cfg := vfs.CrashCloneCfg{}
		if n := len(images); n%3 > 0 {
			cfg = vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * (n % 3), RNG: rng}
		}
		images = append(images, image{mem.CrashClone(cfg), a, int(started.Load())})
	}}
	cfg := Config{
		Dir: "data", FS: hook, MemTableBytes: 64 << 10, GCLifetime: -1, GCInterval: time.Millisecond,
		Logger: slog.New(slog.DiscardHandler),
	}
	s, err := Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 400; i++ {
		started.Store(int64(i))
		if err := crashWork(s, i, i%7 == 0); err != nil {
			t.Fatal(err)
		}
		if i%7 != 0 {
			acked.Store(int64(i))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	step := max(1, len(images)/150)
	for i := 0; i < len(images); i += step {
		im := images[i]
		cfg.FS = im.fs
		s, err := Open(ctx, cfg)
		if err != nil {
			t.Fatalf("image %d of %d: %v", i, len(images), err)
		}
		checkCrash(t, s, im.acked, im.started)
		if err := s.Close(); err != nil {
			t.Fatalf("image %d: %v", i, err)
		}
	}
	t.Logf("%d images", len(images))
}

// TestCrashWhileMade: whatever of a new store the disk has at a sync, in
// whatever order it took it, opens.
func TestCrashWhileMade(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		var images []*vfs.MemFS
		mem := vfs.NewCrashableMem()
		hook := &syncHook{FS: mem, fn: func() {
			images = append(images, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng}))
		}}
		cfg := Config{Dir: "data", FS: hook, GCInterval: time.Hour, Logger: slog.New(slog.DiscardHandler)}
		s, err := Open(ctx, cfg)
		if err != nil {
			t.Fatal(err)
		}
		made := len(images)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for i, im := range images[:made] {
			cfg.FS = im
			s, err := Open(ctx, cfg)
			if err != nil {
				t.Fatalf("image %d of %d: %v", i, made, err)
			}
			if err := s.Close(); err != nil {
				t.Fatalf("image %d: %v", i, err)
			}
		}
	}
}

// A write error at the n-th write of any file: what was acknowledged before
// is there after a restart, what fails says so, reads go on.
func TestErrorAtNthWrite(t *testing.T) {
	for n := int64(1); n < 2000; n += 1 + n/8 {
		mem := vfs.NewCrashableMem()
		var count atomic.Int64
		inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
			switch op.Kind {
			case errorfs.OpFileWrite, errorfs.OpFileSync, errorfs.OpFileSyncData:
			default:
				return nil
			}
			// Tables are written again by Pebble; an error of theirs passes.
			if c := count.Add(1); c == n || c > n && strings.HasSuffix(op.Path, ".log") {
				return errors.New("injected error")
			}
			return nil
		})
		cfg := Config{
			Dir: "data", FS: errorfs.Wrap(mem, inject), GCLifetime: -1, GCInterval: time.Hour,
			Logger: slog.New(slog.DiscardHandler),
		}
		acked, started := 0, 0
		s, err := Open(ctx, cfg)
		if err == nil {
			for i := 1; i <= 300; i++ {
				started = i
				if err = crashWork(s, i, false); err != nil {
					break
				}
				acked = i
			}
			if err != nil {
				if code := pgerror.CodeOf(err); code != pgerror.StatementCompletionUnknown && code != pgerror.IoError {
					t.Fatalf("write %d: %s %v", n, code, err)
				}
				if err := crashWork(s, started+1, false); err == nil {
					t.Fatalf("write %d: a commit after the failure", n)
				}
				txn := begin(t, s)
				v, found, err := txn.Get(ctx, []byte("x"))
				if err != nil || found && string(v) < "0" || acked > 0 && !found {
					t.Fatalf("write %d: read after the failure: %q %v", n, v, err)
				}
				txn.Rollback()
			}
			_ = s.Close()
		}
		cfg.FS = mem.CrashClone(vfs.CrashCloneCfg{})
		s, err = Open(ctx, cfg)
		if err != nil {
			t.Fatalf("write %d: %v", n, err)
		}
		checkCrash(t, s, acked, started)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// On a full disk commits that are under way wait, new ones are refused, reads
// work, and everything goes on when there is space.
func TestDiskFull(t *testing.T) {
	mem := vfs.NewCrashableMem()
	var full atomic.Bool
	inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind == errorfs.OpFileWrite {
			return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
		}
		return nil
	})
	s := openTest(t, Config{Dir: "data", FS: errorfs.Wrap(mem, inject), GCInterval: time.Hour})
	if err := crashWork(s, 1, false); err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	done := make(chan error, 1)
	go func() { done <- crashWork(s, 2, false) }()
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if err = s.writable(0); err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if pgerror.CodeOf(err) != pgerror.DiskFull {
		t.Fatalf("writable: %v", err)
	}
	if err := crashWork(s, 3, false); pgerror.CodeOf(err) != pgerror.DiskFull {
		t.Fatalf("commit on a full disk: %v", err)
	}
	checkCrash(t, s, 1, 1)
	select {
	case err := <-done:
		t.Fatalf("the commit under way returned: %v", err)
	default:
	}
	full.Store(false)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := crashWork(s, 3, false); err != nil {
		t.Fatal(err)
	}
	checkCrash(t, s, 3, 3)
}

// A log whose end was not written whole is recovered up to there.
func TestTornLog(t *testing.T) {
	dir := t.TempDir()
	mem := vfs.NewCrashableMem()
	s := openTest(t, Config{Dir: "data", FS: mem, GCInterval: time.Hour})
	for i := 1; i <= 50; i++ {
		if err := crashWork(s, i, false); err != nil {
			t.Fatal(err)
		}
	}
	for cut := range 40 {
		image := mem.CrashClone(vfs.CrashCloneCfg{})
		into := filepath.Join(dir, fmt.Sprint(cut))
		if ok, err := vfs.Clone(image, vfs.Default, "data", into); err != nil || !ok {
			t.Fatal(ok, err)
		}
		logs, _ := filepath.Glob(filepath.Join(into, logDir, "*.log"))
		content, err := os.ReadFile(logs[len(logs)-1])
		if err != nil {
			t.Fatal(err)
		}
		end := len(bytes.TrimRight(content, "\x00")) // it is filled with zeros ahead
		if err := os.Truncate(logs[len(logs)-1], int64(end-cut*37)); err != nil {
			t.Fatal(err)
		}
		c := openTest(t, Config{Dir: into, GCInterval: time.Hour})
		checkCrash(t, c, 50-cut/10-2, 50)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Damage in the middle is reported with the file's name and never read.
func TestCorruption(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{Dir: dir, GCInterval: time.Hour, Logger: slog.New(slog.DiscardHandler)}
	s, err := Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 500; i++ {
		if err := crashWork(s, i, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tables, _ := filepath.Glob(filepath.Join(dir, "*.sst"))
	if len(tables) == 0 {
		t.Fatal("no table")
	}
	for _, table := range tables {
		flip(t, table, 1000)
	}
	s, err = Open(ctx, cfg)
	if err == nil {
		defer s.Close()
		txn := begin(t, s)
		defer txn.Rollback()
		var it kv.Iterator
		if it, err = txn.Scan(ctx, kv.Span{}, kv.ScanOptions{}); err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = it.NextBatch(ctx)
		}
		it.Close()
	}
	if errors.Is(err, io.EOF) {
		t.Fatal("corruption was not noticed")
	}
	name := strings.TrimSuffix(filepath.Base(tables[0]), ".sst")
	if pgerror.CodeOf(err) != pgerror.DataCorrupted || !strings.Contains(err.Error(), name) {
		t.Fatalf("%s: %v", pgerror.CodeOf(err), err)
	}
}

func TestCorruptLog(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := openTest(t, Config{Dir: "data", FS: mem, GCInterval: time.Hour})
	for i := 1; i <= 300; i++ {
		if err := crashWork(s, i, false); err != nil {
			t.Fatal(err)
		}
	}
	into := t.TempDir()
	if ok, err := vfs.Clone(mem.CrashClone(vfs.CrashCloneCfg{}), vfs.Default, "data", into); err != nil || !ok {
		t.Fatal(ok, err)
	}
	logs, _ := filepath.Glob(filepath.Join(into, logDir, "*.log"))
	flip(t, logs[len(logs)-1], 40_000)
	c, err := Open(ctx, Config{Dir: into, GCInterval: time.Hour, Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		defer c.Close()
	}
	name := strings.TrimSuffix(filepath.Base(logs[len(logs)-1]), ".log")
	if pgerror.CodeOf(err) != pgerror.DataCorrupted || !strings.Contains(err.Error(), name) {
		t.Fatalf("%s: %v", pgerror.CodeOf(err), err)
	}
}

func flip(t *testing.T, name string, at int64) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 16)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		b[i] ^= 0xff
	}
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// What tables have, the log has, too, although nobody waited for it: else a
// crash would put an older state over them.
func TestLogBeforeTables(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := openTest(t, Config{Dir: "data", FS: mem, GCInterval: time.Hour})
	if err := crashWork(s, 1, true); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	image := mem.CrashClone(vfs.CrashCloneCfg{})
	names, err := image.List("data/" + logDir)
	if err != nil || len(names) == 0 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range names {
		f, err := image.Open("data/" + logDir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("row000001")) {
			return
		}
	}
	t.Fatal("a table has what the log has not")
}
