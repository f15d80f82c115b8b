package rules

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// epochBuckets computes with integers what dashboards (Grafana's $__timeGroup) write with
// numerics, which cost fifteen times as much:
//
//	floor(extract(epoch from ts) / 60) * 60    =  epoch_value(epoch_floor(ts, 60, 60))
//	(extract(epoch from ts) / 60)::bigint      =  epoch_round(ts, 60)
//	extract(epoch from ts)::bigint             =  epoch_round(ts, 1)
//	extract(epoch from ts)::int / 60           =  epoch_int4(ts, 60)
//
// and groups by the integer, as epoch_value gives different ones for different ones:
//
//	GROUP BY epoch_value(x)                    =  GROUP BY x, epoch_value above
//
// It fires for positive whole widths and factors that fit, and no other number. The results
// are the same to the last digit, also before 1970, for infinities and far times.
func (r *Rewriter) epochBuckets(n logical.Node) logical.Node {
	logical.VisitExprs(n, func(p *expr.Expr) {
		if logical.Any(*p, isExtract) {
			*p = logical.MapDeep(*p, r.epochExpr)
		}
	})
	logical.VisitInputs(n, func(c *logical.Node) { *c = r.epochBuckets(*c) })
	if a, ok := n.(*logical.Aggregate); ok {
		return r.epochKeys(a)
	}
	return n
}

const (
	maxEpochWidth  = 1_000_000_000
	maxEpochFactor = 100_000
)

// isExtract finds extract(... from ts).
func isExtract(e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	return ok && c.Op == "" && c.Fn.Name == "extract" && len(c.Args) == 2
}

func (r *Rewriter) epochExpr(e expr.Expr) expr.Expr {
	out := e
	switch x := e.(type) {
	case *expr.Call:
		if ts, width, factor, ok := flooredEpoch(x); ok {
			out = epochCall(functions.EpochValueName, epochCall(functions.EpochFloorName, ts, int8Const(width), int8Const(factor)))
		}
		if ts, width, name, ok := epochInt(x); ok {
			out = epochCall(name, ts, int8Const(width))
		}
		if ts, width, ok := roundedEpoch(x); ok {
			out = epochCall(functions.EpochRoundName, ts, int8Const(width))
		}
	case *expr.Cast:
		if x.Typ.OID == types.Int8 && x.Fn != nil {
			if ts, width, ok := epochOver(x.Arg); ok {
				out = epochCall(functions.EpochRoundName, ts, int8Const(width))
			}
		}
	}
	if out != e {
		r.fire("EpochBucket")
	}
	return out
}

// flooredEpoch matches floor(extract(epoch from ts) / width) * factor.
func flooredEpoch(x *expr.Call) (ts expr.Expr, width, factor int64, ok bool) {
	if x.Op != "*" || x.Typ.OID != types.Numeric {
		return nil, 0, 0, false
	}
	floor, isCall := x.Args[0].(*expr.Call)
	if factor, ok = wholeNumeric(x.Args[1], maxEpochFactor); !ok || !isCall || floor.Op != "" || floor.Fn.Name != "floor" {
		return nil, 0, 0, false
	}
	ts, width, ok = epochOver(floor.Args[0])
	return ts, width, factor, ok
}

// roundedEpoch matches the cast of extract(epoch from ts) / width to bigint.
func roundedEpoch(x *expr.Call) (ts expr.Expr, width int64, ok bool) {
	if x.Op != "" || x.Typ.OID != types.Int8 || len(x.Args) != 1 || x.Fn.Name != "int8" {
		return nil, 0, false
	}
	return epochOver(x.Args[0])
}

// epochOver matches extract(epoch from ts) / width, and without the division as if by 1.
func epochOver(e expr.Expr) (ts expr.Expr, width int64, ok bool) {
	width = 1
	if div, isCall := e.(*expr.Call); isCall && div.Op == "/" && div.Typ.OID == types.Numeric {
		if width, ok = wholeNumeric(div.Args[1], maxEpochWidth); !ok {
			return nil, 0, false
		}
		e = div.Args[0]
	}
	ts = extractedEpoch(e)
	return ts, width, ts != nil
}

