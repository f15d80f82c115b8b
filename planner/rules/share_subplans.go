package rules

import (
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// sharedShrink is by how much an aggregation or a join has to yield fewer rows
// than its tables have for it to be worth keeping its rows.
const sharedShrink = 4

// shareSubplans computes once what a statement has twice: aggregations, and
// whole join trees, that are the same up to the names of their columns (views
// that are used twice, a HAVING that compares with a total over the same join).
// They become an item of WITH that all places read. What is read is the same
// rows of the same snapshot, so that this is always right for what has no
// outer columns, calls nothing volatile, and writes and locks nothing. It does
// not fire where rows would hardly get fewer, nor in statements that write,
// nor below LIMIT, which may stop early: only what reads all of its input
// anyway is shared.
func (r *Rewriter) shareSubplans(n logical.Node) logical.Node {
	if !scansTwice(n) {
		return n
	}
	f := &sharer{r: r, root: n}
	f.find(&n, false)
	if f.writes {
		return n
	}
	var defs []*logical.CTE
	for i, a := range f.places {
		if *a.slot != a.node || f.inside[a.node] { // it is in another one now
			continue
		}
		if c := f.share(a, f.places[i+1:]); c != nil {
			defs = append(defs, c)
		}
	}
	if len(defs) == 0 {
		return n
	}
	r.fire("ShareSubplans")
	return &logical.With{CTEs: defs, Body: n}
}

// scansTwice reports whether a table is read in two places: without that there
// is nothing to share.
func scansTwice(n logical.Node) bool {
	seen := map[*catalog.Table]bool{}
	found := false
	eachNode(n, func(x logical.Node) {
		if s, ok := x.(*logical.Scan); ok {
			found = found || seen[s.Table]
			seen[s.Table] = true
		}
	})
	return found
}

// eachNode calls fn with the nodes of a tree, those of subqueries included.
func eachNode(n logical.Node, fn func(logical.Node)) {
	fn(n)
	eachSubquery(n, func(_ *expr.Subplan, t logical.Node) { eachNode(t, fn) })
	logical.VisitInputs(n, func(c *logical.Node) { eachNode(*c, fn) })
}

// sharer looks for equal trees.
type sharer struct {
	r      *Rewriter
	root   logical.Node
	places []place // from the outside in
	nextID int
	writes bool
	inside map[logical.Node]bool // of trees that are shared
	sync   []func()              // give subqueries their trees, after a change of these
}

// place is where a tree that may be shared stands.
type place struct {
	slot *logical.Node
	node logical.Node
}

// find collects the aggregations and whole join trees.
func (f *sharer) find(slot *logical.Node, belowJoin bool) {
	n := *slot
	join := false
	switch n := n.(type) {
	case *logical.Insert, *logical.Update, *logical.Delete, *logical.Merge, *logical.LockRows, *logical.RecursiveUnion:
		f.writes = true
	case *logical.With:
		for _, c := range n.CTEs {
			f.nextID = max(f.nextID, c.ID)
			f.writes = f.writes || c.Modifying || c.Recursive
		}
	case *logical.Join:
		if join = true; !belowJoin {
			f.places = append(f.places, place{slot, n})
		}
	case *logical.Aggregate:
		f.places = append(f.places, place{slot, n})
	case *logical.Filter, *logical.Project:
		join = belowJoin
	}
	logical.VisitExprs(n, func(p *expr.Expr) {
		logical.Walk(*p, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subplan); ok {
				if t, ok := s.Plan.(logical.Node); ok {
					f.findInside(s, t)
				}
			}
			return true
		})
	})
	logical.VisitInputs(n, func(c *logical.Node) { f.find(c, join) })
}

// findInside is find in a subquery, which refers to its tree by value.
func (f *sharer) findInside(s *expr.Subplan, t logical.Node) {
	top := new(logical.Node)
	*top = t
	f.find(top, false)
	f.sync = append(f.sync, func() { s.Plan = *top })
}

