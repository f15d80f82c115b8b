package kv

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Traffic counts the requests that a store sends over a network for whoever put
// it into the context of its calls (WithTraffic). A store in this process sends
// none. It is safe for use by many goroutines.
type Traffic struct {
	// Within, if not nil, counts the same, and more.
	Within *Traffic

	follower atomic.Pointer[func(*Request)]

	mu sync.Mutex
	n  TrafficCounts
}

// Request is one request that a store sent over a network, and what came of it.
type Request struct {
	Kind           string // of the protocol, or TimestampRequest
	Address        string // whom it went to, if known
	Region         uint64 // 0: none
	Begun          time.Time
	Waited         time.Duration
	Sent, Received int64 // bytes
	Retry          bool  // the answer was to ask again, or elsewhere
	Error          string
}

// TimestampRequest is the kind of requests for timestamps, which no store answers.
const TimestampRequest = "Timestamp"

// TrafficCounts is what a Traffic has counted.
type TrafficCounts struct {
	Requests       map[string]int64 // by their kind
	Sent, Received int64            // bytes
	Retries        int64            // requests whose answer was to ask again, or elsewhere
	Waited         time.Duration    // for answers of stores, summed up over requests that may have run at once
	TimestampWait  time.Duration    // for timestamps
}

// Total is how many requests there were.
func (c *TrafficCounts) Total() int64 {
	var n int64
	for _, k := range c.Requests {
		n += k
	}
	return n
}

// Follow has f told of each request from now on, by whatever goroutine has got its
// answer; nil ends that. What f gets is not to be kept.
func (t *Traffic) Follow(f func(*Request)) {
	if f == nil {
		t.follower.Store(nil)
		return
	}
	t.follower.Store(&f)
}

// Add counts one request.
func (t *Traffic) Add(r *Request) {
	if t.Within != nil {
		t.Within.Add(r)
	}
	if f := t.follower.Load(); f != nil {
		(*f)(r)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n.Requests == nil {
		t.n.Requests = map[string]int64{}
	}
	t.n.Requests[r.Kind]++
	t.n.Sent += r.Sent
	t.n.Received += r.Received
	if r.Kind == TimestampRequest {
		t.n.TimestampWait += r.Waited
	} else {
		t.n.Waited += r.Waited
	}
	if r.Retry {
		t.n.Retries++
	}
}

// Counts returns what was counted so far.
func (t *Traffic) Counts() TrafficCounts {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.n
	c.Requests = maps.Clone(t.n.Requests)
	return c
}

// Since returns what was counted after before.
func (t *Traffic) Since(before TrafficCounts) TrafficCounts {
	now := t.Counts()
	for kind, n := range before.Requests {
		if now.Requests[kind] -= n; now.Requests[kind] == 0 {
			delete(now.Requests, kind)
		}
	}
	now.Sent -= before.Sent
	now.Received -= before.Received
	now.Retries -= before.Retries
	now.Waited -= before.Waited
	now.TimestampWait -= before.TimestampWait
	return now
}

type trafficKey struct{}

// WithTraffic returns a context whose calls of a store are counted by t.
func WithTraffic(ctx context.Context, t *Traffic) context.Context {
	return context.WithValue(ctx, trafficKey{}, t)
}

// TrafficOf returns what counts the calls under ctx, nil if nothing does.
func TrafficOf(ctx context.Context) *Traffic {
	t, _ := ctx.Value(trafficKey{}).(*Traffic)
	return t
}
