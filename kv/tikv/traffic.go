package tikv

import (
	"context"
	"time"

	"github.com/tikv/client-go/v2/oracle"
	"github.com/tikv/client-go/v2/tikv"
	"github.com/tikv/client-go/v2/tikvrpc"
	"github.com/tikv/client-go/v2/tikvrpc/interceptor"
	"github.com/tikv/client-go/v2/util/async"

	"github.com/tidemarkdb/tidemark/kv"
)

// timestampKind is how requests for timestamps are counted, which go to PD. Others
// have the names of the protocol.
const timestampKind = kv.TimestampRequest

// trafficClient counts requests to stores, each try of client-go by itself, and
// notes which stores are waited for.
type trafficClient struct {
	tikv.Client
	silence *silence
}

// SendRequest implements client-go's Client.
func (c trafficClient) SendRequest(ctx context.Context, addr string, req *tikvrpc.Request, timeout time.Duration) (*tikvrpc.Response, error) {
	w := c.silence.wait(addr)
	if w == nil {
		return nil, errSilent
	}
	t := trafficOf(ctx)
	if t == nil {
		resp, err := c.Client.SendRequest(ctx, addr, req, timeout)
		c.silence.end(w, err == nil)
		return resp, err
	}
	begun := time.Now()
	resp, err := c.Client.SendRequest(ctx, addr, req, timeout)
	c.silence.end(w, err == nil)
	count(t, addr, req, resp, err, begun)
	return resp, err
}

// SendRequestAsync implements client-go's Client.
func (c trafficClient) SendRequestAsync(ctx context.Context, addr string, req *tikvrpc.Request, cb async.Callback[*tikvrpc.Response]) {
	w := c.silence.wait(addr)
	if w == nil {
		cb.Invoke(nil, errSilent)
		return
	}
	cb.Inject(func(resp *tikvrpc.Response, err error) (*tikvrpc.Response, error) {
		c.silence.end(w, err == nil)
		return resp, err
	})
	if t := trafficOf(ctx); t != nil {
		begun := time.Now()
		cb.Inject(func(resp *tikvrpc.Response, err error) (*tikvrpc.Response, error) {
			count(t, addr, req, resp, err, begun)
			return resp, err
		})
	}
	c.Client.SendRequestAsync(ctx, addr, req, cb)
}

func count(t *kv.Traffic, addr string, req *tikvrpc.Request, resp *tikvrpc.Response, err error, begun time.Time) {
	r := kv.Request{Kind: kindOf(req), Address: addr, Region: req.RegionId, Begun: begun, Waited: time.Since(begun), Sent: messageSize(req.Req)}
	if err != nil {
		r.Retry, r.Error = true, err.Error()
	} else if resp != nil {
		r.Received = messageSize(resp.Resp)
		if e, err := resp.GetRegionError(); err == nil && e != nil {
			r.Retry, r.Error = true, e.String()
		}
	}
	t.Add(&r)
}

// countTimestamp counts a request for a timestamp.
func countTimestamp(t *kv.Traffic, begun time.Time, err error) {
	r := kv.Request{Kind: timestampKind, Begun: begun, Waited: time.Since(begun), Retry: err != nil}
	if err != nil {
		r.Error = err.Error()
	}
	t.Add(&r)
}

// kindOf names a request; what is asked of a replica that need not lead says so.
func kindOf(req *tikvrpc.Request) string {
	switch {
	case req.StaleRead:
		return "Stale" + req.Type.String()
	case req.ReplicaRead:
		return "Replica" + req.Type.String()
	}
	return req.Type.String()
}

func messageSize(m any) int64 {
	if m, ok := m.(interface{ Size() int }); ok {
		return int64(m.Size())
	}
	return 0
}

// trafficOf finds the counter in a context of client-go, where it is hidden in
// an interceptor when client-go made the context itself.
func trafficOf(ctx context.Context) *kv.Traffic {
	if m, ok := interceptor.GetRPCInterceptorFromCtx(ctx).(trafficMark); ok {
		return m.traffic
	}
	return kv.TrafficOf(ctx)
}

// trafficMark is an interceptor that intercepts nothing.
type trafficMark struct{ traffic *kv.Traffic }

// Name implements client-go's RPCInterceptor.
func (trafficMark) Name() string { return "traffic" }

// Wrap implements client-go's RPCInterceptor.
func (trafficMark) Wrap(next interceptor.RPCInterceptorFunc) interceptor.RPCInterceptorFunc {
	return next
}

// trafficOracle counts requests for timestamps.
type trafficOracle struct{ oracle.Oracle }

// GetTimestamp implements client-go's Oracle.
func (o trafficOracle) GetTimestamp(ctx context.Context, opt *oracle.Option) (uint64, error) {
	begun := time.Now()
	ts, err := o.Oracle.GetTimestamp(ctx, opt)
	if t := trafficOf(ctx); t != nil {
		countTimestamp(t, begun, err)
	}
	return ts, err
}

// GetTimestampAsync implements client-go's Oracle.
func (o trafficOracle) GetTimestampAsync(ctx context.Context, opt *oracle.Option) oracle.Future {
	f := o.Oracle.GetTimestampAsync(ctx, opt)
	if t := trafficOf(ctx); t != nil {
		return countedFuture{f, t}
	}
	return f
}

// countedFuture is a request for a timestamp, counted when it is waited for.
type countedFuture struct {
	oracle.Future
	traffic *kv.Traffic
}

// Wait implements client-go's Future.
func (f countedFuture) Wait() (uint64, error) {
	begun := time.Now()
	ts, err := f.Future.Wait()
	countTimestamp(f.traffic, begun, err)
	return ts, err
}
