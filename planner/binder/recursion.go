package binder

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// checkRecursion is what PostgreSQL does before it analyzes the items of a WITH
// RECURSIVE (makeDependencyGraph, checkWellFormedRecursion): it finds those that
// refer to themselves, and refuses those that refer to each other in a circle
// and references in places where they have no meaning.
func checkRecursion(items []*cteEntry) error {
	reads := make([][]bool, len(items)) // which others an item refers to
	for i, e := range items {
		reads[i] = make([]bool, len(items))
		w := &nameWalk{found: func(r *ast.RangeVar) error {
			for k, o := range items {
				if o.node.Name == r.Name {
					reads[i][k] = true
				}
			}
			return nil
		}}
		if err := w.walk(e.node.Stmt); err != nil {
			return err
		}
		e.self, reads[i][i] = reads[i][i], false
	}
	if i := circle(reads); i >= 0 {
		return at(items[i].node, pgerror.FeatureNotSupported, "mutual recursion between WITH items is not implemented")
	}
	for _, e := range items {
		if e.self {
			if err := checkWellFormed(e.node); err != nil {
				return err
			}
		}
	}
	return nil
}

// circle sorts items topologically as PostgreSQL does; the first that cannot
// get its place, or -1.
func circle(reads [][]bool) int {
	order := make([]int, len(reads))
	for i := range order {
		order[i] = i
	}
	for i := range order {
		j := i
		for j < len(order) && slices.Contains(reads[order[j]], true) {
			j++
		}
		if j == len(order) {
			return order[i]
		}
		order[i], order[j] = order[j], order[i]
		for _, k := range order[i+1:] {
			reads[k][order[i]] = false
		}
	}
	return -1
}

// nameWalk finds the names of relations that no WITH inside of the tree stands for.
type nameWalk struct {
	found func(*ast.RangeVar) error
	// node is called for other parts; it reports whether it has walked them itself.
	node  func(any) (done bool, err error)
	inner [][]string
}

func (w *nameWalk) walk(n any) error {
	switch x := n.(type) {
	case *ast.RangeVar:
		if x.Schema != "" || slices.ContainsFunc(w.inner, func(names []string) bool { return slices.Contains(names, x.Name) }) {
			return nil
		}
		return w.found(x)
	case *ast.With: // walked with its statement
		return nil
	}
	if with := withOf(n); with != nil {
		return w.with(with, n)
	}
	return w.statement(n)
}

// statement walks a part whose WITH is walked.
func (w *nameWalk) statement(n any) error {
	if w.node != nil {
		if done, err := w.node(n); done || err != nil {
			return err
		}
	}
	return w.below(n)
}

func (w *nameWalk) below(n any) error {
	var err error
	ast.Children(n, func(c any) {
		if err == nil {
			err = w.walk(c)
		}
	})
	return err
}

// with walks a statement with its WITH: the names of a recursive one hide others
// in all of its items, those of another in the items behind.
func (w *nameWalk) with(with *ast.With, n any) error {
	var names []string
	for _, c := range with.CTEs {
		if with.Recursive {
			names = append(names, c.Name)
		}
	}
	w.inner = append(w.inner, names)
	defer func() { w.inner = w.inner[:len(w.inner)-1] }()
	for _, c := range with.CTEs {
		if err := w.walk(c.Stmt); err != nil {
			return err
		}
		if !with.Recursive {
			w.inner[len(w.inner)-1] = append(w.inner[len(w.inner)-1], c.Name)
		}
	}
	return w.statement(n)
}

func withOf(n any) *ast.With {
	switch x := n.(type) {
	case *ast.Select:
		return x.With
	case *ast.Insert:
		return x.With
	case *ast.Update:
		return x.With
	case *ast.Delete:
		return x.With
	case *ast.Merge:
		return x.With
	}
	return nil
}

// The places where a recursive reference has no meaning, as errors call them.
const (
	inInitial   = "its non-recursive term"
	inSubquery  = "a subquery"
	inOuterJoin = "an outer join"
	inIntersect = "INTERSECT"
	inExcept    = "EXCEPT"
)

