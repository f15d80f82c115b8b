package tikv

import (
	"context"
	"testing"
	"time"

	"github.com/pingcap/kvproto/pkg/keyspacepb"
	"github.com/tikv/client-go/v2/testutils"
	"github.com/tikv/client-go/v2/tikv"
	pd "github.com/tikv/pd/client"
	"github.com/tikv/pd/client/clients/gc"
	"github.com/tikv/pd/client/pkg/caller"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestKeyspaceGC moves the safe point of a keyspace that has one of its own, as far
// as others let it, and first ends what transactions from before it left locked.
// The cluster's own safe point is somebody else's.
func TestKeyspaceGC(t *testing.T) {
	redirectLogs.Do(func() { redirectLog(quiet) })
	rpc, cluster, model, err := testutils.NewMockTiKV("", nil)
	if err != nil {
		t.Fatal(err)
	}
	testutils.BootstrapWithMultiStores(cluster, 3)
	defer rpc.Close() //nolint:errcheck // the end of a test
	placement := &keyspacePD{Client: model}
	client, err := tikv.NewTestTiKVStore(rpc, placement, func(c tikv.Client) tikv.Client { return keptClient{c} }, func(c pd.Client) pd.Client { return c }, 0)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Keyspace: "shop", Prefix: t.Name() + "/", GCInterval: -1, GCLifetime: -1, Logger: quiet}
	s, err := newStore(ctx, client, cfg.withDefaults(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the end of a test

	dead := begin(t, s)
	dead.lock("locked", exclusive)
	if err := dead.txn.Put(kv.Key("locked"), []byte("v")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond)
	blocked, err := s.Now(ctx)
	if err != nil {
		t.Fatal(err)
	}
	placement.blocked = uint64(blocked)
	time.Sleep(10 * time.Millisecond)
	now, err := s.Now(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.moveKeyspaceSafePoint(ctx, now); err != nil {
		t.Fatal(err)
	}
	if placement.txn != uint64(blocked) || placement.gc != uint64(blocked) {
		t.Errorf("the safe points are %d and %d, want %d, where somebody holds them back", placement.txn, placement.gc, blocked)
	}
	placement.blocked = 0
	if err := s.moveKeyspaceSafePoint(ctx, now); err != nil {
		t.Fatal(err)
	}
	if placement.gc != uint64(now) {
		t.Errorf("the safe point is %d, want %d", placement.gc, now)
	}
	if _, err := dead.txn.Commit(ctx, false); err == nil {
		t.Error("a transaction from before the safe point commits: its lock was not ended")
	}
}

// keyspacePD is a placement driver that knows a keyspace with a safe point of its own.
type keyspacePD struct {
	pd.Client
	blocked uint64 // by a barrier of somebody; 0: none
	txn, gc uint64
}

func (p *keyspacePD) WithCallerComponent(caller.Component) pd.Client { return p }

func (p *keyspacePD) LoadKeyspace(context.Context, string) (*keyspacepb.KeyspaceMeta, error) {
	return &keyspacepb.KeyspaceMeta{Id: 7, Name: "shop", Config: map[string]string{pd.KeyspaceConfigGCManagementType: pd.KeyspaceConfigGCManagementTypeKeyspaceLevel}}, nil
}

func (p *keyspacePD) GetGCInternalController(id uint32) gc.InternalController {
	if id != 7 {
		panic("the safe point of another keyspace, or the cluster, is moved")
	}
	return keyspaceController{p}
}

type keyspaceController struct{ p *keyspacePD }

func (c keyspaceController) AdvanceTxnSafePoint(_ context.Context, target uint64) (gc.AdvanceTxnSafePointResult, error) {
	out := gc.AdvanceTxnSafePointResult{OldTxnSafePoint: c.p.txn, Target: target, NewTxnSafePoint: target}
	if c.p.blocked != 0 && c.p.blocked < target {
		out.NewTxnSafePoint, out.BlockerDescription = c.p.blocked, "a backup"
	}
	c.p.txn = out.NewTxnSafePoint
	return out, nil
}

func (c keyspaceController) AdvanceGCSafePoint(_ context.Context, target uint64) (gc.AdvanceGCSafePointResult, error) {
	if target > c.p.txn {
		panic("beyond the safe point of transactions")
	}
	out := gc.AdvanceGCSafePointResult{OldGCSafePoint: c.p.gc, Target: target, NewGCSafePoint: target}
	c.p.gc = target
	return out, nil
}
