package tikv

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tikv/client-go/v2/testutils"
	"github.com/tikv/client-go/v2/tikv"
	"github.com/tikv/client-go/v2/tikvrpc"
	pd "github.com/tikv/pd/client"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestSettling locks rows of a transaction that is committed while client-go still
// commits its keys but the first: nobody has to be asked what became of it.
func TestSettling(t *testing.T) {
	cfg := Config{Prefix: t.Name() + "/", GCInterval: -1, Logger: quiet}
	redirectLogs.Do(func() { redirectLog(quiet) })
	rpc, cluster, placement, err := testutils.NewMockTiKV("", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rpc.Close() //nolint:errcheck // the end of a test
	keys := newKeyspace(cfg.Prefix)
	testutils.BootstrapWithMultiRegions(cluster, keys.stored(kv.Key("b")))
	client, err := tikv.NewTestTiKVStore(rpc, placement, func(c tikv.Client) tikv.Client { return keptClient{c} }, func(c pd.Client) pd.Client { return c }, 0)
	if err != nil {
		t.Fatal(err)
	}
	slow := &slowCommits{Client: client.GetTiKVClient()}
	client.SetTiKVClient(slow)
	s, err := newStore(ctx, client, cfg.withDefaults(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the end of a test
	for _, late := range []bool{false, true} {
		first := begin(t, s)
		for _, key := range []string{"a", "b", "c"} {
			first.lock(key, exclusive)
			if err := first.txn.Put(kv.Key(key), []byte("v")); err != nil {
				t.Fatal(err)
			}
		}
		slow.commits.Store(0)
		slow.stop = make(chan struct{})
		if _, err := first.txn.Commit(ctx, false); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(map[bool]time.Duration{false: 50 * time.Millisecond, true: settlePatience + 100*time.Millisecond}[late], func() { close(slow.stop) })
		var traffic kv.Traffic
		counted := kv.WithTraffic(ctx, &traffic)
		second, err := s.Begin(counted, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if _, err := second.Lock(counted, []kv.Key{kv.Key("b"), kv.Key("c")}, exclusive); err != nil {
			t.Fatal(err)
		}
		took := time.Since(begun)
		second.Rollback()
		n := traffic.Counts().Requests
		// Late they are asked for, by whatever requests that takes.
		if asked := n["CheckTxnStatus"] + n["ResolveLock"]; !late && (asked > 0 || n["PessimisticLock"] != 1 || took > settlePatience) {
			t.Errorf("the locks took %s and %v", took, n)
		}
		if late && (n["PessimisticLock"] == 0 || took < settlePatience) {
			t.Errorf("with the background late the locks took %s and %v", took, n)
		}
		<-slow.stop
	}
	time.Sleep(100 * time.Millisecond)
	s.settling.mu.Lock()
	defer s.settling.mu.Unlock()
	if len(s.settling.keys) > 0 {
		t.Errorf("%d keys are still noted", len(s.settling.keys))
	}
}

// slowCommits answers requests to commit but the first of a transaction when stop
// is closed.
type slowCommits struct {
	tikv.Client
	commits atomic.Int32
	stop    chan struct{}
}

func (c *slowCommits) SendRequest(ctx context.Context, addr string, req *tikvrpc.Request, timeout time.Duration) (*tikvrpc.Response, error) {
	if req.Type == tikvrpc.CmdCommit && c.commits.Add(1) > 1 {
		<-c.stop
	}
	return c.Client.SendRequest(ctx, addr, req, timeout)
}
