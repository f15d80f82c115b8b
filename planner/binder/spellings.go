package binder

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// spellings are calls that stand for others, by name: mostly as KWDB writes what
// TimescaleDB writes otherwise. One that returns nothing leaves the call as it is.
var spellings map[string]func(b *Binder, s *scope, f *ast.FuncCall) (expr.Expr, error)

func init() {
	spellings = map[string]func(b *Binder, s *scope, f *ast.FuncCall) (expr.Expr, error){
		"diff":                (*Binder).difference,
		"time_window":         (*Binder).timeWindow,
		"time_bucket":         (*Binder).widthLast,
		functions.GapFillName: (*Binder).widthLast,
		"fill":                (*Binder).fillBy,
		"interpolate":         (*Binder).fillBy,
	}
	for _, end := range []struct{ pick, time string }{{"first", "min"}, {"last", "max"}} {
		spellings[end.pick] = endValue(end.pick, false)
		spellings[end.pick+"_row"] = endValue(end.pick, true)
		spellings[end.pick+"ts"] = endTime(end.time, false)
		spellings[end.pick+"_row_ts"] = endTime(end.time, true)
	}
}

// plainCall reports whether a call is of a bare name, without OVER, with n arguments.
func plainCall(f *ast.FuncCall, n int) bool {
	return len(f.Name) == 1 && f.Over == nil && len(f.Args) == n && !f.WithinGroup
}

// recall binds a call of another function in the place of f.
func (b *Binder) recall(s *scope, f *ast.FuncCall, name string, args ...ast.Expr) (expr.Expr, error) {
	other := *f
	other.Name, other.Args, other.Star = []string{name}, args, false
	return b.bindCall(s, &other)
}

// difference: diff(x) OVER w is x - previous(x) OVER w.
func (b *Binder) difference(s *scope, f *ast.FuncCall) (expr.Expr, error) {
	if len(f.Name) != 1 || f.Over == nil || len(f.Args) != 1 {
		return nil, nil
	}
	previous := *f
	previous.Name = []string{"previous"}
	return b.bindExpr(s, &ast.Operator{Pos: f.Pos, Name: "-", Left: f.Args[0], Right: &previous})
}

// timeWindow: time_window(ts, width) is time_bucket(width, ts).
func (b *Binder) timeWindow(s *scope, f *ast.FuncCall) (expr.Expr, error) {
	if !plainCall(f, 2) {
		return nil, nil
	}
	return b.recall(s, f, "time_bucket", f.Args[1], f.Args[0])
}

// widthLast: buckets may be written (ts, width), where a number is seconds. Then gaps are
// filled between the first and the last time that there is, unless WHERE bounds the time.
func (b *Binder) widthLast(s *scope, f *ast.FuncCall) (expr.Expr, error) {
	if !plainCall(f, 2) {
		return nil, nil
	}
	if _, literal := f.Args[0].(*ast.Const); literal {
		return nil, nil
	}
	first, err := b.bindExpr(s, f.Args[0])
	if err != nil {
		return nil, err
	}
	switch first.Type().OID {
	case types.Timestamptz, types.Timestamp, types.Date:
	default:
		return nil, nil
	}
	width := f.Args[1]
	if c, ok := width.(*ast.Const); ok && (c.Kind == ast.ConstInt || c.Kind == ast.ConstFloat) {
		width = &ast.FuncCall{Pos: c.Pos, Name: []string{"make_interval"}, Args: []ast.Expr{&ast.NamedArg{Pos: c.Pos, Name: "secs", Arg: c}}}
	}
	s.fillsRows = true
	return b.recall(s, f, f.Name[0], width, f.Args[0])
}

// fillBy: fill(x, how) and interpolate(x, how) with a word or a constant for how.
func (b *Binder) fillBy(s *scope, f *ast.FuncCall) (expr.Expr, error) {
	if !plainCall(f, 2) {
		return nil, nil
	}
	switch how := f.Args[1].(type) {
	case *ast.ColumnRef:
		if len(how.Names) != 1 || how.Star {
			return nil, nil
		}
		switch strings.ToLower(how.Names[0]) {
		case "prev", "previous":
			return b.recall(s, f, functions.LocfName, f.Args[0])
		case "next":
			return b.recall(s, f, functions.NextName, f.Args[0])
		case "linear":
			return b.recall(s, f, functions.InterpolateName, f.Args[0])
		}
	case *ast.Const:
		if how.Kind != ast.ConstNull {
			return b.recall(s, f, functions.FillName, f.Args...)
		}
	}
	return nil, nil
}

// endValue is first, last, first_row and last_row without a time: that of FROM counts.
// Only the _row ones take NULL for a value. With a literal, last looks at what is not
// after that time.
func endValue(pick string, row bool) func(b *Binder, s *scope, f *ast.FuncCall) (expr.Expr, error) {
	return func(b *Binder, s *scope, f *ast.FuncCall) (expr.Expr, error) {
		switch {
		case row && plainCall(f, 2):
			return b.recall(s, f, pick, f.Args...)
		case !plainCall(f, 1) && !plainCall(f, 2):
			return nil, nil
		}
		var deadline *ast.Const
		if len(f.Args) == 2 {
			c, ok := f.Args[1].(*ast.Const)
			if !ok || c.Kind != ast.ConstString {
				return nil, nil
			}
			deadline = c
		}
		time, err := b.timeRef(s, f)
		if err != nil {
			return nil, err
		}
		var conds []ast.Expr
		if !row {
			conds = append(conds, &ast.IsNull{Pos: f.Pos, Arg: f.Args[0], Not: true})
		}
		if deadline != nil {
			conds = append(conds, &ast.Operator{Pos: f.Pos, Name: "<=", Left: time, Right: deadline})
		}
		return b.recall(s, filtered(f, conds...), pick, f.Args[0], time)
	}
}

// endTime is firstts, lastts, first_row_ts and last_row_ts: the time beside the value.
func endTime(agg string, row bool) func(b *Binder, s *scope, f *ast.FuncCall) (expr.Expr, error) {
	return func(b *Binder, s *scope, f *ast.FuncCall) (expr.Expr, error) {
		if !plainCall(f, 1) && !plainCall(f, 2) && !(f.Star && plainCall(f, 0)) {
			return nil, nil
		}
		var time ast.Expr
		if len(f.Args) == 2 {
			time = f.Args[1]
		} else {
			ref, err := b.timeRef(s, f)
			if err != nil {
				return nil, err
			}
			time = ref
		}
		if !row && !f.Star {
			f = filtered(f, &ast.IsNull{Pos: f.Pos, Arg: f.Args[0], Not: true})
		}
		return b.recall(s, f, agg, time)
	}
}

// filtered is a call with further conditions in its FILTER.
func filtered(f *ast.FuncCall, conds ...ast.Expr) *ast.FuncCall {
	out := *f
	for _, c := range conds {
		if out.Filter == nil {
			out.Filter = c
		} else {
			out.Filter = &ast.And{Pos: f.Pos, Args: []ast.Expr{out.Filter, c}}
		}
	}
	return &out
}

// timeRef is the only time of FROM as it is written.
func (b *Binder) timeRef(s *scope, f *ast.FuncCall) (*ast.ColumnRef, error) {
	if _, err := b.onlyTime(s, f, f.Name[0]); err != nil {
		return nil, err
	}
	t := b.timeColumns(s)[0]
	names := []string{t.alias, t.name}
	if t.alias == "" {
		names = names[1:]
	}
	return &ast.ColumnRef{Pos: f.Pos, Names: names}, nil
}
