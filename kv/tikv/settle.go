package tikv

import (
	"context"
	"sync"
	"time"

	"github.com/tikv/client-go/v2/txnkv/transaction"
)

// A commit is over when the primary is committed; client-go commits the other keys
// in the background, and until that is done they look locked. Who waited for a row
// of a transaction of this node comes just then: it would ask for the lock, be told of
// the committed transaction, ask the primary about it, have the row committed, and ask
// again, two replicated writes and as much time as the commit itself. So it waits for
// the background instead.
//
// settling has the keys of this node's transactions that are committed and may look
// locked. Others meet them as before.
type settling struct {
	mu   sync.Mutex
	keys map[string]chan struct{} // closed when it is done
}

const (
	// maxSettling bounds the keys of a transaction that are noted.
	maxSettling = 1024
	// settlePatience bounds the wait: a background that does not get on is not better
	// than asking.
	settlePatience = time.Second
)

func (s *settling) init() { s.keys = map[string]chan struct{}{} }

// follow notes the keys, in stored form, of a transaction that commits, from when
// client-go goes on in the background until that is over.
func (s *settling) follow(client *transaction.KVTxn, keys []string) {
	if len(keys) == 0 || len(keys) > maxSettling {
		return
	}
	var mu sync.Mutex
	running := 0
	var done chan struct{}
	client.SetBackgroundGoroutineLifecycleHooks(transaction.LifecycleHooks{
		Pre: func() {
			mu.Lock()
			defer mu.Unlock()
			if running++; running == 1 {
				done = make(chan struct{})
				s.add(keys, done)
			}
		},
		Post: func() {
			mu.Lock()
			defer mu.Unlock()
			if running--; running == 0 {
				s.remove(keys, done)
				close(done)
			}
		},
	})
}

func (s *settling) add(keys []string, done chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		s.keys[key] = done
	}
}

// remove forgets keys that no later transaction has noted since.
func (s *settling) remove(keys []string, done chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if s.keys[key] == done {
			delete(s.keys, key)
		}
	}
}

// wait waits until none of keys looks locked by a transaction of this node that is
// committed, not for long.
func (s *settling) wait(ctx context.Context, keys [][]byte) {
	var timer *time.Timer
	for _, key := range keys {
		s.mu.Lock()
		done := s.keys[string(key)]
		s.mu.Unlock()
		if done == nil {
			continue
		}
		if timer == nil {
			timer = time.NewTimer(settlePatience)
			defer timer.Stop()
		}
		select {
		case <-done:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
