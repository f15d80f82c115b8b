package rules

import (
	"cmp"
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// dependentKeys finds group keys that the other keys determine, which then need
// not be hashed and compared: they are taken from a group's first row
// (PostgreSQL's remove_useless_groupby_columns, for joins too).
//
//	GROUP BY c.id, c.name, n.name   with c.id a key, c.nation = n.id, n.id a key
//	=  GROUP BY c.id, and c.name, n.name of any row of the group
//
// What determines what (dependencies): a unique key of columns that are NOT NULL
// determines its table's other columns, also where an outer join makes all of
// them NULL; both sides of an equality that holds for every row determine each
// other, if = is what groups go by; immutable expressions are determined by
// their columns. Of the keys the widest are dropped first. One is always kept.
//
// Not with grouping sets, whose sets have other keys each. It runs once, at the
// end: other rules look at keys as a set and add to them.
func (r *Rewriter) dependentKeys(n logical.Node) {
	if a, ok := n.(*logical.Aggregate); ok && a.Sets == nil && len(a.Groupings) == 0 && len(a.Keys) > 1 {
		r.splitKeys(a)
	}
	eachSubquery(n, func(_ *expr.Subplan, t logical.Node) { r.dependentKeys(t) })
	logical.VisitInputs(n, func(c *logical.Node) { r.dependentKeys(*c) })
}

// splitKeys moves the keys that the others determine to the end.
func (r *Rewriter) splitKeys(a *logical.Aggregate) {
	var d dependencies
	d.collect(a.Input)
	if len(d.keys) == 0 && len(d.equal) == 0 {
		return
	}
	kept, dropped := d.reduce(a.Keys)
	if len(dropped) == 0 {
		return
	}
	r.fire("DependentKeys")
	a.Keys, a.Dependent = append(kept, dropped...), len(dropped)
}

// reduce divides keys into those that determine all and the others.
func (d *dependencies) reduce(keys []logical.Item) (kept, dropped []logical.Item) {
	kept = slices.Clone(keys)
	order := slices.Clone(keys)
	slices.SortStableFunc(order, func(x, y logical.Item) int {
		return cmp.Compare(keyWeight(y.Expr.Type()), keyWeight(x.Expr.Type()))
	})
	for _, it := range order {
		if len(kept) == 1 {
			break
		}
		rest := slices.DeleteFunc(slices.Clone(kept), func(k logical.Item) bool { return k.ID == it.ID })
		if !d.determine(rest, it.Expr) {
			continue
		}
		kept, dropped = rest, append(dropped, it)
	}
	return kept, dropped
}

// keyWeight orders types by what hashing and comparing them costs.
func keyWeight(t types.Type) int {
	switch t.Phys() {
	case types.PhysBool, types.PhysInt16, types.PhysInt32, types.PhysUint32, types.PhysInt64:
		return 0
	case types.PhysFloat32, types.PhysFloat64:
		return 1
	}
	return 2
}

// dependencies say what columns of a tree's rows determine others.
type dependencies struct {
	keys  []keyDependency
	equal [][2]expr.ColumnID
}

// keyDependency: rows equal in key are equal in all of columns.
type keyDependency struct{ key, columns logical.ColSet }

// collect adds what holds for the rows of n.
func (d *dependencies) collect(n logical.Node) {
	switch x := n.(type) {
	case *logical.Scan:
		d.scan(x)
	case *logical.Filter:
		d.equalities(x.Conds)
		d.collect(x.Input)
	case *logical.Project:
		d.collect(x.Input)
		for _, it := range x.Items {
			if c, ok := it.Expr.(*expr.Column); ok && c.ID != it.ID {
				d.equal = append(d.equal, [2]expr.ColumnID{c.ID, it.ID})
			}
		}
	case *logical.Sort:
		d.collect(x.Input)
	case *logical.Join:
		d.collect(x.Left)
		if x.Type == plan.InnerJoin {
			d.equalities(x.On)
		}
		// Of a semi or anti join the right columns do not come out, and outer joins
		// leave what determines what: all columns of a side are NULL, or none changes.
		if x.YieldsRight() {
			d.collect(x.Right)
		}
	}
}

// scan adds the unique keys of a table.
func (d *dependencies) scan(s *logical.Scan) {
	d.equalities(s.Filter)
	if s.Table.Kind == catalog.KindVirtual {
		return
	}
	for i := range s.Table.Indexes {
		ix := &s.Table.Indexes[i]
		if !ix.Unique || ix.Deferrable || ix.Predicate != "" || ix.State != catalog.IndexPublic || len(ix.Columns) == 0 {
			continue
		}
		var k keyDependency
		ok := true
		for _, c := range ix.Columns {
			if c.Num == 0 || !s.Table.Columns[c.Num-1].NotNull {
				ok = false
				break
			}
			k.key.Add(s.First + expr.ColumnID(c.Num-1))
		}
		if ok {
			k.columns = logical.OutputSet(s)
			d.keys = append(d.keys, k)
		}
	}
}

// equalities adds the columns that conditions make equal.
func (d *dependencies) equalities(conds []expr.Expr) {
	for _, e := range conds {
		c, ok := e.(*expr.Call)
		if !ok || c.Op != "=" || len(c.Args) != 2 || !groupEquality(c.Args[0].Type().OID, c.Args[1].Type().OID) {
			continue
		}
		l, lok := c.Args[0].(*expr.Column)
		r, rok := c.Args[1].(*expr.Column)
		if lok && rok {
			d.equal = append(d.equal, [2]expr.ColumnID{l.ID, r.ID})
		}
	}
}

// determine reports whether the values of keys determine that of e.
func (d *dependencies) determine(keys []logical.Item, e expr.Expr) bool {
	if volatile(e) || logical.Any(e, isSubplan) {
		return false
	}
	want := logical.Columns(e)
	if want.Empty() {
		return false
	}
	known := d.closure(keys)
	return want.SubsetOf(&known)
}

// closure are the columns that keys determine.
func (d *dependencies) closure(keys []logical.Item) logical.ColSet {
	var known logical.ColSet
	for _, k := range keys {
		if c, ok := k.Expr.(*expr.Column); ok {
			known.Add(c.ID)
		}
	}
	for changed := true; changed; {
		changed = false
		for i := range d.keys {
			k := &d.keys[i]
			if k.key.SubsetOf(&known) && !k.columns.SubsetOf(&known) {
				known.Union(&k.columns)
				changed = true
			}
		}
		for _, p := range d.equal {
			if known.Has(p[0]) != known.Has(p[1]) {
				known.Add(p[0])
				known.Add(p[1])
				changed = true
			}
		}
	}
	return known
}

// single reports whether the columns fix a row of a table.
func (d *dependencies) single(n logical.Node, known *logical.ColSet) bool {
	out := logical.OutputSet(n)
	for i := range d.keys {
		if k := &d.keys[i]; k.key.SubsetOf(known) && out.SubsetOf(&k.columns) {
			return true
		}
	}
	return false
}