// extractedEpoch is ts of extract(epoch from ts), nil for other expressions.
func extractedEpoch(e expr.Expr) expr.Expr {
	if !isExtract(e) {
		return nil
	}
	args := e.(*expr.Call).Args
	if field, ok := args[0].(*expr.Const); !ok || field.Value.IsNull() || field.Value.S != "epoch" {
		return nil
	}
	if oid := args[1].Type().OID; oid != types.Timestamptz && oid != types.Timestamp {
		return nil
	}
	return args[1]
}

// epochInt matches extract(epoch from ts)::int4 / width, and int8.
func epochInt(x *expr.Call) (ts expr.Expr, width int64, name string, ok bool) {
	name = map[types.OID]string{types.Int4: functions.EpochInt4Name, types.Int8: functions.EpochInt8Name}[x.Typ.OID]
	if x.Op != "/" || name == "" {
		return nil, 0, "", false
	}
	by, isConst := x.Args[1].(*expr.Const)
	if !isConst || by.Value.IsNull() {
		return nil, 0, "", false
	}
	width = by.Value.Int()
	switch secs := x.Args[0].(type) {
	case *expr.Cast:
		if secs.Fn != nil && secs.Typ.OID == x.Typ.OID {
			ts = extractedEpoch(secs.Arg)
		}
	case *expr.Call:
		if secs.Op == "" && secs.Fn.Name == functions.EpochRoundName && logical.Equal(secs.Args[1], int8Const(1)) {
			ts = secs.Args[0]
		}
	}
	return ts, width, name, ts != nil && width > 0 && width <= maxEpochWidth
}

// wholeNumeric is a positive whole number that is written without a fraction.
func wholeNumeric(e expr.Expr, most int64) (int64, bool) {
	c, ok := e.(*expr.Const)
	if !ok || c.Typ.OID != types.Numeric || c.Value.IsNull() {
		return 0, false
	}
	d := c.Value.Decimal()
	if !d.IsFinite() || d.Scale() != 0 {
		return 0, false
	}
	v, ok := d.Int64()
	return v, ok && v > 0 && v <= most
}

func int8Const(v int64) expr.Expr {
	return &expr.Const{Typ: types.Of(types.Int8), Value: types.NewInt8(v)}
}

// epochCall calls one of the functions, by the type of its first argument.
func epochCall(name string, args ...expr.Expr) expr.Expr {
	for _, fn := range functions.Scalars(name) {
		if fn.Args[0].OID == args[0].Type().OID {
			return &expr.Call{Fn: fn, Args: args, Typ: fn.Returns}
		}
	}
	panic("rules: no function " + name)
}

// epochKeys groups by what is below epoch_value.
func (r *Rewriter) epochKeys(a *logical.Aggregate) logical.Node {
	var above []logical.Item
	for i := range a.Keys {
		k := &a.Keys[i]
		c, ok := k.Expr.(*expr.Call)
		if !ok || c.Op != "" || c.Fn.Name != functions.EpochValueName {
			continue
		}
		info := r.MD.Cols[k.ID]
		info.Type = c.Args[0].Type()
		id := r.MD.Add(info)
		above = append(above, logical.Item{ID: k.ID, Expr: epochCall(functions.EpochValueName, r.MD.Col(id))})
		*k = logical.Item{ID: id, Expr: c.Args[0]}
	}
	if above == nil {
		return a
	}
	r.fire("EpochBucket")
	p := &logical.Project{Input: a, Items: above}
	out := logical.OutputSet(a)
	out.Each(func(id expr.ColumnID) { p.Items = append(p.Items, logical.Item{ID: id, Expr: r.MD.Col(id)}) })
	return p
}
