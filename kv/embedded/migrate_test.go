package embedded

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMigrate opens a store that an older program wrote: its log was Pebble's,
// and holds half of what is in it.
func TestMigrate(t *testing.T) {
	dir := t.TempDir()
	unpack(t, filepath.Join("testdata", "format2.tar.gz"), dir)
	for round := range 2 {
		s := openTest(t, Config{Dir: dir, GCInterval: time.Hour})
		checkCrash(t, s, 40, 40)
		if got := len(s.collector.destroy.queue); got != 1 {
			t.Errorf("opening %d: %d spans to destroy", round+1, got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		format, err := os.ReadFile(filepath.Join(dir, formatFile))
		if err != nil || string(format) != "tidemark embedded store, format 3\n" {
			t.Errorf("%q, %v", format, err)
		}
	}
}

func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(h.Name, "/") {
			continue
		}
		content, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, h.Name), string(content))
	}
}