// share makes a WITH item of the tree at a if one of others is equal to it.
func (f *sharer) share(a place, others []place) *logical.CTE {
	if !f.worth(a.node) {
		return nil
	}
	type match struct {
		place
		names renaming
	}
	var equal []match
	for _, b := range others {
		if *b.slot != b.node || f.inside[b.node] {
			continue
		}
		m := renaming{md: f.r.MD, to: map[expr.ColumnID]expr.ColumnID{}}
		if m.same(a.node, b.node) {
			equal = append(equal, match{b, m})
		}
	}
	if len(equal) == 0 {
		return nil
	}
	f.nextID++
	def := &logical.CTE{ID: f.nextID, Name: "shared", Refs: 1 + len(equal)}
	used := map[expr.ColumnID]bool{} // by a's names
	outside := f.usedOutside(a.node)
	for id := range outside {
		used[id] = true
	}
	for _, b := range equal {
		for id := range f.usedOutside(b.node) {
			used[b.names.to[id]] = true
		}
	}
	p := &logical.Project{Input: a.node}
	var cols []expr.ColumnID
	for _, id := range logical.Output(a.node) {
		if !used[id] {
			continue
		}
		own := f.r.MD.Add(f.r.MD.Cols[id])
		p.Items = append(p.Items, logical.Item{ID: own, Expr: f.r.MD.Col(id)})
		def.Cols, cols = append(def.Cols, own), append(cols, id)
	}
	def.Plan = p
	f.enter(a.node)
	*a.slot = &logical.CTERef{Def: def, Cols: cols, Alias: def.Name}
	for _, b := range equal {
		back := map[expr.ColumnID]expr.ColumnID{}
		for _, id := range logical.Output(b.node) {
			back[b.names.to[id]] = id
		}
		theirs := make([]expr.ColumnID, len(cols))
		for i, id := range cols {
			theirs[i] = back[id]
		}
		f.enter(b.node)
		*b.slot = &logical.CTERef{Def: def, Cols: theirs, Alias: def.Name}
	}
	for _, give := range f.sync {
		give()
	}
	return def
}

// enter marks the places below a tree, which are not looked at any more.
func (f *sharer) enter(n logical.Node) {
	if f.inside == nil {
		f.inside = map[logical.Node]bool{}
	}
	eachNode(n, func(x logical.Node) { f.inside[x] = true })
}

// worth reports whether a tree may be shared, and yields far fewer rows than it reads.
func (f *sharer) worth(n logical.Node) bool {
	outer := logical.OuterColumns(n)
	if !outer.Empty() || treeVolatile(n) || f.r.Rows == nil {
		return false
	}
	read := 0.0
	ok := true
	eachNode(n, func(x logical.Node) {
		switch x := x.(type) {
		case *logical.Scan:
			read += f.r.Rows(&logical.Scan{Table: x.Table, Alias: x.Alias, First: x.First})
		case *logical.CTERef, *logical.FunctionScan:
			ok = false
		}
	})
	return ok && f.r.Rows(n)*sharedShrink < read
}

// usedOutside are the columns that what is outside of a tree refers to.
func (f *sharer) usedOutside(tree logical.Node) map[expr.ColumnID]bool {
	out := map[expr.ColumnID]bool{}
	for _, id := range logical.Output(f.root) {
		out[id] = true
	}
	var visit func(logical.Node)
	visit = func(n logical.Node) {
		if n == tree {
			return
		}
		for _, id := range usedByID(n) {
			out[id] = true
		}
		logical.VisitExprs(n, func(p *expr.Expr) {
			logical.Walk(*p, func(x expr.Expr) bool {
				switch x := x.(type) {
				case *expr.Column:
					out[x.ID] = true
				case *expr.Subplan:
					if t, ok := x.Plan.(logical.Node); ok {
						for _, id := range logical.Output(t) {
							out[id] = true
						}
						visit(t)
					}
				}
				return true
			})
		})
		logical.VisitInputs(n, func(c *logical.Node) { visit(*c) })
	}
	visit(f.root)
	return out
}

// usedByID are the columns that a node looks at without an expression.
func usedByID(n logical.Node) (ids []expr.ColumnID) {
	switch n := n.(type) {
	case *logical.Union:
		return slices.Concat(n.InCols...)
	case *logical.SetOp:
		return slices.Concat(n.LeftCols, n.RightCols)
	case *logical.With:
		for _, c := range n.CTEs {
			ids = append(ids, c.Cols...)
		}
	case *logical.GapFill, *logical.Distinct: // all of their input
		logical.VisitInputs(n, func(c *logical.Node) { ids = append(ids, logical.Output(*c)...) })
	}
	return ids
}
