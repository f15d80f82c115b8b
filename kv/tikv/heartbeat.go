package tikv

import (
	"context"
	"sync"
	"time"

	"github.com/tikv/client-go/v2/config/retry"
	"github.com/tikv/client-go/v2/txnkv/transaction"
)

// heartbeats keeps the locks of this node's transactions alive: whoever meets a
// lock that nobody renewed for lockTTL takes its transaction for dead.
type heartbeats struct {
	mu   sync.Mutex
	txns map[*txn]time.Time // when the locks were renewed last
}

const (
	heartbeatTick = 2 * time.Second
	// heartbeatAfter is the age at which a lock is renewed.
	heartbeatAfter = lockTTL * time.Millisecond / 3
	// heartbeatWorkers is how many renewals run at once.
	heartbeatWorkers = 16
)

func (h *heartbeats) init() { h.txns = map[*txn]time.Time{} }

func (h *heartbeats) add(t *txn) {
	h.mu.Lock()
	if _, ok := h.txns[t]; !ok {
		h.txns[t] = time.Now()
	}
	h.mu.Unlock()
}

func (h *heartbeats) remove(t *txn) {
	h.mu.Lock()
	delete(h.txns, t)
	h.mu.Unlock()
}

// due returns the transactions whose locks are to be renewed.
func (h *heartbeats) due(now time.Time) []*txn {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*txn
	for t, last := range h.txns {
		if now.Sub(last) >= heartbeatAfter {
			out = append(out, t)
			h.txns[t] = now
		}
	}
	return out
}

func (s *Store) runHeartbeats() {
	tick := time.NewTicker(heartbeatTick)
	defer tick.Stop()
	slots := make(chan struct{}, heartbeatWorkers)
	for {
		select {
		case <-s.life.Done():
			return
		case now := <-tick.C:
			for _, t := range s.hearts.due(now) {
				slots <- struct{}{}
				s.work.Go(func() {
					s.renew(t)
					<-slots
				})
			}
		}
	}
}

// renew renews the primary lock of a transaction. If it is gone, so may be locks
// of keys that are not written, which a commit would not miss: it is not to be.
func (s *Store) renew(t *txn) {
	primary := t.remote.getPrimary()
	if primary == nil {
		return
	}
	ctx, cancel := context.WithTimeout(s.life, heartbeatAfter)
	defer cancel()
	bo := retry.NewBackofferWithVars(ctx, lockPatience, nil)
	_, gone, err := transaction.SendTxnHeartBeat(bo, s.client, primary, uint64(t.beginTS), t.ttl())
	if gone {
		t.gone.Store(true)
	}
	if err != nil || gone {
		s.cfg.Logger.Warn("locks of a transaction could not be renewed", "txn", uint64(t.beginTS), "gone", gone, "error", err)
	}
}
