package embedded

import "github.com/tidemarkdb/tidemark/kv"

var _ kv.Metered = (*Store)(nil)

// Figures implements kv.Metered.
func (s *Store) Figures() []kv.Figure {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed || s.wedged.Load() {
		return nil
	}
	m := s.db.Metrics()
	s.snapshots.mu.Lock()
	horizon := s.snapshots.horizon
	s.snapshots.mu.Unlock()
	return []kv.Figure{
		{Name: "tidemark_cache_bytes", Help: "What a cache keeps.", Label: "cache", Of: "store", Value: float64(m.BlockCache.Size)},
		{Name: "tidemark_cache_hits_total", Help: "Reads that a cache answered.", Counter: true, Label: "cache", Of: "store", Value: float64(m.BlockCache.Hits)},
		{Name: "tidemark_cache_misses_total", Help: "Reads that a cache did not answer.", Counter: true, Label: "cache", Of: "store", Value: float64(m.BlockCache.Misses)},
		{Name: "tidemark_gc_safe_point_seconds", Help: "Below it old versions may be gone (Unix time).", Value: float64(horizon.Time().UnixMilli()) / 1000},
		{Name: "tidemark_lock_waiters", Help: "Requests that wait for row locks.", Value: float64(s.LockWaiters())},
		{Name: "tidemark_store_disk_bytes", Help: "Size of the store's files.", Value: float64(m.DiskSpaceUsage())},
		{Name: "tidemark_store_memtable_bytes", Help: "What was written and is in memory yet, beside the log.", Value: float64(m.MemTable.Size)},
		{Name: "tidemark_store_flushes_total", Help: "Times that what was in memory was written into files.", Counter: true, Value: float64(m.Flush.Count)},
		{Name: "tidemark_store_compactions_total", Help: "Compactions of files.", Counter: true, Value: float64(m.Compact.Count)},
		{Name: "tidemark_store_compaction_debt_bytes", Help: "What is left to compact, estimated.", Value: float64(m.Compact.EstimatedDebt)},
	}
}
