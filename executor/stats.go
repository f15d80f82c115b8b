package executor

import (
	"sync"
	"time"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// NodeStats is what EXPLAIN ANALYZE shows of a node.
type NodeStats struct {
	Workers int // that a Gather had

	Loops, Rows, Batches int64
	RowsRemoved          int64
	First, Total         time.Duration
	MemoryPeak           int64
	Bytes                int64 // of the batches handed on
	// SpillBytes is what was written to temporary files, SpillParts into how
	// many sorted runs or partitions.
	SpillBytes, SpillParts int64
	// Series is what a scan of a time-series table read, nil for other nodes.
	Series *SeriesFigures
	// Merged is what a MERGE did, nil for other nodes.
	Merged *MergeFigures
}

// MergeFigures is with how many rows a MERGE did what.
type MergeFigures struct{ Inserted, Updated, Deleted, Skipped int64 }

// SeriesFigures is what the scans of a time-series table read. Matched is how
// many series conditions on tags named, -1 if they named none.
type SeriesFigures struct {
	Matched int64
	block.Figures
}

// Stats collects NodeStats of a run.
type Stats struct {
	mu    sync.Mutex
	nodes map[plan.Node]*NodeStats
}

// Of returns the node's figures, made on first use.
func (s *Stats) Of(n plan.Node) *NodeStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nodes == nil {
		s.nodes = map[plan.Node]*NodeStats{}
	}
	st := s.nodes[n]
	if st == nil {
		st = &NodeStats{}
		s.nodes[n] = st
	}
	return st
}

// addSeries adds what a scan of a time-series table read.
func (s *NodeStats) addSeries(matched int64, f *block.Figures) {
	if s.Series == nil {
		s.Series = &SeriesFigures{Matched: -1}
	}
	if matched >= 0 {
		s.Series.Matched = max(s.Series.Matched, 0) + matched
	}
	s.Series.Add(*f)
}
