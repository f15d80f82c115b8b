package tsengine

import (
	"errors"
	"sync/atomic"

	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// KeeperFigures are what a keeper did since it was made, and what it has to do.
type KeeperFigures struct {
	Rows     int64 // read to be packed
	Bytes    int64 // written
	Packs    int64 // of partitions
	Failures int64
	InVain   int64 // packs that were done again, as another process was faster
	Waiting  int64 // rows in deltas, as far as is known
}

type keeperCounts struct{ rows, bytes, packs, failures, inVain atomic.Int64 }

func (c *keeperCounts) add(done block.Packed, err error) {
	c.rows.Add(int64(done.Rows))
	c.bytes.Add(done.Bytes)
	c.inVain.Add(int64(done.InVain))
	if errors.Is(err, errClaimed) {
		return
	}
	if err != nil {
		c.failures.Add(1)
		return
	}
	c.packs.Add(1)
}

// Figures returns what the keeper did and has to do.
func (k *Keeper) Figures() KeeperFigures {
	k.mu.Lock()
	waiting := k.rows
	k.mu.Unlock()
	return KeeperFigures{
		Rows: k.packed.rows.Load(), Bytes: k.packed.bytes.Load(), Packs: k.packed.packs.Load(),
		Failures: k.packed.failures.Load(), InVain: k.packed.inVain.Load(), Waiting: int64(waiting),
	}
}
