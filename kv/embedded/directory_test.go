package embedded

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

func TestOpenRefuses(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	held := t.TempDir()
	openTest(t, Config{Dir: held})
	newer := t.TempDir()
	writeFile(t, filepath.Join(newer, formatFile), "tidemark embedded store, format 99\n")
	older := t.TempDir()
	writeFile(t, filepath.Join(older, formatFile), "tidemark embedded store, format 1\n")
	garbled := t.TempDir()
	writeFile(t, filepath.Join(garbled, formatFile), "something else")
	isFile := filepath.Join(t.TempDir(), "file")
	writeFile(t, isFile, "")
	foreign := t.TempDir()
	db, err := pebble.Open(foreign, &pebble.Options{Logger: &storeLogger{log: quiet}})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	readOnly := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpMkdirAll {
			return &os.PathError{Op: "open", Path: op.Path, Err: os.ErrPermission}
		}
		return nil
	}))
	for _, c := range []struct {
		name string
		cfg  Config
		code pgerror.Code
		want string
	}{
		{"in use", Config{Dir: held}, pgerror.LockFileExists, "is in use by another process"},
		{"newer format", Config{Dir: newer}, pgerror.FeatureNotSupported, "has format 99, which is newer than this program's format 3"},
		{"older format", Config{Dir: older}, pgerror.FeatureNotSupported, "has format 1, which is older than this program's format 3"},
		{"garbled format", Config{Dir: garbled}, pgerror.DataCorrupted, "is not the format file"},
		{"foreign", Config{Dir: foreign}, pgerror.DataCorrupted, "not of a Tidemark store"},
		{"not a directory", Config{Dir: isFile}, pgerror.InternalError, "cannot be made: not a directory"},
		{"not writable", Config{Dir: "data", FS: readOnly}, pgerror.InsufficientPrivilege, "is not writable"},
		{"bad setting", Config{CacheBytes: -1}, pgerror.InternalError, "CacheBytes must not be negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.cfg.Logger = quiet
			s, err := Open(ctx, c.cfg)
			if err == nil {
				_ = s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || pgerror.CodeOf(err) != c.code {
				t.Fatalf("%s: %v", pgerror.CodeOf(err), err)
			}
		})
	}
}

// TestFormatFile: what a new directory says of itself. Golden files of what is
// stored (here, in rowstore and in catalog) that change mean another version.
func TestFormatFile(t *testing.T) {
	dir := t.TempDir()
	openTest(t, Config{Dir: dir})
	got, err := os.ReadFile(filepath.Join(dir, formatFile))
	if want := "tidemark embedded store, format 3\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
