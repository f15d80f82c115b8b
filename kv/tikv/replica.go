package tikv

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/pingcap/kvproto/pkg/metapb"
	"github.com/tikv/client-go/v2/config/retry"
	tikvkv "github.com/tikv/client-go/v2/kv"
	"github.com/tikv/client-go/v2/oracle"
	"github.com/tikv/client-go/v2/tikv"
	"github.com/tikv/client-go/v2/tikvrpc"
	"github.com/tikv/client-go/v2/txnkv/txnsnapshot"

	"github.com/tidemarkdb/tidemark/kv"
)

// readFrom says which replicas a transaction reads.
type readFrom uint8

const (
	fromLeader  readFrom = iota
	fromClosest          // any near by, which asks the leader for its progress
	fromStale            // any near by, which answers alone what it has
)

var (
	_ kv.ReplicaStore  = (*Store)(nil)
	_ kv.ReplicaReader = (*txn)(nil)
)

// storeLabels are those that a store near by has, in order; all stores are if
// there are none.
func storeLabels(labels map[string]string) []*metapb.StoreLabel {
	out := make([]*metapb.StoreLabel, 0, len(labels))
	for k, v := range labels {
		out = append(out, &metapb.StoreLabel{Key: k, Value: v})
	}
	slices.SortFunc(out, func(a, b *metapb.StoreLabel) int { return bytes.Compare([]byte(a.Key), []byte(b.Key)) })
	return out
}

// BeginStale implements kv.ReplicaStore. The timestamp is the newest that PD gave,
// carried on by the local clock's course since.
func (s *Store) BeginStale(ctx context.Context, maxAge time.Duration, since kv.Timestamp) (kv.Txn, error) {
	if s.closed.Load() {
		return nil, kv.ErrClosed
	}
	now, err := s.client.GetOracle().GetStaleTimestamp(ctx, oracle.GlobalTxnScope, 0)
	if err != nil {
		return nil, s.translate(ctx, err)
	}
	ts := max(kv.TimestampAt(kv.Timestamp(now).Time().Add(-maxAge)), since)
	t := s.newTxn(&s.keys, ts)
	t.readOnly, t.from, t.traffic, t.takenTS = true, fromStale, kv.TrafficOf(ctx), kv.Timestamp(now)
	s.gc.keepFor(maxAge)
	if err := s.gc.openAt(ctx, &t.held, ts); err != nil {
		return nil, err
	}
	return t, nil
}

// ReadClosest implements kv.ReplicaReader.
func (t *txn) ReadClosest(on bool) {
	switch {
	case t.from == fromStale:
	case on:
		t.from = fromClosest
	default:
		t.from = fromLeader
	}
}

// direct has a snapshot read from where its transaction does.
func (t *txn) direct(s *txnsnapshot.KVSnapshot) {
	switch t.from {
	case fromLeader:
		return
	case fromClosest:
		s.SetReplicaRead(tikvkv.ReplicaReadMixed)
	case fromStale:
		s.SetIsStalenessReadOnly(true)
	}
	s.SetMatchStoreLabels(t.store.near)
}

// request makes a request of the transaction's snapshot that goes to where it
// reads from.
func (t *txn) request(kind tikvrpc.CmdType, body any, at kvrpcpb.Context) *tikvrpc.Request {
	if t.from == fromLeader {
		return tikvrpc.NewRequest(kind, body, at)
	}
	seed := t.store.replicaSeed.Add(1)
	req := tikvrpc.NewReplicaReadRequest(kind, body, tikvkv.ReplicaReadMixed, &seed, at)
	if t.from == fromStale {
		req.EnableStaleWithMixedReplicaRead()
	}
	return req
}

// sendRead sends a request of request.
func (t *txn) sendRead(bo *retry.Backoffer, req *tikvrpc.Request, region tikv.RegionVerID) (*tikvrpc.Response, error) {
	client := t.store.client
	if t.from == fromLeader {
		return client.SendReq(bo, req, region, tikv.ReadTimeoutMedium)
	}
	sender := tikv.NewRegionRequestSender(client.GetRegionCache(), client.GetTiKVClient(), client.GetOracle())
	resp, _, _, err := sender.SendReqCtx(bo, req, region, tikv.ReadTimeoutMedium, tikvrpc.TiKV, tikv.WithMatchLabels(t.store.near))
	return resp, err
}

// fetchNear is fetch from a replica near by, which client-go's scanner does not
// know to choose. It reports false, with nothing fetched, if it met what the
// leader has to be asked about: a lock, a region that is not where it was.
func (s *scan) fetchNear(ctx context.Context) bool {
	c, t := &s.cluster, s.txn
	bo := retry.NewBackofferWithVars(ctx, coprocessPatience, nil)
	cache := t.store.client.GetRegionCache()
	body := &kvrpcpb.ScanRequest{
		StartKey: c.span.Start, EndKey: c.span.End, Limit: uint32(c.step), Version: uint64(t.readTS), KeyOnly: s.opts.KeysOnly, Reverse: s.opts.Reverse,
	}
	var loc *tikv.KeyLocation
	var err error
	if s.opts.Reverse {
		if len(c.span.End) == 0 {
			return false
		}
		loc, err = cache.LocateEndKey(bo, c.span.End)
	} else {
		loc, err = cache.LocateKey(bo, c.span.Start)
	}
	if err != nil {
		return false
	}
	here, last := c.span, true // what the region has of the span
	switch {
	case s.opts.Reverse && bytes.Compare(loc.StartKey, here.Start) > 0:
		here.Start, last = loc.StartKey, false
	case !s.opts.Reverse && len(loc.EndKey) > 0 && (len(here.End) == 0 || bytes.Compare(loc.EndKey, here.End) < 0):
		here.End, last = loc.EndKey, false
	}
	body.StartKey, body.EndKey = here.Start, here.End
	if s.opts.Reverse {
		body.StartKey, body.EndKey = here.End, here.Start
	}
	resp, err := t.sendRead(bo, t.request(tikvrpc.CmdScan, body, kvrpcpb.Context{IsolationLevel: kvrpcpb.IsolationLevel_SI}), loc.Region)
	if err != nil {
		return false
	}
	answer, ok := resp.Resp.(*kvrpcpb.ScanResponse)
	if e, err := resp.GetRegionError(); !ok || err != nil || e != nil || answer.Error != nil {
		return false
	}
	return s.takeNear(answer.Pairs, here, last)
}

// takeNear takes a region's answer for a part of the span, the last one or not.
func (s *scan) takeNear(pairs []*kvrpcpb.KvPair, here kv.Span, last bool) bool {
	c := &s.cluster
	for _, p := range pairs {
		if p.Error != nil {
			c.pairs = c.pairs[:0]
			return false
		}
		pair := kv.KeyValue{Key: s.txn.keys.user(p.Key)}
		if !s.opts.KeysOnly {
			pair.Value = decodeValue(p.Value)
		}
		c.pairs = append(c.pairs, pair)
	}
	switch {
	case len(pairs) == c.step:
		s.goOn()
	case last:
		c.done = true
	case s.opts.Reverse:
		c.span.End = bytes.Clone(here.Start)
	default:
		c.span.Start = bytes.Clone(here.End)
	}
	return true
}
