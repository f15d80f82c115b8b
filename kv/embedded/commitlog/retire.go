package commitlog

// retire removes full segments when what they hold is durable elsewhere.
func (l *Log) retire() {
	defer l.done.Done()
	for {
		select {
		case <-l.quit:
			return
		case <-l.full:
		}
		l.mu.Lock()
		sealed := l.sealed
		l.mu.Unlock()
		// What is appended, but not applied yet, would miss the flush.
		for _, s := range sealed {
			s.applying.Wait()
		}
		flushed, err := l.cfg.Flush()
		if err != nil {
			l.cfg.Logger.Error("the log keeps its segments", "error", err)
			continue
		}
		select {
		case <-flushed:
		case <-l.quit:
			return
		}
		for _, s := range sealed {
			if err := l.remove(s.number); err != nil {
				l.cfg.Logger.Error("a segment of the log could not be removed", "segment", s.number, "error", err)
				break
			}
			l.mu.Lock()
			l.sealed = l.sealed[1:]
			l.mu.Unlock()
		}
	}
}
