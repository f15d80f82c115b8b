package tikv

import (
	"bytes"
	"context"
	"encoding/binary"
	"time"

	"github.com/tikv/client-go/v2/oracle"

	"github.com/tidemarkdb/tidemark/kv"
)

// Words that one node tells the others lie between the announcements, so that
// they are found without another read:
//
//	a ff {ts u64} {node u64}  the word
//
// The first byte of a timestamp is never ff. Each node hears a word once, as
// long as it is there; the node that wrote it takes it away, or, if that one
// died, any other.

const (
	// wordMark is the byte after an announcement's first.
	wordMark = 0xff
	wordLen  = 2 + 8 + 8
	// wordLife is how long a word is there: for several looks of each node.
	wordLife = 10 * pollEvery
	// wordLeft is how old a word is whose node died.
	wordLeft = time.Minute
)

var _ kv.Broadcaster = (*Store)(nil)

// Receive implements kv.Broadcaster.
func (s *Store) Receive(fn func(word []byte)) {
	s.announced.mu.Lock()
	defer s.announced.mu.Unlock()
	s.announced.receive = fn
}

// Broadcast implements kv.Broadcaster.
func (s *Store) Broadcast(ctx context.Context, word []byte) error {
	var id kv.Key
	err := s.gc.update(ctx, false, func(t *txn) error {
		id = binary.BigEndian.AppendUint64(kv.Key{'a', wordMark}, uint64(t.readTS))
		id = append(id, s.gc.node[:]...)
		return t.PutUnchecked(id, word)
	})
	if err != nil {
		return err
	}
	s.work.Go(func() {
		if s.sleep(s.life, wordLife) == nil {
			s.forget(id)
		}
	})
	return nil
}

// forget takes a word away.
func (s *Store) forget(id kv.Key) {
	ctx, cancel := context.WithTimeout(s.life, requestTimeout)
	defer cancel()
	err := s.gc.update(ctx, false, func(t *txn) error { return t.DeleteUnchecked(id) })
	if err != nil && s.life.Err() == nil {
		s.cfg.Logger.Debug("a word to other nodes was not taken away", "error", err)
	}
}

func isWord(key kv.Key) bool { return len(key) == wordLen && key[1] == wordMark }

// hear passes on the words that the node has not heard yet, of those that are
// there at a time.
func (a *announcements) hear(words []kv.KeyValue, now kv.Timestamp) {
	a.mu.Lock()
	receive, before := a.receive, a.heard
	a.heard = make(map[string]bool, len(words))
	for _, w := range words {
		a.heard[string(w.Key)] = true
	}
	a.mu.Unlock()
	for _, w := range words {
		mine := bytes.Equal(w.Key[wordLen-8:], a.store.gc.node[:])
		if !mine && !before[string(w.Key)] && receive != nil {
			receive(w.Value)
		}
		said := oracle.GetTimeFromTS(binary.BigEndian.Uint64(w.Key[2:]))
		if !mine && oracle.GetTimeFromTS(uint64(now)).Sub(said) > wordLeft {
			a.store.work.Go(func() { a.store.forget(w.Key) })
		}
	}
}
