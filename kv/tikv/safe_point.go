package tikv

import (
	"context"
	"math"

	tikvkv "github.com/tikv/client-go/v2/kv"
	"github.com/tikv/client-go/v2/tikv"
	"github.com/tikv/client-go/v2/txnkv/rangetask"
	pd "github.com/tikv/pd/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tidemarkdb/tidemark/kv"
)

// moveSafePoint has the stores forget versions older than a timestamp.
func (s *Store) moveSafePoint(ctx context.Context, safe kv.Timestamp) error {
	_, err := s.client.GC(ctx, uint64(safe))
	if status.Code(err) == codes.Unimplemented {
		err = s.moveOldSafePoint(ctx, uint64(safe))
	}
	return s.translate(ctx, err)
}

const (
	// collectorService is the name by which PD before 9 knows who moves the safe point.
	collectorService = "gc_worker"
	// resolveWorkers is how many regions are cleared of locks at once.
	resolveWorkers = 8
	// holdBackFor is how long the owner of a cluster leaves the versions of a
	// keyspace of which he hears nothing, in seconds.
	holdBackFor = 24 * 3600
)

// moveOldSafePoint is what client-go's GC was for PD before 9:
//
//  1. Tell PD up to where to collect, which says what others hold it back at.
//  2. End all transactions from before that: their locks would lose what decides
//     over them.
//  3. Move the safe point.
func (s *Store) moveOldSafePoint(ctx context.Context, safe uint64) error {
	placement := s.client.GetPDClient()
	//lint:ignore SA1019 PD before 9 has nothing else
	lowest, err := placement.UpdateServiceGCSafePoint(ctx, collectorService, math.MaxInt64, safe)
	if err != nil {
		return err
	}
	safe = min(safe, lowest)
	if err := s.endTransactions(ctx, safe); err != nil {
		return err
	}
	//lint:ignore SA1019 as above
	_, err = placement.UpdateGCSafePoint(ctx, safe)
	return err
}

// endTransactions ends what transactions from before a safe point left locked, in
// the whole cluster or its keyspace.
func (s *Store) endTransactions(ctx context.Context, safe uint64) error {
	resolver := tikv.NewRegionLockResolver("tidemark-gc", s.client)
	handler := func(ctx context.Context, r tikvkv.KeyRange) (rangetask.TaskStat, error) {
		return tikv.ResolveLocksForRange(ctx, resolver, safe, r.StartKey, r.EndKey, tikv.NewGcResolveLockMaxBackoffer, tikv.GCScanLockLimit)
	}
	return rangetask.NewRangeTaskRunner("tidemark-gc", s.client, resolveWorkers, handler).RunOnRange(ctx, nil, nil)
}

// moveKeyspaceSafePoint is moveSafePoint for a keyspace, if that has a safe point of
// its own, as its gc_management_type says: PD 9 has that. Of others the owner of the
// cluster moves one for all, and is told up to where he may.
func (s *Store) moveKeyspaceSafePoint(ctx context.Context, safe kv.Timestamp) error {
	placement := s.client.GetPDClient()
	meta, err := placement.LoadKeyspace(ctx, s.cfg.Keyspace)
	if err != nil {
		return s.translate(ctx, err)
	}
	if !pd.IsKeyspaceUsingKeyspaceLevelGC(meta) {
		return s.holdBack(ctx, safe)
	}
	controller := placement.GetGCInternalController(meta.Id)
	moved, err := controller.AdvanceTxnSafePoint(ctx, uint64(safe))
	if err != nil {
		return s.translate(ctx, err)
	}
	if moved.BlockerDescription != "" {
		s.cfg.Logger.Info("old versions are held back", "by", moved.BlockerDescription, "at", moved.NewTxnSafePoint)
	}
	if err := s.endTransactions(ctx, moved.NewTxnSafePoint); err != nil {
		return s.translate(ctx, err)
	}
	_, err = controller.AdvanceGCSafePoint(ctx, moved.NewTxnSafePoint)
	return s.translate(ctx, err)
}

// holdBack tells the owner of a cluster of which this is a keyspace up to where
// it may collect: the owner moves the safe point of all keyspaces, not the nodes.
func (s *Store) holdBack(ctx context.Context, safe kv.Timestamp) error {
	//lint:ignore SA1019 PD before 9 has nothing else
	lowest, err := s.client.GetPDClient().UpdateServiceGCSafePoint(ctx, "tidemark/"+s.cfg.Keyspace, holdBackFor, uint64(safe))
	if err != nil {
		return s.translate(ctx, err)
	}
	if lowest > uint64(safe) {
		s.cfg.Logger.Warn("the cluster's owner may have collected versions that are still read", "read", uint64(safe), "collected", lowest)
	}
	return nil
}
