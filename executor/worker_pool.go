package executor

import "sync/atomic"

// WorkerPool bounds how many workers the parallel queries of a process have
// together. A query takes what is free and never waits: with no worker left it
// runs in its own goroutine, as all queries do when there are many of them.
type WorkerPool struct{ free atomic.Int64 }

// NewWorkerPool makes a pool of n workers.
func NewWorkerPool(n int) *WorkerPool {
	p := &WorkerPool{}
	p.free.Store(int64(n))
	return p
}

// busy reports whether all workers are taken.
func (p *WorkerPool) busy() bool { return p.free.Load() <= 0 }

// take returns how many workers of n wanted it granted.
func (p *WorkerPool) take(n int) int {
	for {
		free := p.free.Load()
		got := min(free, int64(n))
		if got <= 0 {
			return 0
		}
		if p.free.CompareAndSwap(free, free-got) {
			return int(got)
		}
	}
}

func (p *WorkerPool) put(n int) { p.free.Add(int64(n)) }
