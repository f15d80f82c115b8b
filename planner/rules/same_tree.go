package rules

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// renaming compares two trees and learns which column of the second is which
// of the first.
type renaming struct {
	md *logical.Metadata
	to map[expr.ColumnID]expr.ColumnID // from the second's to the first's
}

// same reports whether two trees compute the same rows. Nodes that it does not
// know are never the same.
func (m *renaming) same(a, b logical.Node) bool {
	switch a := a.(type) {
	case *logical.Scan:
		b, ok := b.(*logical.Scan)
		if !ok || a.Table != b.Table || a.Handle != 0 || b.Handle != 0 || a.Lock != nil || b.Lock != nil {
			return false
		}
		for i := range a.Table.Columns {
			m.to[b.First+expr.ColumnID(i)] = a.First + expr.ColumnID(i)
		}
		return m.exprs(a.Filter, b.Filter)
	case *logical.Filter:
		b, ok := b.(*logical.Filter)
		return ok && m.same(a.Input, b.Input) && m.exprs(a.Conds, b.Conds)
	case *logical.Project:
		b, ok := b.(*logical.Project)
		return ok && a.Barrier == b.Barrier && m.same(a.Input, b.Input) && m.items(a.Items, b.Items)
	case *logical.Join:
		b, ok := b.(*logical.Join)
		return ok && a.Type == b.Type && m.same(a.Left, b.Left) && m.same(a.Right, b.Right) && m.exprs(a.On, b.On)
	case *logical.Distinct:
		b, ok := b.(*logical.Distinct)
		return ok && m.same(a.Input, b.Input) && m.exprs(a.On, b.On)
	case *logical.Aggregate:
		b, ok := b.(*logical.Aggregate)
		return ok && m.aggregate(a, b)
	case *logical.Union:
		b, ok := b.(*logical.Union)
		return ok && m.union(a, b)
	}
	return false
}

func (m *renaming) aggregate(a, b *logical.Aggregate) bool {
	if a.Dependent != b.Dependent || len(a.Groupings) != len(b.Groupings) || !slices.EqualFunc(a.Sets, b.Sets, slices.Equal) {
		return false
	}
	if !m.same(a.Input, b.Input) || !m.items(a.Keys, b.Keys) || !m.items(a.Aggs, b.Aggs) {
		return false
	}
	for i, g := range a.Groupings {
		if !slices.Equal(g.Keys, b.Groupings[i].Keys) {
			return false
		}
		m.to[b.Groupings[i].ID] = g.ID
	}
	return true
}

func (m *renaming) union(a, b *logical.Union) bool {
	if len(a.Inputs) != len(b.Inputs) || len(a.Cols) != len(b.Cols) {
		return false
	}
	for k := range a.Inputs {
		if !m.same(a.Inputs[k], b.Inputs[k]) {
			return false
		}
		for i, id := range b.InCols[k] {
			if m.to[id] != a.InCols[k][i] {
				return false
			}
		}
	}
	for i, id := range b.Cols {
		m.to[id] = a.Cols[i]
	}
	return true
}

func (m *renaming) items(a, b []logical.Item) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !m.expr(a[i].Expr, b[i].Expr) {
			return false
		}
	}
	for i := range a {
		m.to[b[i].ID] = a[i].ID
	}
	return true
}

func (m *renaming) exprs(a, b []expr.Expr) bool {
	return slices.EqualFunc(a, b, m.expr)
}

// expr compares a with b in a's names.
func (m *renaming) expr(a, b expr.Expr) bool {
	known := true
	var rename func(expr.Expr) expr.Expr
	rename = func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			id, ok := m.to[c.ID]
			if known = known && ok; !ok {
				return x
			}
			return &expr.Column{ID: id, Name: c.Name, Typ: c.Typ}
		}
		return logical.MapChildren(x, rename)
	}
	b = rename(b)
	return known && logical.Equal(a, b)
}
