package kv

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Traffic counts the requests that a store sends over a network for whoever put
// it into the context of its calls (WithTraffic). A store in this process sends
// none. It is safe for use by many goroutines.
type Traffic struct {
	// Within, if not nil, counts the same, and more.
	Within *Traffic

	mu sync.Mutex
	n  TrafficCounts
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

// Add counts one request.
func (t *Traffic) Add(kind string, sent, received int64, retry bool, waited time.Duration) {
	if t.Within != nil {
		t.Within.Add(kind, sent, received, retry, waited)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n.Requests == nil {
		t.n.Requests = map[string]int64{}
	}
	t.n.Requests[kind]++
	t.n.Sent += sent
	t.n.Received += received
	if kind == TimestampRequest {
		t.n.TimestampWait += waited
	} else {
		t.n.Waited += waited
	}
	if retry {
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
