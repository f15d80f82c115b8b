package tikv

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/pingcap/kvproto/pkg/coprocessor"
	"github.com/pingcap/kvproto/pkg/errorpb"
	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/tikv/client-go/v2/config/retry"
	"github.com/tikv/client-go/v2/tikvrpc"
	"github.com/tikv/client-go/v2/txnkv/txnlock"

	"github.com/tidemarkdb/tidemark/kv"
)

const (
	// coprocessPatience bounds the retries of one request, in milliseconds.
	coprocessPatience = 20_000
	// dagRequest is the kind of requests (TiDB's kv.ReqTypeDAG).
	dagRequest = 103
	// Pages of rows begin small, for those who stop early. Stores that know no
	// pages answer for all at once.
	firstPage, maxPage = 1024, 50_000
)

// ask gets the next answer for a task and takes what it is for from its spans.
// Regions that split or moved are looked up again, locks of other transactions
// are resolved, busy stores are asked again later.
func (r *replies) ask(ctx context.Context, task *copTask) (kv.CoprocessorReply, error) {
	s := r.txn.store
	bo := retry.NewBackofferWithVars(ctx, coprocessPatience, nil)
	var ignore, access []uint64 // transactions whose locks do not matter, or are committed
	for {
		if err := r.txn.usable(); err != nil {
			return kv.CoprocessorReply{}, err
		}
		spans, err := r.here(bo, task)
		if err != nil {
			return kv.CoprocessorReply{}, s.translate(ctx, err)
		}
		if r.wrote(spans) {
			return r.leave(task, spans, ""), nil
		}
		resp, err := r.send(bo, task, spans, ignore, access)
		if err != nil {
			return kv.CoprocessorReply{}, s.translate(ctx, err)
		}
		switch {
		case resp.RegionError != nil:
			err = r.retryRegion(bo, task, resp.RegionError)
		case resp.Locked != nil:
			lock := txnlock.NewLock(resp.Locked)
			ttl, passed, done, e := s.client.GetLockResolver().ResolveLocksForRead(bo, uint64(r.txn.readTS), []*txnlock.Lock{lock}, false)
			ignore, access = append(ignore, passed...), append(access, done...)
			if err = e; err == nil {
				err = bo.BackoffWithMaxSleepTxnLockFast(int(max(ttl, 1)), errLockedRow)
			}
		case resp.OtherError != "":
			return r.leave(task, spans, resp.OtherError), nil
		default:
			return r.answer(task, spans, resp)
		}
		if err != nil {
			return kv.CoprocessorReply{}, s.translate(ctx, err)
		}
	}
}

var errLockedRow = errors.New("a row is locked")

// here returns the task's spans that still lie in its region.
func (r *replies) here(bo *retry.Backoffer, task *copTask) (spans []kv.Span, err error) {
	cache := r.txn.store.client.GetRegionCache()
	if r.req.Reverse {
		s := task.spans[0]
		loc, err := cache.LocateEndKey(bo, s.End)
		if err != nil {
			return nil, err
		}
		task.region = loc.Region
		if bytes.Compare(s.Start, loc.StartKey) < 0 {
			return []kv.Span{{Start: loc.StartKey, End: s.End}}, nil
		}
		return task.spans, nil
	}
	loc, err := cache.LocateKey(bo, task.spans[0].Start)
	if err != nil {
		return nil, err
	}
	task.region = loc.Region
	for i, s := range task.spans {
		if len(loc.EndKey) == 0 || bytes.Compare(s.End, loc.EndKey) <= 0 {
			continue
		}
		spans = slices.Clone(task.spans[:i])
		if bytes.Compare(s.Start, loc.EndKey) < 0 {
			spans = append(spans, kv.Span{Start: s.Start, End: loc.EndKey})
		}
		return spans, nil
	}
	return task.spans, nil
}

// wrote reports whether the transaction wrote in spans of stored keys.
func (r *replies) wrote(spans []kv.Span) bool {
	if r.writes.len() == 0 {
		return false
	}
	for _, s := range spans {
		if len(r.writes.next(r.user(s), nil, false, 1, nil)) > 0 {
			return true
		}
	}
	return false
}

func (r *replies) user(s kv.Span) kv.Span {
	return kv.Span{Start: r.txn.keys.user(s.Start), End: r.txn.keys.user(s.End)}
}

