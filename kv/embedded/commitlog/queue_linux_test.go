package commitlog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestQueue: what pwrite(2) would do, results and errors.
func TestQueue(t *testing.T) {
	q := openQueue()
	if q == nil {
		t.Skip("the system does not allow io_setup(2)")
	}
	name := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("0123456789abcdef"), 1000)
	for at := 0; at < len(want); at += 1000 {
		p := want[at:min(at+1000, len(want))]
		if n, err := q.pwrite(int(f.Fd()), p, int64(at)); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got, err := os.ReadFile(name); !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if _, err := q.pwrite(int(f.Fd()), want, -1); !errors.Is(err, errNotQueued) && !errors.Is(err, unix.EINVAL) {
		t.Error("before the file:", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := q.pwrite(1<<20, want, 0); !errors.Is(err, errNotQueued) {
		t.Error("no file:", err)
	}
	if full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0); err == nil {
		if _, err := q.pwrite(int(full.Fd()), want, 0); !errors.Is(err, unix.ENOSPC) && !errors.Is(err, errNotQueued) {
			t.Error("a full disk:", err)
		}
		if err := full.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := q.close(); err != nil {
		t.Error(err)
	}
	if _, err := q.pwrite(1, want, 0); !errors.Is(err, errNotQueued) {
		t.Error("after close:", err)
	}
}
