package session

import (
	"time"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// memoryLimit is what a statement may use: the server's limit, or less if a
// MEMORY_QUOTA hint says so.
func (s *Session) memoryLimit(q *plan.Query) int64 {
	limit := s.server.config.QueryMemoryLimit
	if q.MemoryQuota > 0 && (limit <= 0 || q.MemoryQuota < limit) {
		return q.MemoryQuota
	}
	return limit
}

// hinted tells the client what hints were not followed, and starts the clock
// of MAX_EXECUTION_TIME.
func (s *Session) hinted(r *running) {
	q := r.planned.query
	s.hintNotices(q)
	if q.MaxTime > 0 {
		r.timer = time.AfterFunc(q.MaxTime, func() { s.interrupt(errMaxExecutionTime) })
	}
}

func (s *Session) hintNotices(q *plan.Query) {
	for _, n := range q.Notices {
		s.notice(pgerror.NewNotice("%s", n))
	}
}

var errMaxExecutionTime = pgerror.New(pgerror.QueryCanceled, "canceling statement due to its MAX_EXECUTION_TIME hint")
