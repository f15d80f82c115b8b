package tikv

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/pingcap/kvproto/pkg/metapb"
	"github.com/tikv/pd/client/clients/router"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var _ kv.PlacedStore = (*Store)(nil)

// regionsStep is how many regions PD is asked for at a time.
const regionsStep = 128

// Regions implements kv.PlacedStore.
func (s *Store) Regions(ctx context.Context, span kv.Span, fn func(kv.Region) error) error {
	stored := s.keys.storedSpan(span)
	start := stored.Start
	for {
		//lint:ignore SA1019 PD of before 2024-05 knows no other
		list, err := s.client.GetPDClient().ScanRegions(ctx, start, stored.End, regionsStep)
		if err != nil {
			return s.translate(ctx, err)
		}
		for _, r := range list {
			if err := fn(s.region(r, stored)); err != nil {
				return err
			}
			start = r.Meta.EndKey
		}
		if len(list) < regionsStep || len(start) == 0 || len(stored.End) > 0 && bytes.Compare(start, stored.End) >= 0 {
			return nil
		}
	}
}

func (s *Store) region(r *router.Region, within kv.Span) kv.Region {
	part := kv.Span{Start: r.Meta.StartKey, End: r.Meta.EndKey}
	if bytes.Compare(part.Start, within.Start) < 0 {
		part.Start = within.Start
	}
	if len(part.End) == 0 || len(within.End) > 0 && bytes.Compare(within.End, part.End) < 0 {
		part.End = within.End
	}
	out := kv.Region{ID: r.Meta.Id, Span: kv.Span{Start: s.keys.user(part.Start), End: s.keys.user(part.End)}}
	for _, p := range r.Meta.Peers {
		peer := kv.RegionPeer{Server: p.StoreId, Role: "follower"}
		switch {
		case r.Leader != nil && r.Leader.Id == p.Id:
			peer.Role = "leader"
		case p.Role == metapb.PeerRole_Learner:
			peer.Role = "learner"
		}
		switch {
		case hasPeer(r.DownPeers, p.Id):
			peer.Trouble = "down"
		case hasPeer(r.PendingPeers, p.Id):
			peer.Trouble = "pending"
		}
		out.Peers = append(out.Peers, peer)
	}
	return out
}

func hasPeer(peers []*metapb.Peer, id uint64) bool {
	for _, p := range peers {
		if p.Id == id {
			return true
		}
	}
	return false
}

// Servers implements kv.PlacedStore.
func (s *Store) Servers(ctx context.Context) ([]kv.StoreServer, error) {
	stores, err := s.client.GetPDClient().GetAllStores(ctx)
	if err != nil {
		return nil, s.translate(ctx, err)
	}
	var out []kv.StoreServer
	for _, x := range stores {
		server := kv.StoreServer{ID: x.Id, Address: x.Address, Version: x.Version, State: strings.ToLower(x.State.String()), Labels: map[string]string{}}
		for _, l := range x.Labels {
			server.Labels[l.Key] = l.Value
		}
		out = append(out, server)
	}
	return out, nil
}

// SplitRegions implements kv.PlacedStore.
func (s *Store) SplitRegions(ctx context.Context, keys []kv.Key, patience time.Duration) error {
	var stored [][]byte
	for _, k := range keys {
		stored = append(stored, s.keys.stored(k))
	}
	for deadline := time.Now().Add(patience); ; {
		if _, err := s.client.SplitRegions(ctx, stored, true, nil); err != nil || patience == 0 {
			return s.translate(ctx, err)
		}
		left, err := s.uncut(ctx, stored)
		if err != nil || len(left) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "the stores made %d of %d cuts", len(stored)-len(left), len(stored))
		}
		if err := s.sleep(ctx, pollEvery); err != nil {
			return err
		}
		stored = left
	}
}

// uncut returns the keys at which no region begins.
func (s *Store) uncut(ctx context.Context, stored [][]byte) (left [][]byte, err error) {
	for _, key := range stored {
		region, err := s.client.GetPDClient().GetRegion(ctx, key)
		if err != nil {
			return nil, s.translate(ctx, err)
		}
		if region == nil || !bytes.Equal(region.Meta.StartKey, key) {
			left = append(left, key)
		}
	}
	return left, nil
}
