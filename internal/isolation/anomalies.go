package isolation

import (
	"fmt"
	"slices"
)

// history is what all clients saw, with the lists as they were at the end.
type history struct {
	repeatable   bool // REPEATABLE READ: all reads of a transaction are of one snapshot
	transactions []*transaction
	final        map[int][]int
}

// anomalies returns what must not be, at most a few:
//
//  1. The lists at the end have each acknowledged number once, and none of a
//     transaction that was rolled back.
//  2. Each list that was read is the beginning of the final one (but for numbers
//     of the reader itself, if it was rolled back later): nothing uncommitted was
//     read (G1a), nothing was lost, all agree on the order of writes.
//  3. No read ends between two appends of one other transaction (G1b).
//  4. What was acknowledged before a snapshot was taken is in it.
//  5. The graph of dependencies has no cycle that the level rules out; see graph.
//
// See Adya, "Weak Consistency" (1999), and Kingsbury and Alvaro, "Elle" (2020).
func (h *history) anomalies() []string {
	c := &checker{history: h, writers: map[element]*transaction{}, position: map[element]int{}}
	c.index()
	for _, t := range h.transactions {
		c.appends(t)
		for _, op := range t.ops {
			for key, list := range op.read {
				c.read(t, op, key, list)
			}
		}
	}
	if len(c.found) == 0 { // else the graph makes no sense
		g := newGraph(c)
		c.found = append(c.found, g.cycles()...)
	}
	return c.found[:min(len(c.found), 10)]
}

type checker struct {
	*history
	writers  map[element]*transaction
	position map[element]int // in the final list
	found    []string
}

func (c *checker) wrong(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

func (c *checker) index() {
	for _, t := range c.transactions {
		for _, op := range t.ops {
			if op.append != nil {
				c.writers[*op.append] = t
			}
		}
	}
	for key, list := range c.final {
		for i, v := range list {
			e := element{key, v}
			if at, ok := c.position[e]; ok {
				c.wrong("%d is in list %d twice, at %d and %d", v, key, at, i)
			}
			c.position[e] = i
			if c.writers[e] == nil {
				c.wrong("%d in list %d was never appended", v, key)
			}
		}
	}
}

func (c *checker) appends(t *transaction) {
	for _, op := range t.ops {
		if op.append == nil {
			continue
		}
		_, there := c.position[*op.append]
		if there && t.result == aborted {
			c.wrong("%s was rolled back, but its %d is in list %d", t.name, op.append.value, op.append.key)
		}
		if !there && t.result == committed {
			c.wrong("%s was committed, but its %d is not in list %d", t.name, op.append.value, op.append.key)
		}
	}
}

func (c *checker) read(t *transaction, op operation, key int, list []int) {
	final := c.final[key]
	foreign := list
	if t.result != committed {
		foreign = slices.DeleteFunc(slices.Clone(list), func(v int) bool { return c.writers[element{key, v}] == t })
	}
	n := len(foreign)
	if n > len(final) || !slices.Equal(foreign, final[:n]) {
		c.wrong("%s read list %d as %v, which is no beginning of %v", t.name, key, list, final)
		return
	}
	if n > 0 && n < len(final) {
		last := c.writers[element{key, final[n-1]}]
		if last != t && last == c.writers[element{key, final[n]}] {
			c.wrong("%s read list %d between two appends of %s (G1b)", t.name, key, last.name)
		}
	}
	snapshot := op.begin
	if c.repeatable {
		snapshot = t.begin
	}
	for _, v := range final[n:] {
		if w := c.writers[element{key, v}]; w != t && w.result == committed && w.end < snapshot {
			c.wrong("%s did not see %d in list %d, committed by %s %s before", t.name, v, key, w.name, snapshot-w.end)
			return
		}
	}
}
