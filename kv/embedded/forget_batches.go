package embedded

// queueTurns is how many memtables have to come and go until what was in Pebble's
// queue of them before is surely forgotten.
const queueTurns = 8

// forgetBatches gives back the memory of large commits. Pebble makes each of
// them a memtable of its own, whose bytes are the batch. When these were written
// out it moves the start of its queue of memtables on, and the array below keeps
// the batch until it is made anew: with little written afterwards for hours. So
// that this is soon, the memtable is flushed a few times, which costs nothing
// while it is empty.
func (s *Store) forgetBatches() {
	if !s.tookBatch.Swap(false) {
		return
	}
	for range queueTurns {
		flushed, err := s.db.AsyncFlush()
		if err != nil {
			return // the store has failed, or is closed
		}
		select {
		case <-flushed:
		case <-s.quit:
			return
		}
	}
}
