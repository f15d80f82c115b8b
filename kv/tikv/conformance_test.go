package tikv

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/tikv/client-go/v2/testutils"
	"github.com/tikv/client-go/v2/tikv"
	pd "github.com/tikv/pd/client"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/kvtest"
)

var ctx = context.Background()

// TestConformance runs the suite over client-go's model of a cluster, which
// lives in this process. The model checks every key of a commit for newer
// versions, also those that were locked at a newer snapshot or ask for no check.
func TestConformance(t *testing.T) {
	runConformance(t, true, newMock(t), "Write/unchecked writes do not conflict", "Lock/wait and then conflict", "Random/against a model")
}

// TestConformanceCluster runs it over a real one.
func TestConformanceCluster(t *testing.T) {
	pds := testcluster.PDs(t)
	runConformance(t, false, func(t testing.TB) *tikv.KVStore {
		client, err := connect(ctx, Config{PDs: pds, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		return client
	})
}

// newMock returns a maker of clients of one model cluster.
func newMock(t testing.TB) func(testing.TB) *tikv.KVStore {
	redirectLogs.Do(func() { redirectLog(quiet) })
	rpc, cluster, placement, err := testutils.NewMockTiKV("", nil)
	if err != nil {
		t.Fatal(err)
	}
	testutils.BootstrapWithMultiStores(cluster, 3)
	t.Cleanup(func() { _ = rpc.Close() })
	return func(t testing.TB) *tikv.KVStore {
		client, err := tikv.NewTestTiKVStore(rpc, placement,
			func(c tikv.Client) tikv.Client { return keptClient{c} },
			func(c pd.Client) pd.Client { return c }, 0)
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
}

// keptClient lives on when a store that used it is closed.
type keptClient struct{ tikv.Client }

func (keptClient) Close() error { return nil }

var quiet = slog.New(slog.DiscardHandler)

var prefixes atomic.Int64

func runConformance(t *testing.T, fast bool, connect func(testing.TB) *tikv.KVStore, without ...string) {
	clocks := map[string]*clockState{}
	kvtest.Run(t, func(t *testing.T, opts kvtest.Options) kv.Store {
		name := opts.Name
		if name == "" {
			name = fmt.Sprint("#", prefixes.Add(1))
		}
		sum := sha256.Sum256([]byte(t.Name() + "/" + name))
		prefix := fmt.Sprintf("test/%x/", sum[:6])
		client := connect(t)
		if opts.Clock != nil {
			if clocks[prefix] == nil {
				clocks[prefix] = &clockState{}
			}
			client.SetOracle(clockOracle{Oracle: client.GetOracle(), clock: opts.Clock, state: clocks[prefix]})
		}
		cfg := Config{Prefix: prefix, GCInterval: -1, GCLifetime: opts.GCLifetime, Logger: quiet}
		if cfg.GCLifetime == 0 {
			cfg.GCLifetime = -1
		}
		s, err := newStore(ctx, client, cfg.withDefaults(), fast)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, without...)
}
