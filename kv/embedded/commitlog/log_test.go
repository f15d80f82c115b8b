package commitlog

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"go.uber.org/goleak"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testConfig(fs vfs.FS) Config {
	return Config{
		FS: fs, Dir: "data/log", Logger: slog.New(slog.DiscardHandler), Failed: func(error) {},
		Flush: func() (<-chan struct{}, error) { return nil, nil }, // never done: no segment goes
	}
}

// newDisk returns a file system with a durable folder for the log's.
func newDisk(t *testing.T) *vfs.MemFS {
	t.Helper()
	fs := vfs.NewCrashableMem()
	root, err := fs.OpenDir("/")
	if err := errors.Join(err, fs.MkdirAll("data", 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(root.Sync(), root.Close()); err != nil {
		t.Fatal(err)
	}
	return fs
}

// open opens a log and returns what it held.
func open(cfg Config) (*Log, []string, error) {
	l, err := Open(cfg)
	if err != nil {
		return nil, nil, err
	}
	var got []string
	err = l.Recover(func(p []byte) error {
		got = append(got, string(p))
		return nil
	}, func() error { return nil })
	if err != nil {
		_ = l.Close()
		return nil, got, err
	}
	return l, got, nil
}

func mustOpen(t *testing.T, cfg Config) (*Log, []string) {
	t.Helper()
	l, got, err := open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, got
}

// put appends a record and says that it is applied.
func put(t *testing.T, l *Log, payload string) Entry {
	t.Helper()
	e, err := l.Append([]byte(payload), false)
	if err != nil {
		t.Fatal(err)
	}
	e.Applied()
	return e
}

func sync1(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
}

// content returns the bytes of a segment without the zeros at its end.
func content(t *testing.T, fs vfs.FS, number uint64) []byte {
	t.Helper()
	f, err := fs.Open("data/log/" + segmentName(number))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return b
}

// withSegments returns a file system with segments of a content.
func withSegments(t testing.TB, segments map[uint64][]byte) vfs.FS {
	t.Helper()
	fs := vfs.NewMem()
	if err := fs.MkdirAll("data/log", 0o700); err != nil {
		t.Fatal(err)
	}
	for number, b := range segments {
		f, err := fs.Create("data/log/"+segmentName(number), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(slices.Clone(b)); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return fs
}

// TestGolden keeps the bytes: what was written once is read for ever. The lines
// of `write` are records, but for sync and close; `read` reads a first segment.
func TestGolden(t *testing.T) {
	datadriven.RunTest(t, "testdata/segment", func(t *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "write":
			fs := vfs.NewMem()
			l, _ := mustOpen(t, testConfig(fs))
			for line := range strings.Lines(d.Input) {
				switch line = strings.TrimSpace(line); line {
				case "sync":
					sync1(t, l)
				case "close":
					if err := l.Close(); err != nil {
						t.Fatal(err)
					}
				default:
					put(t, l, line)
				}
			}
			return hex.Dump(content(t, fs, 1))
		case "read":
			b, err := hex.DecodeString(strings.Join(strings.Fields(d.Input), ""))
			if err != nil {
				t.Fatal(err)
			}
			l, got, err := open(testConfig(withSegments(t, map[uint64][]byte{1: b})))
			if err != nil {
				return fmt.Sprintf("%s: %v\n", pgerror.CodeOf(err), err)
			}
			_ = l.Close()
			return strings.Join(got, "\n") + "\n"
		}
		t.Fatalf("unknown command %q", d.Cmd)
		return ""
	})
}

// TestTornOrDamaged cuts a log at every byte, and damages every byte of it:
// what was known to be synced is never left out silently, and what is torn is
// left out.
func TestTornOrDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	fs := vfs.NewMem()
	l, _ := mustOpen(t, testConfig(fs))
	const records = 20
	var want []string
	for i := range records {
		if i < 15 && rng.IntN(3) == 0 {
			sync1(t, l)
		}
		want = append(want, strings.Repeat(fmt.Sprint(i), 1+rng.IntN(20)))
		put(t, l, want[i])
	}
	sync1(t, l)
	whole := content(t, fs, 1)

	// What the bytes say: where records end, and what was known of them.
	ends, durable := []int{segmentHeaderLen}, uint64(0)
	for at := segmentHeaderLen; at < len(whole); {
		h := decodeHeader(whole[at:])
		at += headerLen + int(h.length)
		ends = append(ends, at)
		durable = h.durable
	}
	if len(ends) != records+1 || durable < 5 || durable > 15 {
		t.Fatalf("%d records, %d of them known durable", len(ends)-1, durable)
	}
	for at := range len(whole) {
		n, _ := slices.BinarySearch(ends, at+1) // records before the one of this byte, plus one
		before := max(n-1, 0)
		if at >= segmentHeaderLen {
			l, got, err := open(testConfig(withSegments(t, map[uint64][]byte{1: whole[:at]})))
			if err != nil || !slices.Equal(got, want[:before]) {
				t.Fatalf("cut at %d: %q, %v; want %d records", at, got, err, before)
			}
			_ = l.Close()
		}
		broken := slices.Clone(whole)
		broken[at] ^= byte(1 + rng.IntN(255))
		l, got, err := open(testConfig(withSegments(t, map[uint64][]byte{1: broken})))
		if at < segmentHeaderLen || uint64(before) < durable {
			if pgerror.CodeOf(err) != pgerror.DataCorrupted || !strings.Contains(err.Error(), "log/"+segmentName(1)) {
				t.Fatalf("damaged at %d, in record %d: %q, %v", at, before+1, got, err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, want[:before]) {
			t.Fatalf("damaged at %d: %q, %v; want %d records", at, got, err, before)
		}
		_ = l.Close()
	}
}

// TestSegments: full segments go in order when they were flushed, and what is
// left is the end of the log.
func TestSegments(t *testing.T) {
	fs := newDisk(t)
	cfg := testConfig(fs)
	cfg.SegmentBytes = 4 << 10
	flushes := make(chan chan struct{})
	cfg.Flush = func() (<-chan struct{}, error) {
		done := make(chan struct{})
		flushes <- done
		return done, nil
	}
	l, _ := mustOpen(t, cfg)
	var want []string
	write := func(n int) {
		for range n {
			want = append(want, fmt.Sprintf("%04d %s", len(want), strings.Repeat("x", 90)))
			put(t, l, want[len(want)-1])
			sync1(t, l)
		}
	}
	e, err := l.Append([]byte("applied late"), false)
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, "applied late")
	write(200)
	select {
	case <-flushes:
		t.Fatal("flushed before a record of a full segment was applied")
	default:
	}
	segments, err := l.list()
	if err != nil || len(segments) < 5 || segments[0] != 1 {
		t.Fatal(segments, err)
	}
	image := fs.CrashClone(vfs.CrashCloneCfg{})
	all := map[uint64][]byte{}
	for _, n := range segments {
		all[n] = content(t, image, n)
	}
	e.Applied()
	done := <-flushes
	write(100)
	if now, err := l.list(); err != nil || now[0] != 1 {
		t.Fatal("removed before it was flushed", now, err)
	}
	close(done)
	<-flushes // the next flush begins when the removal is over
	if now, err := l.list(); err != nil || now[0] == 1 {
		t.Fatal(now, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Flush = testConfig(fs).Flush
	cfg.FS = fs.CrashClone(vfs.CrashCloneCfg{})
	_, got := mustOpen(t, cfg)
	if len(got) == 0 || len(got) >= len(want) || !slices.Equal(got, want[len(want)-len(got):]) {
		t.Fatalf("%d records of %d, %.30q...", len(got), len(want), got)
	}
	cfg.FS = image
	if _, got := mustOpen(t, cfg); !slices.Equal(got, want[:201]) {
		t.Fatalf("%d records of 201", len(got))
	}

	// One is missing, one is cut.
	for name, harm := range map[string]func(fs vfs.FS) error{
		segmentName(3): func(fs vfs.FS) error { return fs.Remove("data/log/" + segmentName(3)) },
		segmentName(2): func(fs vfs.FS) error {
			b := content(t, fs, 2)
			f, err := fs.Create("data/log/"+segmentName(2), vfs.WriteCategoryUnspecified)
			if err != nil {
				return err
			}
			_, err = f.Write(slices.Clone(b[:len(b)-1]))
			return errors.Join(err, f.Close())
		},
	} {
		broken := withSegments(t, all)
		if err := harm(broken); err != nil {
			t.Fatal(err)
		}
		cfg.FS = broken
		if _, _, err := open(cfg); pgerror.CodeOf(err) != pgerror.DataCorrupted || !strings.Contains(err.Error(), name) {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// TestLarge: records that are not copied keep their place.
func TestLarge(t *testing.T) {
	fs := vfs.NewMem()
	cfg := testConfig(fs)
	cfg.SegmentBytes = 1 << 20
	l, _ := mustOpen(t, cfg)
	var want []string
	for i := range 40 {
		size := 10
		if i%4 == 3 {
			size = largeRecord + i*1000
		}
		want = append(want, strings.Repeat(string(rune('a'+i%26)), size))
		e := put(t, l, want[i])
		if i%7 == 0 {
			if err := l.Wait(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, got := mustOpen(t, cfg); !slices.Equal(got, want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
}

// TestCrash: whatever survives a crash is a beginning of what was appended and
// contains all that Wait returned for.
func TestCrash(t *testing.T) {
	fs := newDisk(t)
	cfg := testConfig(fs)
	cfg.SegmentBytes = 64 << 10
	l, _ := mustOpen(t, cfg)
	var mu sync.Mutex
	var appended []string
	var acked atomic.Int64 // how many from the first on are known durable
	var stop atomic.Bool
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			rng := rand.New(rand.NewPCG(5, uint64(w)))
			for i := 0; !stop.Load(); i++ {
				payload := fmt.Sprintf("%d %d %s", w, i, strings.Repeat("p", rng.IntN(300)))
				if rng.IntN(200) == 0 {
					payload += strings.Repeat("L", largeRecord)
				}
				mu.Lock()
				e, err := l.Append([]byte(payload), w == 7)
				if err != nil {
					mu.Unlock()
					t.Error(err)
					return
				}
				appended = append(appended, payload)
				n := int64(len(appended))
				mu.Unlock()
				e.Applied()
				if w == 7 {
					continue
				}
				if err := l.Wait(e); err != nil {
					t.Error(err)
					return
				}
				for old := acked.Load(); old < n && !acked.CompareAndSwap(old, n); old = acked.Load() {
				}
			}
		})
	}
	type image struct {
		fs     *vfs.MemFS
		acked  int64
		before int
	}
	var images []image
	rng := rand.New(rand.NewPCG(6, 7))
	for i := range 20 {
		for n := acked.Load(); acked.Load() < n+10 && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
		a := acked.Load()
		clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: i % 3 * 50, RNG: rng})
		mu.Lock()
		images = append(images, image{clone, a, len(appended)})
		mu.Unlock()
	}
	stop.Store(true)
	workers.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for i, im := range images {
		cfg.FS = im.fs
		l, got, err := open(cfg)
		if err != nil {
			t.Fatalf("image %d: %v", i, err)
		}
		if int64(len(got)) < im.acked || len(got) > im.before || !slices.Equal(got, appended[:len(got)]) {
			t.Fatalf("image %d: %d records, %d were acknowledged, %d appended", i, len(got), im.acked, im.before)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLazy: what nobody waits for becomes durable, too.
func TestLazy(t *testing.T) {
	fs := newDisk(t)
	cfg := testConfig(fs)
	cfg.Delay = time.Millisecond
	l, _ := mustOpen(t, cfg)
	e, err := l.Append([]byte("lazy"), true)
	if err != nil {
		t.Fatal(err)
	}
	e.Applied()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		cfg.FS = fs.CrashClone(vfs.CrashCloneCfg{})
		if _, got := mustOpen(t, cfg); len(got) == 1 && got[0] == "lazy" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not durable after 20 s")
		}
	}
}

// TestErrors: after a failed write or sync nothing more is taken, and all who
// wait learn of it.
func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, kind := range []errorfs.OpKind{errorfs.OpFileWrite, errorfs.OpFileSyncData} {
		var fail atomic.Bool
		fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
			if fail.Load() && op.Kind == kind {
				return broken
			}
			return nil
		}))
		cfg := testConfig(fs)
		cfg.Delay = time.Millisecond
		failed := make(chan error, 1)
		cfg.Failed = func(err error) { failed <- err }
		l, _ := mustOpen(t, cfg)
		sync1(t, l)
		if err := l.Wait(put(t, l, "good")); err != nil {
			t.Fatal(err)
		}
		fail.Store(true)
		var waiters sync.WaitGroup
		for range 10 {
			waiters.Go(func() {
				e, err := l.Append([]byte("bad"), false)
				if err == nil {
					e.Applied()
					err = l.Wait(e)
				}
				if !errors.Is(err, broken) {
					t.Errorf("%v", err)
				}
			})
		}
		waiters.Wait()
		if _, err := l.Append(make([]byte, largeRecord), false); !errors.Is(err, broken) {
			t.Errorf("append after the failure: %v", err)
		}
		if err := l.Close(); !errors.Is(err, broken) {
			t.Errorf("close: %v", err)
		}

		fail.Store(false)
		l, got := mustOpen(t, cfg)
		if len(got) == 0 || got[0] != "good" {
			t.Fatalf("%q", got)
		}
		fail.Store(true)
		if e, err := l.Append([]byte("lazy"), true); err == nil {
			e.Applied()
		} else {
			t.Fatal(err)
		}
		if err := <-failed; !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
	}
}

// FuzzRead: whatever a segment holds, reading it ends in records or in XX001.
func FuzzRead(f *testing.F) {
	one := appendSegmentHeader(nil, 1, 1)
	one = append(appendHeader(one, 3, 1, 0, checksum([]byte("abc"))), "abc"...)
	one = append(appendHeader(one, 2, 2, 1, checksum([]byte("de"))), "de"...)
	f.Add(one, 0, byte(0))
	f.Add(one, 40, byte(1))
	f.Add([]byte("tidelog"), 3, byte(7))
	f.Fuzz(func(t *testing.T, b []byte, at int, flip byte) {
		if len(b) > 1<<16 {
			return
		}
		if at >= 0 && at < len(b) {
			b = slices.Clone(b)
			b[at] ^= flip
		}
		l, got, err := open(testConfig(withSegments(t, map[uint64][]byte{1: b})))
		if err != nil {
			if pgerror.CodeOf(err) != pgerror.DataCorrupted {
				t.Fatal(err)
			}
			return
		}
		for _, p := range got {
			if len(p) > len(b) {
				t.Fatalf("a record of %d bytes from %d", len(p), len(b))
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDirect: on a disk, records that were written past the page cache and
// through it stand where they belong, in whatever order.
func TestDirect(t *testing.T) {
	for _, queued := range []bool{true, false} {
		t.Run(fmt.Sprintf("queued=%v", queued), func(t *testing.T) { testDirect(t, queued) })
	}
}

func testDirect(t *testing.T, queued bool) {
	dir := t.TempDir()
	cfg := testConfig(vfs.Default)
	cfg.Dir = dir
	l, _ := mustOpen(t, cfg)
	rng := rand.New(rand.NewPCG(8, 9))
	var want []string
	for i := range 300 {
		size := rng.IntN(9000)
		switch rng.IntN(40) {
		case 0:
			size = largeRecord + rng.IntN(100_000)
		case 1:
			size = largeRecord - 1 - rng.IntN(100)
		}
		want = append(want, strings.Repeat(string(rune('a'+i%26)), size))
		put(t, l, want[i])
		if d := l.segment.direct; d != nil && !queued {
			d.queue = nil
		}
		if rng.IntN(3) > 0 {
			sync1(t, l)
		}
	}
	sync1(t, l)
	used := l.segment.direct != nil
	if used && queued && l.segment.direct.queue == nil {
		t.Log("the system has no queue: a thread waited for each write")
	}
	want = slices.DeleteFunc(want, func(s string) bool { return s == "" })
	for _, end := range []func() error{func() error { return nil }, l.Close} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		numbers, err := l.list()
		if err != nil {
			t.Fatal(err)
		}
		all := map[uint64][]byte{}
		for _, n := range numbers {
			if all[n], err = os.ReadFile(filepath.Join(dir, segmentName(n))); err != nil {
				t.Fatal(err)
			}
		}
		if _, got := mustOpen(t, testConfig(withSegments(t, all))); !slices.Equal(got, want) {
			t.Fatalf("%d records, want %d", len(got), len(want))
		}
	}
	if !used {
		t.Log("the file system of the temporary directory has no O_DIRECT: all went through the page cache")
	}
}
