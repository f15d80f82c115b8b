package embedded

import (
	"os"
	"path/filepath"
	"testing"
)

// TestAsyncSync syncs a file, and reports what the kernel says of a bad one.
func TestAsyncSync(t *testing.T) {
	a := newAsyncSync()
	if a == nil {
		t.Log("the kernel offers no asynchronous sync")
		return
	}
	defer a.close()
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := f.WriteString("tide"); err != nil {
			t.Fatal(err)
		}
		if err := a.sync(f.Fd()); err != nil {
			t.Fatal(err)
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if err := a.sync(w.Fd()); err == nil {
		t.Error("a pipe was synced")
	}
	f.Close()
	if err := a.sync(^uintptr(0)); err == nil {
		t.Error("a file that is not open was synced")
	}
}
