package isolation

import "slices"

// graph has transactions as nodes, and statements that read at READ COMMITTED,
// where each has a snapshot of its own. Its edges say who has to come before:
//
//	ww  a's append is the one before b's in a list
//	wr  b read a list whose last append was a's
//	rw  a read a list before b's append
//
// With snapshots and row locks no cycle is of ww and wr alone (G0, G1c), and none
// has rw edges of which no two follow each other (G-single, fractured and
// non-repeatable reads, lost updates). Cycles with two rw edges in a row are
// write skew, which REPEATABLE READ allows; at READ COMMITTED a transaction's
// reads have no rw edges, but those of the single statements do.
type graph struct {
	names []string
	nodes map[*transaction]int
	edges [][]edge
}

type edge struct {
	to int
	rw bool
}

func newGraph(c *checker) *graph {
	g := &graph{nodes: map[*transaction]int{}}
	for _, t := range c.transactions {
		g.nodes[t] = g.node(t.name)
	}
	for key, list := range c.final {
		for i := 1; i < len(list); i++ {
			g.add(g.nodes[c.writers[element{key, list[i-1]}]], g.nodes[c.writers[element{key, list[i]}]], false)
		}
	}
	for _, t := range c.transactions {
		for _, op := range t.ops {
			if op.read != nil && t.result == committed {
				g.addReads(c, t, op)
			}
		}
	}
	return g
}

func (g *graph) node(name string) int {
	g.names = append(g.names, name)
	g.edges = append(g.edges, nil)
	return len(g.names) - 1
}

func (g *graph) add(from, to int, rw bool) {
	if from != to && !slices.Contains(g.edges[from], edge{to, rw}) {
		g.edges[from] = append(g.edges[from], edge{to, rw})
	}
}

func (g *graph) addReads(c *checker, t *transaction, op operation) {
	self := g.nodes[t]
	reader := self
	if !c.repeatable {
		reader = g.node(t.name + " (one statement)")
	}
	for key, list := range op.read {
		final := c.final[key]
		if n := len(list); n > 0 {
			if w := c.writers[element{key, final[n-1]}]; w != t {
				g.add(g.nodes[w], self, false)
				g.add(g.nodes[w], reader, false)
			}
		}
		if n := len(list); n < len(final) {
			if w := c.writers[element{key, final[n]}]; w != t {
				g.add(reader, g.nodes[w], true)
			}
		}
	}
}

// state is a node, reached by a rw edge or not.
type state struct {
	node int
	rw   bool
}

// cycles returns a cycle that must not be, if there is one. A closed way without
// two rw edges in a row is a cycle of states, where a state that was reached by a
// rw edge is left by others only (Cerone and Gotsman, "Analysing Snapshot
// Isolation", 2018): one search in depth finds it.
func (g *graph) cycles() []string {
	const open, done = 1, 2
	mark := map[state]int{}
	var path []state
	var visit func(s state) bool
	visit = func(s state) bool {
		mark[s] = open
		path = append(path, s)
		for _, e := range g.edges[s.node] {
			next := state{e.to, e.rw}
			if s.rw && e.rw || mark[next] == done {
				continue
			}
			if mark[next] == open {
				path = append(path[slices.Index(path, next):], next)
				return true
			}
			if visit(next) {
				return true
			}
		}
		path = path[:len(path)-1]
		mark[s] = done
		return false
	}
	for n := range g.edges {
		for _, rw := range []bool{false, true} {
			if s := (state{n, rw}); mark[s] == 0 && visit(s) {
				return []string{g.describe(path)}
			}
		}
	}
	return nil
}

func (g *graph) describe(path []state) string {
	text := "a cycle: " + g.names[path[0].node]
	for _, s := range path[1:] {
		if s.rw {
			text += " -rw-> " + g.names[s.node]
		} else {
			text += " -> " + g.names[s.node]
		}
	}
	return text
}
