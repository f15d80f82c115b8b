package executor

import (
	"sync/atomic"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Account counts bytes that operators keep. Accounts form a tree: query under
// session under process; a reservation must fit all of them. It is safe for
// concurrent use.
type Account struct {
	name   string
	limit  int64 // 0 means no limit of its own
	parent *Account
	used   atomic.Int64
	peak   atomic.Int64
}

// NewAccount makes an account under parent (nil for the process). limit is in
// bytes, 0 for none.
func NewAccount(name string, limit int64, parent *Account) *Account {
	return &Account{name: name, limit: limit, parent: parent}
}

// spareShare is the part of a limit that is left to those who cannot do with less:
// the first rows of a partition, a filter. Who can spill takes no more than the
// rest, so that many queries at once end, however much each would like.
const spareShare = 8

// Grow reserves n bytes or fails with 53200 and reserves nothing.
func (a *Account) Grow(n int64) error { return a.grow(n, func(limit int64) int64 { return limit }) }

// GrowSparing is Grow for those who can do with less.
func (a *Account) GrowSparing(n int64) error {
	return a.grow(n, func(limit int64) int64 { return limit - limit/spareShare })
}

func (a *Account) grow(n int64, most func(limit int64) int64) error {
	for at := a; at != nil; at = at.parent {
		used := at.used.Add(n)
		if at.limit > 0 && used > most(at.limit) {
			for undo := a; ; undo = undo.parent {
				undo.used.Add(-n)
				if undo == at {
					break
				}
			}
			return pgerror.New(pgerror.OutOfMemory, "out of memory").
				WithDetail("Failed on request of %d bytes: the limit of %d bytes of %s is reached.", n, at.limit, at.name)
		}
		for {
			peak := at.peak.Load()
			if used <= peak || at.peak.CompareAndSwap(peak, used) {
				break
			}
		}
	}
	return nil
}

// Shrink gives n bytes back.
func (a *Account) Shrink(n int64) {
	for at := a; at != nil; at = at.parent {
		at.used.Add(-n)
	}
}

// Close gives everything back to the parents.
func (a *Account) Close() {
	if n := a.used.Swap(0); n != 0 && a.parent != nil {
		a.parent.Shrink(n)
	}
}

// Used is the number of bytes reserved now.
func (a *Account) Used() int64 { return a.used.Load() }

// Peak is the highest Used so far.
func (a *Account) Peak() int64 { return a.peak.Load() }
