package rules

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// anyArray reads a table by key for each element of an array:
//
//	σ[k = ANY (a)](t)  =  π[t](δ(unnest(a)) JOIN t ON k = element)
//
// A row passes once if any element equals its k, whatever the number of equal
// elements (hence the δ), and NULL elements match nothing on either side. It
// fires for the leading column of an index only, where fetching by key can beat
// reading the table, for an array without columns of this query, and once for a
// scan; not under FOR UPDATE or writes, whose scan must stay at the bottom of
// the plan, and not for arrays of more than one dimension that are constants
// (unnest flattens them, and so does ANY).
func (r *Rewriter) anyArray(n logical.Node) logical.Node {
	switch x := n.(type) {
	case *logical.LockRows, *logical.Update, *logical.Delete:
		return n
	case *logical.Scan:
		return r.anyArrayScan(x)
	}
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.anyArray(*c) })
	return n
}

func (r *Rewriter) anyArrayScan(s *logical.Scan) logical.Node {
	if s.Table.Kind == catalog.KindVirtual || s.Handle != 0 {
		return s
	}
	for i, c := range s.Filter {
		a, ok := c.(*expr.AnyAll)
		if !ok || a.All || a.Op != "=" {
			continue
		}
		col, ok := a.Left.(*expr.Column)
		if !ok || !leading(s, col.ID) || volatile(a.Array) || logical.Any(a.Array, isSubplan) {
			continue
		}
		cols := logical.Columns(a.Array)
		elem := a.Array.Type().Elem()
		if !cols.Empty() || elem.OID != col.Typ.OID {
			continue
		}
		fns := functions.TableFuncs("unnest")
		if len(fns) == 0 {
			return s
		}
		for _, fn := range fns {
			if len(fn.Args) != 1 || fn.Args[0].OID != types.AnyArray {
				continue
			}
			t := types.Of(elem.OID)
			id := r.MD.Add(logical.ColumnInfo{Name: "unnest", Rel: "unnest", Type: t})
			scan := &logical.FunctionScan{Alias: "unnest", Cols: [][]expr.ColumnID{{id}}, Few: true, Calls: []logical.Call{{
				Fn: fn, Args: []expr.Expr{a.Array}, Names: []plan.Column{{Name: "unnest", Type: t}},
				Sig: functions.Signature{Args: []types.Type{a.Array.Type()}, Returns: t},
			}}}
			s.Filter = append(append([]expr.Expr(nil), s.Filter[:i]...), s.Filter[i+1:]...)
			r.fire("AnyArray")
			r.MD.Relations++
			on := &expr.Call{Fn: a.Fn, Op: "=", Args: []expr.Expr{col, r.MD.Col(id)}, Typ: types.Of(types.Bool)}
			return &logical.Join{Type: plan.InnerJoin, Left: &logical.Distinct{Input: scan}, Right: s, On: []expr.Expr{on}}
		}
	}
	return s
}

// leading reports whether a column is the first of an index.
func leading(s *logical.Scan, id expr.ColumnID) bool {
	for i := range s.Table.Indexes {
		ix := &s.Table.Indexes[i]
		if len(ix.Columns) > 0 && ix.Columns[0].Num != 0 && s.First+expr.ColumnID(ix.Columns[0].Num-1) == id && ix.State == catalog.IndexPublic && ix.Predicate == "" {
			return true
		}
	}
	return false
}
