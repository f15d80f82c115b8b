package embedded

import (
	"context"
	"sync"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// collector does the store's background work.
type collector struct {
	store *Store
	quit  chan struct{}
	done  sync.WaitGroup
}

func (c *collector) start(s *Store) error {
	c.store = s
	c.quit = make(chan struct{})
	c.done.Add(1)
	go c.run()
	return nil
}

func (c *collector) stop() {
	close(c.quit)
	c.done.Wait()
}

func (c *collector) run() {
	defer c.done.Done()
	ticker := time.NewTicker(c.store.cfg.GCInterval)
	defer ticker.Stop()
	for {
		select {
		case <-c.quit:
			return
		case now := <-ticker.C:
			c.store.iters.trim(now)
		}
	}
}

// DestroyRange implements kv.Store.
func (s *Store) DestroyRange(_ context.Context, span kv.Span) error {
	b := s.db.NewBatch()
	if err := b.DeleteRange(appendPrefix(nil, span.Start), appendSpanEnd(nil, span.End), nil); err != nil {
		return storageError(err)
	}
	return s.apply(b, s.syncOptions)
}
