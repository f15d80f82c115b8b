package embedded

// LockWaiters returns how many requests wait for row locks.
func (s *Store) LockWaiters() int {
	n := 0
	for i := range s.locks.shards {
		sh := &s.locks.shards[i]
		sh.mu.Lock()
		for _, q := range sh.queues {
			n += len(q.waiters)
		}
		sh.mu.Unlock()
	}
	return n
}