func (r *replies) send(bo *retry.Backoffer, task *copTask, spans []kv.Span, ignore, access []uint64) (*coprocessor.Response, error) {
	body := &coprocessor.Request{Tp: dagRequest, Data: r.req.Program, StartTs: uint64(r.txn.readTS)}
	if r.req.Rows {
		if task.size = min(task.size*2, maxPage); task.size == 0 {
			task.size = maxPage
			if r.req.Few {
				task.size = firstPage
			}
		}
		body.PagingSize = task.size
	}
	for _, s := range spans {
		if r.req.Points {
			body.Ranges = append(body.Ranges, &coprocessor.KeyRange{Start: s.Start, End: prefixNext(s.Start)})
			continue
		}
		body.Ranges = appendRange(body.Ranges, s)
	}
	req := r.txn.request(tikvrpc.CmdCop, body, kvrpcpb.Context{
		IsolationLevel: kvrpcpb.IsolationLevel_SI, ResolvedLocks: ignore, CommittedLocks: access,
	})
	if req.StaleRead && len(ignore)+len(access) > 0 {
		req.DisableStaleReadMeetLock() // what became of the locks was found out at the leader
	}
	resp, err := r.txn.sendRead(bo, req, task.region)
	if err != nil {
		return nil, err
	}
	regionErr, err := resp.GetRegionError()
	if err != nil {
		return nil, err
	}
	if regionErr != nil {
		return &coprocessor.Response{RegionError: regionErr}, nil
	}
	return resp.Resp.(*coprocessor.Response), nil
}

// appendRange appends a span. Stores take a range whose end is what follows all
// keys that begin with its start for the one key that is its start, so such a
// span becomes that key and the rest.
func appendRange(ranges []*coprocessor.KeyRange, s kv.Span) []*coprocessor.KeyRange {
	if len(s.Start) == len(s.End) && bytes.Equal(prefixNext(s.Start), s.End) {
		next := append(bytes.Clone(s.Start), 0)
		ranges = append(ranges, &coprocessor.KeyRange{Start: s.Start, End: next})
		s.Start = next
	}
	return append(ranges, &coprocessor.KeyRange{Start: s.Start, End: s.End})
}

// prefixNext returns the first key after all that begin with key, nil if there is none.
func prefixNext(key kv.Key) kv.Key {
	next := bytes.Clone(key)
	for i := len(next) - 1; i >= 0; i-- {
		if next[i]++; next[i] != 0 {
			return next
		}
	}
	return nil
}

func (r *replies) retryRegion(bo *retry.Backoffer, task *copTask, e *errorpb.Error) error {
	if e.EpochNotMatch != nil {
		return nil // the region cache has the new ones
	}
	r.txn.store.client.GetRegionCache().InvalidateCachedRegion(task.region)
	return bo.Backoff(retry.BoRegionMiss, regionError{e})
}

type regionError struct{ what *errorpb.Error }

func (e regionError) Error() string { return e.what.String() }

// leave gives spans back unanswered.
func (r *replies) leave(task *copTask, spans []kv.Span, why string) kv.CoprocessorReply {
	return kv.CoprocessorReply{Spans: r.settle(task, spans, nil), Refusal: why}
}

// answer takes a store's answer, which is for a page if it has a range.
func (r *replies) answer(task *copTask, spans []kv.Span, resp *coprocessor.Response) (kv.CoprocessorReply, error) {
	page := resp.Range
	if !r.req.Rows {
		page = nil
	}
	if page != nil && (!r.req.Reverse && bytes.Compare(page.End, spans[0].Start) <= 0 || r.req.Reverse && bytes.Compare(page.Start, spans[0].End) >= 0) {
		return kv.CoprocessorReply{}, r.txn.store.translate(r.ctx, errNoProgress)
	}
	out := kv.CoprocessorReply{Data: []byte(resp.Data), Spans: r.settle(task, spans, page)}
	if out.Data == nil {
		out.Data = []byte{}
	}
	return out, nil
}

// settle takes spans that were asked for from a task, or what a page has of them.
func (r *replies) settle(task *copTask, spans []kv.Span, page *coprocessor.KeyRange) []kv.Span {
	if r.req.Reverse {
		start := spans[0].Start
		if page != nil && bytes.Compare(page.Start, start) > 0 {
			start = bytes.Clone(page.Start)
		}
		return r.takeBack(task, start)
	}
	end := spans[len(spans)-1].End
	if page != nil && bytes.Compare(page.End, end) < 0 {
		end = bytes.Clone(page.End)
	}
	return r.take(task, end)
}

// takeBack cuts a task's only span at a key and returns what is behind it.
func (r *replies) takeBack(task *copTask, start kv.Key) []kv.Span {
	s := task.spans[0]
	task.spans[0].End = start
	if bytes.Compare(s.Start, start) >= 0 {
		task.spans = nil
	}
	return []kv.Span{r.user(kv.Span{Start: start, End: s.End})}
}

// take cuts a task's spans at a key and returns those before it, as users know
// them.
func (r *replies) take(task *copTask, end kv.Key) []kv.Span {
	var out []kv.Span
	for len(task.spans) > 0 {
		s := task.spans[0]
		if bytes.Compare(s.Start, end) >= 0 {
			break
		}
		if bytes.Compare(end, s.End) < 0 {
			out = append(out, r.user(kv.Span{Start: s.Start, End: end}))
			task.spans[0].Start = end
			return out
		}
		out = append(out, r.user(s))
		task.spans = task.spans[1:]
	}
	return out
}
