package tikv

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/tikv/client-go/v2/oracle"
	"github.com/tikv/client-go/v2/tikv"
	"github.com/tikv/client-go/v2/tikvrpc"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestTraffic checks what is counted, and that stores that know 1PC commit a
// row's change in one request.
func TestTraffic(t *testing.T) {
	client := newMock(t)(t)
	client.SetTiKVClient(onePhase{Client: client.GetTiKVClient(), oracle: client.GetOracle()})
	cfg := Config{Prefix: t.Name() + "/", GCInterval: -1, Logger: quiet}
	store, err := newStore(ctx, client, cfg.withDefaults(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // the end of a test
	key := kv.Key("k")
	var traffic kv.Traffic
	counted := kv.WithTraffic(ctx, &traffic)
	steps := []struct {
		name string
		want map[string]int64
		do   func(txn kv.Txn) error
	}{
		{"read", map[string]int64{timestampKind: 1, "Get": 1}, func(txn kv.Txn) error {
			_, _, err := txn.Get(counted, key)
			return err
		}},
		{"scan", map[string]int64{timestampKind: 1, "Scan": 1}, func(txn kv.Txn) error {
			return each(counted, txn, kv.Span{Start: key, End: kv.Key("l")}, func(kv.KeyValue) error { return nil })
		}},
		// The second timestamp is what the commit's has to be above, for linearizability.
		{"lock and write", map[string]int64{timestampKind: 2, "PessimisticLock": 1, "ScanLock": 1, "Prewrite": 1}, func(txn kv.Txn) error {
			if _, err := txn.Lock(counted, []kv.Key{key}, kv.LockOptions{Mode: kv.LockNoKeyUpdate}); err != nil {
				return err
			}
			if err := txn.Put(key, []byte("v")); err != nil {
				return err
			}
			_, err := txn.Commit(counted, false)
			return err
		}},
		{"lock and give up", map[string]int64{timestampKind: 1, "PessimisticLock": 1, "ScanLock": 1, "PessimisticRollback": 1}, func(txn kv.Txn) error {
			_, err := txn.Lock(counted, []kv.Key{key}, kv.LockOptions{Mode: kv.LockNoKeyUpdate})
			return err
		}},
	}
	for _, step := range steps {
		before := traffic.Counts()
		txn, err := store.Begin(counted, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := step.do(txn); err != nil {
			t.Fatal(err)
		}
		txn.Rollback()
		n := traffic.Since(before)
		if !maps.Equal(n.Requests, step.want) || n.Retries != 0 || n.Sent == 0 {
			t.Errorf("%s: %+v, want %v", step.name, n, step.want)
		}
	}
}

// onePhase makes stores of the model commit in one phase when they are asked to,
// as TiKV does.
type onePhase struct {
	tikv.Client
	oracle oracle.Oracle
}

func (c onePhase) SendRequest(ctx context.Context, addr string, req *tikvrpc.Request, timeout time.Duration) (*tikvrpc.Response, error) {
	resp, err := c.Client.SendRequest(ctx, addr, req, timeout)
	if err != nil || req.Type != tikvrpc.CmdPrewrite || !req.Prewrite().TryOnePc {
		return resp, err
	}
	prewrite, answer := req.Prewrite(), resp.Resp.(*kvrpcpb.PrewriteResponse)
	if answer.RegionError != nil || len(answer.Errors) > 0 {
		return resp, nil
	}
	ts, err := c.oracle.GetTimestamp(ctx, &oracle.Option{TxnScope: oracle.GlobalTxnScope})
	if err != nil {
		return nil, err
	}
	commit := &kvrpcpb.CommitRequest{StartVersion: prewrite.StartVersion, CommitVersion: ts}
	for _, m := range prewrite.Mutations {
		commit.Keys = append(commit.Keys, m.Key)
	}
	if _, err := c.Client.SendRequest(ctx, addr, tikvrpc.NewRequest(tikvrpc.CmdCommit, commit, req.Context), timeout); err != nil {
		return nil, err
	}
	answer.OnePcCommitTs = ts
	return resp, nil
}
