package tikv

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tikv/client-go/v2/config/retry"
	"github.com/tikv/client-go/v2/tikv"

	"github.com/tidemarkdb/tidemark/kv"
)

// coprocessWorkers is how many regions a request asks at once.
const coprocessWorkers = 8

// pagesAhead is how many answers of a region wait for their reader.
const pagesAhead = 2

var _ kv.CoprocessorStore = (*Store)(nil)

// Coprocesses implements kv.CoprocessorStore: servers take keys as users of the
// store know them only.
func (s *Store) Coprocesses() bool { return len(s.keys.data) == 0 }

var (
	_ kv.Coprocessor = (*txn)(nil)
	_ kv.OwnWriter   = (*txn)(nil)
)

// WroteIn implements kv.OwnWriter.
func (t *txn) WroteIn(span kv.Span) bool {
	return len(t.writes.next(span, nil, false, 1, nil)) > 0
}

// Coprocess implements kv.Coprocessor.
//
//  1. The spans are cut at the bounds of regions into tasks.
//  2. Workers take tasks in order, and ask for each until the region has answered
//     for all of it; the answers wait in the task's channel.
//  3. The reader takes the tasks in the same order.
//
// A single task is worked on by the reader itself. A task of a request that goes
// backwards has one span, of which answers are for the end.
func (t *txn) Coprocess(ctx context.Context, req kv.CoprocessorRequest) (kv.CoprocessorReplies, error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	r := &replies{txn: t, req: req, writes: t.writes.fork()}
	bo := retry.NewBackofferWithVars(ctx, coprocessPatience, nil)
	var err error
	if r.tasks, err = r.divide(bo, storedSpans(t.keys, req.Spans)); err != nil {
		return nil, t.store.translate(ctx, err)
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	workers := coprocessWorkers
	if req.Few {
		workers = 2
	}
	if workers = min(workers, len(r.tasks)); workers > 1 {
		for _, task := range r.tasks {
			task.pages = make(chan page, pagesAhead)
		}
		for range workers {
			r.workers.Go(r.work)
		}
	}
	return r, nil
}

func storedSpans(keys *keyspace, spans []kv.Span) []kv.Span {
	out := make([]kv.Span, 0, len(spans))
	for _, s := range spans {
		if len(s.End) == 0 || bytes.Compare(s.Start, s.End) < 0 {
			out = append(out, keys.storedSpan(s))
		}
	}
	return out
}

// replies is a request under way.
type replies struct {
	txn    *txn
	req    kv.CoprocessorRequest
	writes writes
	tasks  []*copTask
	at     int // the task that is read

	ctx     context.Context
	cancel  context.CancelFunc
	workers sync.WaitGroup
	taken   atomic.Int64 // tasks given to workers
	held    atomic.Int64 // bytes reserved
}

// copTask is a part of the spans that lies in one region.
type copTask struct {
	region tikv.RegionVerID
	spans  []kv.Span // stored keys, ascending; what is not answered yet
	pages  chan page // nil: the reader does the work
	size   uint64    // of the next page, 0 before the first
}

// page is an answer, or why there is none. The last of a task is followed by the
// channel's end.
type page struct {
	reply kv.CoprocessorReply
	err   error
}

// divide cuts spans into tasks. Neighbours that ascend share one.
func (r *replies) divide(bo *retry.Backoffer, spans []kv.Span) ([]*copTask, error) {
	var tasks []*copTask
	cache := r.txn.store.client.GetRegionCache()
	for _, s := range spans {
		regions, err := cache.LocateKeyRange(bo, s.Start, s.End)
		if err != nil {
			return nil, err
		}
		if r.req.Reverse {
			slices.Reverse(regions)
		}
		for _, loc := range regions {
			part := s
			if bytes.Compare(part.Start, loc.StartKey) < 0 {
				part.Start = loc.StartKey
			}
			if len(loc.EndKey) > 0 && bytes.Compare(loc.EndKey, part.End) < 0 {
				part.End = loc.EndKey
			}
			if n := len(tasks); n > 0 && !r.req.Reverse && tasks[n-1].takes(loc.Region, part) {
				tasks[n-1].spans = append(tasks[n-1].spans, part)
				continue
			}
			tasks = append(tasks, &copTask{region: loc.Region, spans: []kv.Span{part}})
		}
	}
	return tasks, nil
}

// maxTaskSpans bounds how many spans one request names.
const maxTaskSpans = 1024

func (t *copTask) takes(region tikv.RegionVerID, part kv.Span) bool {
	last := t.spans[len(t.spans)-1]
	return t.region == region && len(t.spans) < maxTaskSpans && bytes.Compare(last.End, part.Start) <= 0
}

// work is a worker.
func (r *replies) work() {
	for {
		i := int(r.taken.Add(1)) - 1
		if i >= len(r.tasks) {
			return
		}
		task := r.tasks[i]
		for len(task.spans) > 0 {
			var p page
			p.reply, p.err = r.ask(r.ctx, task)
			if p.err == nil {
				p.err = r.reserve(int64(len(p.reply.Data)))
			}
			select {
			case task.pages <- p:
			case <-r.ctx.Done():
				return
			}
			if p.err != nil {
				return // nobody reads what comes after it
			}
		}
		close(task.pages)
	}
}

func (r *replies) reserve(n int64) error {
	if r.req.Reserve == nil || n == 0 {
		return nil
	}
	if err := r.req.Reserve(n); err != nil {
		return err
	}
	r.held.Add(n)
	return nil
}

// Next implements kv.CoprocessorReplies.
func (r *replies) Next(ctx context.Context) (kv.CoprocessorReply, error) {
	for ; r.at < len(r.tasks); r.at++ {
		task := r.tasks[r.at]
		if task.pages == nil {
			if len(task.spans) > 0 {
				return r.ask(r.ctx, task)
			}
			continue
		}
		select {
		case p, ok := <-task.pages:
			if !ok {
				continue
			}
			if p.err != nil {
				return p.reply, p.err
			}
			return p.reply, r.reserve(-int64(len(p.reply.Data)))
		case <-ctx.Done():
			return kv.CoprocessorReply{}, kv.Cancelled(ctx)
		}
	}
	return kv.CoprocessorReply{}, io.EOF
}

// Close implements kv.CoprocessorReplies.
func (r *replies) Close() {
	r.cancel()
	r.workers.Wait()
	if n := r.held.Swap(0); n != 0 {
		_ = r.req.Reserve(-n) // giving back does not fail
	}
	r.at = len(r.tasks)
}

var errNoProgress = errors.New("a store answered for a part that it was not asked for")
