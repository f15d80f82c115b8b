package plan

import "github.com/tidemarkdb/tidemark/sql/expr"

// Exprs lists a node's own expressions (nil ones among them); ok is false for
// nodes it does not know and for those that write.
func Exprs(n Node) (es []expr.Expr, ok bool) {
	keys := func(ks []expr.SortKey) {
		for _, k := range ks {
			es = append(es, k.Expr)
		}
	}
	switch n := n.(type) {
	case *Values:
		for _, row := range n.Rows {
			es = append(es, row...)
		}
	case *FunctionScan:
		for _, c := range n.Calls {
			es = append(append(es, c.Args...), c.Scalar)
		}
	case *Filter:
		es = append(es, n.Cond)
	case *Project:
		es = n.Exprs
	case *ProjectSet:
		for _, it := range n.Items {
			es = append(es, it.Expr)
			if it.Call != nil {
				es = append(es, it.Call.Args...)
			}
		}
	case *Limit:
		es = append(es, n.Count, n.Offset)
		keys(n.Keys)
	case *Sort:
		keys(n.Keys)
		es = append(es, n.TopCount, n.TopOffset)
	case *LockRows:
		es = append(es, n.TopCount, n.TopOffset)
	case *Distinct:
		es = n.On
	case *Aggregate:
		es = append(es, n.Keys...)
		for _, a := range n.Aggs {
			es = append(append(es, a.Args...), a.Filter)
			keys(a.OrderBy)
		}
	case *HashJoin:
		es = append(append(append(es, n.LeftKeys...), n.RightKeys...), n.Residual)
	case *LookupJoin:
		es = append(append(es, n.Keys...), n.Residual)
	case *NestedLoop:
		es = append(append(es, n.Args...), n.Cond)
	case *Scan:
		for i := range n.Ranges {
			es = append(es, n.Ranges[i].exprs()...)
		}
		return append(es, n.Filter), n.Locking == nil
	case *IndexUnion:
		es = append(es, n.Scan.Filter)
	case *HashLookup:
		es = append(append(append(es, n.Keys...), n.Probe...), n.Residual)
	case *SeriesScan:
		es = append(append(append(es, n.Tags...), n.SeriesKeys...), n.Filter)
		for _, s := range n.Series {
			es = append(es, s...)
		}
		for _, bounds := range [][]Bound{n.Lower, n.Upper} {
			for _, b := range bounds {
				es = append(es, b.Value)
			}
		}
	case *VirtualScan:
		es = append(es, n.ByOID, n.Filter)
	case *MergeJoin:
		keys(n.LeftKeys)
		keys(n.RightKeys)
		es = append(es, n.Residual)
	case *AsofJoin:
		keys(n.LeftKeys)
		keys(n.RightKeys)
	case *Window:
		es = append(es, n.PartitionBy...)
		keys(n.OrderBy)
		for i := range n.Calls {
			c := &n.Calls[i]
			es = append(append(es, c.Args...), c.Filter, c.Frame.StartOffset, c.Frame.EndOffset)
		}
	case *Gather:
		keys(n.Keys)
	case *UnionAll, *SetOp, *RecursiveUnion, *CTERef, *Pushed:
	case *CTE:
		return nil, !n.Modifying
	default:
		return nil, false
	}
	return es, true
}

func (r *KeyRange) exprs() []expr.Expr {
	es := append([]expr.Expr(nil), r.Equal...)
	for _, b := range []*Bound{r.Lower, r.Upper} {
		if b != nil {
			es = append(es, b.Value)
		}
	}
	return es
}
