package locktable

// Waiters returns how many requests wait for locks.
func (t *Table) Waiters() int {
	n := 0
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		for _, q := range sh.queues {
			n += len(q.waiters)
		}
		sh.mu.Unlock()
	}
	return n
}
