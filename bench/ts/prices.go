package main

import (
	"container/heap"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/tidemarkdb/tidemark/bench/peers"
)

const (
	lateShare = 0.1 // of the points come late,
	lateTicks = 60  // by up to so many steps
	// updated changes one point in a hundred, of all hosts.
	updated = `UPDATE cpu SET usage_user = 100 - usage_user WHERE (extract(epoch FROM time)::bigint / %d + tags_id) %% 100 = 0`
)

// prices loads the same points in order, with late ones among them, and in order
// with some updated afterwards, each into a database of its own, and prints what
// the last two cost on loading (updating included) and on queries, of which the
// ratios' geometric mean counts. Points are packed as they come; nothing is compacted.
func (c *config) prices(ctx context.Context) error {
	variants := []struct {
		name, settle string
		late         bool
	}{{"in order", "", false}, {"10% late", "", true}, {"1% updated", fmt.Sprintf(updated, int(c.step.Seconds())), false}}
	var ts []*target
	var took []time.Duration
	for i, v := range variants {
		name := fmt.Sprintf("price%d", i)
		if err := c.execOnce(ctx, "CREATE DATABASE "+name); err != nil {
			return err
		}
		dsn := c.tidemark + " dbname=" + name
		p, err := peers.Wire(ctx, "tidemark", dsn)
		if err != nil {
			return err
		}
		t := &target{Peer: p, dialect: timescale, dsn: dsn}
		defer t.Close()
		ts = append(ts, t)
		if err := t.Exec(ctx, "SET timezone = 'UTC'"); err != nil {
			return err
		}
		d, err := c.loadVariant(ctx, t, v.late, v.settle)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		took = append(took, d)
	}
	logs := make([]float64, len(ts))
	n := 0
	for i, q := range queries {
		times, differ, err := c.times(ctx, ts, q, uint64(i))
		if err != nil {
			return err
		}
		if differ != "" {
			fmt.Printf("  %s: the answers of late points differ: %s\n", q.name, differ)
		}
		base := peers.Median(times[0])
		for k := range ts {
			logs[k] += math.Log(peers.Median(times[k]).Seconds() / base.Seconds())
		}
		n++
	}
	for k, v := range variants[1:] {
		fmt.Printf("price of %s: load %+.0f%%, queries %+.0f%%\n", v.name, 100*(took[k+1].Seconds()/took[0].Seconds()-1), 100*(math.Exp(logs[k+1]/float64(n))-1))
	}
	return nil
}

// execOnce runs a statement on a connection of its own.
func (c *config) execOnce(ctx context.Context, sql string) error {
	p, err := peers.Wire(ctx, "tidemark", c.tidemark)
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Exec(ctx, sql)
}

// loadVariant loads the points and returns how long that took, with what is
// executed afterwards.
func (c *config) loadVariant(ctx context.Context, t *target, late bool, after string) (time.Duration, error) {
	if err := c.create(ctx, t); err != nil {
		return 0, err
	}
	begin := time.Now()
	next := newWalk(c.shape, c.seed).next
	if late {
		next = newLate(c.shape, c.seed).next
	}
	if err := c.copyPoints(ctx, func(n int) ([]byte, int) { return binaryBatch(next, n) }, copyTo(t.dsn)); err != nil {
		return 0, err
	}
	if after != "" {
		if err := t.Exec(ctx, after); err != nil {
			return 0, err
		}
	}
	took := time.Since(begin)
	for _, s := range []string{"call tidemark.flush('cpu')", "analyze"} {
		if err := t.Exec(ctx, s); err != nil {
			return 0, err
		}
	}
	return took, nil
}

// latePoints holds some points of a walk back.
type latePoints struct {
	walk *walk
	r    *rand.Rand
	held heldPoints
	out  int
}

func newLate(s shape, seed uint64) *latePoints {
	return &latePoints{walk: newWalk(s, seed), r: rand.New(rand.NewPCG(seed, 3))}
}

func (l *latePoints) next(p *point) bool {
	for len(l.held) == 0 || l.held[0].due > l.out {
		if !l.walk.next(p) {
			if len(l.held) == 0 {
				return false
			}
			break
		}
		if l.r.Float64() >= lateShare {
			l.out++
			return true
		}
		heap.Push(&l.held, heldPoint{*p, l.out + 1 + l.r.IntN(lateTicks*l.walk.hosts)})
	}
	*p = heap.Pop(&l.held).(heldPoint).point
	l.out++
	return true
}

type heldPoint struct {
	point
	due int // after how many points
}

// heldPoints is a heap of them by due.
type heldPoints []heldPoint

func (h heldPoints) Len() int           { return len(h) }
func (h heldPoints) Less(i, k int) bool { return h[i].due < h[k].due }
func (h heldPoints) Swap(i, k int)      { h[i], h[k] = h[k], h[i] }
func (h *heldPoints) Push(x any)        { *h = append(*h, x.(heldPoint)) }
func (h *heldPoints) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