// refCheck looks for references to a recursive query in one of its terms.
type refCheck struct {
	names nameWalk
	name  string
	place string // "" where a reference may stand
	count int
}

func newRefCheck(name, place string) *refCheck {
	c := &refCheck{name: name, place: place}
	c.names.found, c.names.node = c.reference, c.node
	return c
}

// checkWellFormed checks an item that refers to itself.
func checkWellFormed(c *ast.CTE) error {
	sel, ok := c.Stmt.(*ast.Select)
	switch {
	case !ok:
		return at(c, pgerror.InvalidRecursion, "recursive query %q must not contain data-modifying statements", c.Name)
	case sel.Op != ast.SetOpUnion:
		return at(c, pgerror.InvalidRecursion, "recursive query %q does not have the form non-recursive-term UNION [ALL] recursive-term", c.Name)
	}
	if err := newRefCheck(c.Name, inInitial).names.walk(sel.Left); err != nil {
		return err
	}
	if err := newRefCheck(c.Name, "").names.walk(sel.Right); err != nil {
		return err
	}
	if sel.With != nil {
		for _, item := range sel.With.CTEs {
			if err := newRefCheck(c.Name, inSubquery).names.walk(item); err != nil {
				return err
			}
		}
	}
	loc, what := -1, ""
	switch {
	case len(sel.OrderBy) > 0:
		loc, what = leftmost(sel.OrderBy[0].Expr), "ORDER BY"
	case sel.Offset != nil:
		loc, what = leftmost(sel.Offset), "OFFSET"
	case sel.Limit != nil:
		loc, what = leftmost(sel.Limit), "LIMIT"
	case len(sel.Locking) > 0:
		what = "FOR UPDATE/SHARE"
	default:
		return nil
	}
	return pgerror.New(pgerror.FeatureNotSupported, "%s in a recursive query is not implemented", what).At(loc)
}

func (c *refCheck) reference(r *ast.RangeVar) error {
	if r.Name != c.name {
		return nil
	}
	if c.place != "" {
		return at(r, pgerror.InvalidRecursion, "recursive reference to query %q must not appear within %s", c.name, c.place)
	}
	if c.count++; c.count > 1 {
		return at(r, pgerror.InvalidRecursion, "recursive reference to query %q must not appear more than once", c.name)
	}
	return nil
}

// in walks parts of the tree at a place.
func (c *refCheck) in(place string, parts ...any) error {
	saved := c.place
	c.place = place
	defer func() { c.place = saved }()
	for _, n := range parts {
		if err := c.names.walk(n); err != nil {
			return err
		}
	}
	return nil
}

// node walks the parts of the tree below which the place is another.
func (c *refCheck) node(n any) (done bool, err error) {
	outer := c.place
	if outer == "" {
		outer = inOuterJoin
	}
	switch x := n.(type) {
	case *ast.SubLink:
		if err := c.in(inSubquery, x.Query); err != nil {
			return true, err
		}
		return true, c.in(c.place, x.Test)
	case *ast.Join:
		left, right := c.place, c.place
		if x.Kind == ast.JoinRight || x.Kind == ast.JoinFull {
			left = outer
		}
		if x.Kind == ast.JoinLeft || x.Kind == ast.JoinFull {
			right = outer
		}
		if err := c.in(left, x.Left); err != nil {
			return true, err
		}
		if err := c.in(right, x.Right); err != nil {
			return true, err
		}
		return true, c.in(c.place, x.On)
	case *ast.Select:
		if c.place == "" && (x.Op == ast.SetOpIntersect || x.Op == ast.SetOpExcept) {
			return true, c.setOp(x)
		}
	}
	return false, nil
}

func (c *refCheck) setOp(x *ast.Select) error {
	left, right := "", ""
	switch {
	case x.Op == ast.SetOpExcept:
		right = inExcept
		if x.All {
			left = inExcept
		}
	case x.All:
		left, right = inIntersect, inIntersect
	}
	if err := c.in(left, x.Left); err != nil {
		return err
	}
	if err := c.in(right, x.Right); err != nil {
		return err
	}
	for _, o := range x.OrderBy {
		if err := c.in("", o); err != nil {
			return err
		}
	}
	return c.in("", x.Offset, x.Limit)
}
