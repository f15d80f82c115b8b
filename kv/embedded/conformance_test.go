package embedded

import (
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/kvtest"
)

func TestConformance(t *testing.T) {
	t.Run("disk", func(t *testing.T) {
		runConformance(t, func(t *testing.T, name string) Config {
			if name == "" {
				return Config{Dir: t.TempDir()}
			}
			return Config{Dir: dataDir(t, name)}
		})
	})
	t.Run("memory", func(t *testing.T) {
		files := map[string]vfs.FS{}
		runConformance(t, func(t *testing.T, name string) Config {
			if name == "" {
				return Config{}
			}
			name = t.Name() + name
			if files[name] == nil {
				files[name] = vfs.NewMem()
			}
			return Config{Dir: "data", FS: files[name]}
		})
	})
}

var dataDirs = map[string]string{}

// dataDir returns the directory of one name within a test.
func dataDir(t *testing.T, name string) string {
	name = t.Name() + "/" + name
	if dataDirs[name] == "" {
		dataDirs[name] = t.TempDir()
	}
	return dataDirs[name]
}

func runConformance(t *testing.T, config func(t *testing.T, name string) Config) {
	kvtest.Run(t, func(t *testing.T, opts kvtest.Options) kv.Store {
		cfg := config(t, opts.Name)
		cfg.Clock = opts.Clock
		cfg.GCLifetime = opts.GCLifetime
		if cfg.GCLifetime == 0 {
			cfg.GCLifetime = -1
		}
		cfg.GCInterval = time.Hour
		cfg.MemTableBytes = 1 << 20
		cfg.Logger = slog.New(slog.DiscardHandler)
		s, err := Open(ctx, cfg)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
