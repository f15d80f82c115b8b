package session

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

const (
	// cancelsUnderWay bounds how many cancel requests are passed on at once: anybody
	// may send one, without a password, and each costs a commit. What is above is
	// dropped, as if it had come too late.
	cancelsUnderWay = 4
	cancelPatience  = 5 * time.Second
)

// Cancel ends the statement that the session with this key runs now, if any. Wrong
// keys are ignored, as PostgreSQL does. A session that is not of this node may be
// of another, which is told: a client may reach any node by the address that it
// opened its connection by.
func (srv *Server) Cancel(pid, secret uint32) {
	if srv.cancelSession(pid, secret) {
		return
	}
	others, ok := srv.store.(kv.Broadcaster)
	if !ok {
		return
	}
	if srv.cancels.Add(1) <= cancelsUnderWay {
		ctx, cancel := context.WithTimeout(context.Background(), cancelPatience)
		defer cancel()
		word := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, pid), secret)
		if err := others.Broadcast(ctx, word); err != nil {
			srv.config.Logger.Warn("a cancel request was not passed on", "error", err)
		}
	}
	srv.cancels.Add(-1)
}

// cancelHere is told of cancel requests that other nodes received.
func (srv *Server) cancelHere(word []byte) {
	if len(word) == 8 {
		srv.cancelSession(binary.BigEndian.Uint32(word), binary.BigEndian.Uint32(word[4:]))
	}
}

// cancelSession is Cancel within this node. found is false if the session is not here.
func (srv *Server) cancelSession(pid, secret uint32) (found bool) {
	srv.mu.Lock()
	s := srv.sessions[pid]
	srv.mu.Unlock()
	if s == nil || s.secret != secret {
		return false
	}
	s.interrupt(ErrCancelled)
	return true
}
