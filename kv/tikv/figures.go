package tikv

import (
	"sync"

	"github.com/tikv/client-go/v2/metrics"

	"github.com/tidemarkdb/tidemark/kv"
)

// RegisterMetrics puts client-go's metrics, which are the process's, into
// Prometheus's default registry.
var RegisterMetrics = sync.OnceFunc(metrics.RegisterMetrics)

var _ kv.Metered = (*Store)(nil)

// Figures implements kv.Metered.
func (s *Store) Figures() []kv.Figure {
	published, snapshots := s.gc.figures()
	return []kv.Figure{
		{Name: "tidemark_gc_safe_point_seconds", Help: "Below it old versions may be gone (Unix time), as this node last saw it.", Value: seconds(kv.Timestamp(s.gc.seen.Load()))},
		{Name: "tidemark_gc_node_low_seconds", Help: "What this node may still read from on (Unix time): nobody collects above.", Value: seconds(published)},
		{Name: "tidemark_open_snapshots", Help: "Snapshots that are open in this node.", Value: float64(snapshots)},
		{Name: "tidemark_lock_waiters", Help: "Requests that wait for row locks of this node's transactions.", Value: float64(s.LockWaiters())},
		{Name: "tidemark_node_lease_seconds", Help: "How long this node's lease still counts; below 0 it does not commit what needs it.", Value: s.gc.leaseLeft().Seconds()},
	}
}

func seconds(ts kv.Timestamp) float64 {
	if ts == 0 {
		return 0
	}
	return float64(ts.Time().UnixMilli()) / 1000
}

// figures returns the oldest timestamp that may be read without asking, and how
// many snapshots are open.
func (c *collector) figures() (published kv.Timestamp, snapshots int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.published, len(c.snapshots)
}
