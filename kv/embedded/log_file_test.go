package embedded

import (
	"bytes"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestLogFileFillsAhead: what was written stands where it was written, zeros
// come after it, and a reused file is not filled where it has bytes.
func TestLogFileFillsAhead(t *testing.T) {
	fs := vfs.NewMem()
	file, err := fs.Create("1.log", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	f := &logFile{File: file}
	var want []byte
	for i := range 5 {
		p := bytes.Repeat([]byte{byte('a' + i)}, logFill/3)
		want = append(want, p...)
		if _, err := f.Write(p); err != nil {
			t.Fatal(err)
		}
		if err := f.SyncData(); err != nil {
			t.Fatal(err)
		}
	}
	got := readFile(t, fs, "1.log")
	if len(got) != 2*logFill || !bytes.Equal(got[:len(want)], want) || !bytes.Equal(got[len(want):], zeros[:len(got)-len(want)]) {
		t.Errorf("%d bytes, want %d of text and zeros up to %d", len(got), len(want), 2*logFill)
	}

	reused := &logFile{File: file, filled: int64(len(got)), offset: int64(len(want))}
	if _, err := reused.Write([]byte("end")); err != nil {
		t.Fatal(err)
	}
	if n := len(readFile(t, fs, "1.log")); n != len(got) {
		t.Errorf("a reused file grew to %d bytes", n)
	}
}

func readFile(t *testing.T, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, info.Size())
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}
