package embedded

import "sync"

// firstTxnID is the first transaction id of a new store; PostgreSQL's first
// normal xid is 3.
const firstTxnID = 1000

// idStep is how many ids are reserved durably at a time.
const idStep = 1 << 24

// idSource gives transactions ids that are never given again.
type idSource struct {
	mu      sync.Mutex
	last    uint64
	limit   uint64
	persist func(limit uint64) error
}

func (s *idSource) init(first uint64, persist func(uint64) error) {
	s.last, s.limit, s.persist = first-1, first, persist
}

func (s *idSource) next() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	if s.last >= s.limit {
		s.limit = s.last + idStep
		// Without a durable mark ids could only repeat after a failure that
		// ends all writing, so the error can wait for the commit to meet it.
		_ = s.persist(s.limit)
	}
	return s.last
}

func (s *idSource) peek() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last + 1
}
