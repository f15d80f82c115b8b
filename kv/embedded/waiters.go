package embedded

// LockWaiters returns how many requests wait for row locks.
func (s *Store) LockWaiters() int { return s.locks.Waiters() }
