package tikv

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/tikv/client-go/v2/tikv"
	"github.com/tikv/client-go/v2/tikvrpc"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestLocksOfTheDead checks that all locks of a transaction whose node died can be
// had once they are too old, not only the first: the servers were asked to clear
// the others away in a way that old ones do not know, and whoever wanted one
// waited for ever.
func TestLocksOfTheDead(t *testing.T) {
	client := newMock(t)
	var ahead atomic.Int64
	state := &clockState{}
	open := func() *Store {
		c := client(t)
		c.SetOracle(clockOracle{Oracle: c.GetOracle(), clock: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }, state: state})
		c.SetTiKVClient(oldServers{c.GetTiKVClient()})
		cfg := Config{Prefix: t.Name() + "/", GCInterval: -1, Logger: quiet}
		s, err := newStore(ctx, c, cfg.withDefaults(), true)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	dead, alive := open(), open()
	owner := begin(t, dead)
	keys := []string{"k1", "k2", "k3"}
	for _, key := range keys {
		owner.lock(key, exclusive)
	}
	dead.hearts.remove(owner.txn.(*txn))
	ahead.Store(int64(time.Minute))
	for i := len(keys) - 1; i >= 0; i-- {
		heir := begin(t, alive)
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		if _, err := heir.txn.Lock(ctx, []kv.Key{kv.Key(keys[i])}, exclusive); err != nil {
			t.Errorf("%s: %v", keys[i], err)
		}
		cancel()
	}
}

// oldServers do nothing with a rollback of no keys, by which newer ones take a
// whole region.
type oldServers struct{ tikv.Client }

func (c oldServers) SendRequest(ctx context.Context, addr string, req *tikvrpc.Request, timeout time.Duration) (*tikvrpc.Response, error) {
	if req.Type == tikvrpc.CmdPessimisticRollback && len(req.PessimisticRollback().Keys) == 0 {
		return &tikvrpc.Response{Resp: &kvrpcpb.PessimisticRollbackResponse{}}, nil
	}
	return c.Client.SendRequest(ctx, addr, req, timeout)
}
