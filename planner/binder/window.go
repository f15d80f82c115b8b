package binder

import (
	"slices"

	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// namedWindow is an item of the WINDOW clause.
type namedWindow struct {
	def  *ast.WindowDef
	spec *logical.WindowSpec
}

// windowCall makes a window function call.
func (b *Binder) windowCall(s *scope, f *ast.FuncCall, c *boundCall, agg *functions.Aggregate) (expr.Expr, error) {
	if k := kindInfo[s.kind]; k.window != "" {
		return nil, at(f, pgerror.WindowingError, "window functions are not allowed in %s", k.window)
	}
	switch {
	case f.Distinct:
		return nil, at(f, pgerror.FeatureNotSupported, "DISTINCT is not implemented for window functions")
	case len(f.OrderBy) > 0 && !f.WithinGroup:
		return nil, at(f, pgerror.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions")
	case f.WithinGroup:
		return nil, at(f, pgerror.FeatureNotSupported, "OVER is not supported for ordered-set aggregate %s", c.name)
	case agg == nil && f.Filter != nil:
		return nil, at(f, pgerror.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions")
	case agg != nil && len(f.Args) == 0 && !f.Star:
		return nil, at(f, pgerror.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", c.name)
	}
	for i, a := range c.args {
		if w := findWindow(a); w != nil {
			return nil, pgerror.New(pgerror.WindowingError, "window function calls cannot be nested").At(argLoc(f, i))
		}
	}
	if err := noSets(true, "window function calls cannot contain set-returning function calls", c.args...); err != nil {
		return nil, err
	}
	spec, err := b.windowSpec(s, f.Over)
	if err != nil {
		return nil, err
	}
	w := &logical.WindowCall{Args: c.args, Sig: c.sig, Spec: spec, Typ: c.returns, Agg: agg, Name: c.name, Position: f.Loc()}
	if f.Filter != nil {
		if w.Filter, err = b.bindCondition(s, f.Filter, kindFilter, "FILTER"); err != nil {
			return nil, err
		}
	}
	s.hasWindows = true
	return w, nil
}

func (b *Binder) windowSpec(s *scope, d *ast.WindowDef) (*logical.WindowSpec, error) {
	if d.Name != "" {
		w := findNamed(s, d.Name)
		if w == nil {
			return nil, at(d, pgerror.UndefinedObject, "window %q does not exist", d.Name)
		}
		return b.namedSpec(s, w)
	}
	var base *logical.WindowSpec
	if d.Ref != "" {
		w := findNamed(s, d.Ref)
		if w == nil {
			return nil, at(d, pgerror.UndefinedObject, "window %q does not exist", d.Ref)
		}
		var err error
		if base, err = b.namedSpec(s, w); err != nil {
			return nil, err
		}
		switch {
		case len(d.PartitionBy) > 0:
			return nil, at(d, pgerror.WindowingError, "cannot override PARTITION BY clause of window %q", d.Ref)
		case len(d.OrderBy) > 0 && len(base.Order) > 0:
			return nil, at(d, pgerror.WindowingError, "cannot override ORDER BY clause of window %q", d.Ref)
		case w.def.Frame != nil:
			err := at(d, pgerror.WindowingError, "cannot copy window %q because it has a frame clause", d.Ref)
			if len(d.OrderBy) == 0 && d.Frame == nil {
				err = err.WithHint("Omit the parentheses in this OVER clause.")
			}
			return nil, err
		}
	}
	return b.bindSpec(s, d, base)
}

func findNamed(s *scope, name string) *namedWindow {
	for _, w := range s.windows {
		if w.def.Name == name {
			return w
		}
	}
	return nil
}

func (b *Binder) namedSpec(s *scope, w *namedWindow) (*logical.WindowSpec, error) {
	if w.spec == nil {
		def := *w.def
		def.Name = ""
		all := s.windows
		s.windows = s.windows[:slices.Index(s.windows, w)] // it may refer to those before it
		spec, err := b.windowSpec(s, &def)
		s.windows = all
		if err != nil {
			return nil, err
		}
		w.spec = spec
	}
	return w.spec, nil
}

func (b *Binder) bindSpec(s *scope, d *ast.WindowDef, base *logical.WindowSpec) (*logical.WindowSpec, error) {
	spec := &logical.WindowSpec{}
	if base != nil {
		spec.Partition, spec.Order = base.Partition, base.Order
	}
	saved := s.kind
	defer func() { s.kind = saved }()
	b.noAuto++
	defer func() { b.noAuto-- }()
	s.kind = kindWindowPartition
	for _, e := range d.PartitionBy {
		x, err := b.bindExpr(s, e)
		if err != nil {
			return nil, err
		}
		if x, err = b.toText(x, leftmost(e)); err != nil {
			return nil, err
		}
		if err := b.groupable(x.Type(), leftmost(e)); err != nil {
			return nil, err
		}
		spec.Partition = append(spec.Partition, x)
	}
	s.kind = kindWindowOrder
	for _, o := range d.OrderBy {
		x, err := b.bindExpr(s, o.Expr)
		if err != nil {
			return nil, err
		}
		if x, err = b.toText(x, leftmost(o.Expr)); err != nil {
			return nil, err
		}
		k, err := b.sortKey(x, o)
		if err != nil {
			return nil, err
		}
		spec.Order = append(spec.Order, k)
	}
	spec.Frame = plan.Frame{Units: plan.FrameRange, Start: plan.UnboundedPreceding, End: plan.CurrentRow}
	if d.Frame == nil {
		return spec, nil
	}
	f := d.Frame
	spec.Frame = plan.Frame{
		Units: plan.FrameUnits(f.Mode), Start: plan.FrameBoundKind(f.Start), End: plan.FrameBoundKind(f.End), Exclude: uint8(f.Exclude),
	}
	if f.Mode == ast.FrameGroups && len(spec.Order) == 0 {
		return nil, at(d, pgerror.WindowingError, "GROUPS mode requires an ORDER BY clause")
	}
	s.kind = kindFrameRange + exprKind(f.Mode)
	var err error
	if spec.Frame.StartOffset, err = b.frameOffset(s, f, f.StartOffset, spec, d); err != nil {
		return nil, err
	}
	spec.Frame.EndOffset, err = b.frameOffset(s, f, f.EndOffset, spec, d)
	return spec, err
}

func (b *Binder) frameOffset(s *scope, f *ast.Frame, e ast.Expr, spec *logical.WindowSpec, d ast.Node) (expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	x, err := b.bindExpr(s, e)
	if err != nil {
		return nil, err
	}
	clause := [...]string{ast.FrameRange: "RANGE", ast.FrameRows: "ROWS", ast.FrameGroups: "GROUPS"}[f.Mode]
	if err := b.variableFree(s, x, clause, leftmost(e)); err != nil {
		return nil, err
	}
	switch f.Mode {
	case ast.FrameRows:
		return b.coerceTo(x, int8Type, clause, leftmost(e))
	case ast.FrameGroups:
		return b.coerceTo(x, int8Type, clause, leftmost(e))
	}
	if len(spec.Order) != 1 {
		return nil, at(d, pgerror.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
	}
	key := &spec.Order[0]
	if kt, ot := key.Expr.Type().OID, x.Type().OID; intWidth(kt) > 0 && intWidth(ot) > intWidth(kt) {
		// A wider offset: the bounds lie in its type.
		wide, err := b.coerceTo(key.Expr, int8Type, clause, leftmost(e))
		if err != nil {
			return nil, err
		}
		spec.Order = []expr.SortKey{{Expr: wide, Desc: key.Desc, NullsFirst: key.NullsFirst}}
	}
	return b.rangeOffset(spec.Order[0].Expr.Type(), x, e)
}

// rangeOffset converts the offset of a RANGE frame to the type that is added to the
// key: where PostgreSQL's key types have in_range functions of several offset types,
// those of one kind of numbers.
func (b *Binder) rangeOffset(key types.Type, x expr.Expr, e ast.Expr) (expr.Expr, error) {
	target, how := types.Of(key.OID), functions.CastImplicit
	switch category := b.category(key.OID); {
	case category == 'N' && isIntegral(key.OID) && isIntegral(x.Type().OID), key.OID == types.Float4:
		how = functions.CastAssignment
	case category == 'N':
	case category == 'D' || category == 'T':
		target = types.Of(types.Interval)
	default:
		return nil, at(e, pgerror.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", b.typeName(key))
	}
	out, err := b.coerce(x, target, how, leftmost(e))
	if out == nil && err == nil {
		return nil, at(e, pgerror.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s", b.typeName(key), b.typeName(x.Type())).
			WithHint("Cast the offset value to an appropriate type.")
	}
	return out, err
}

func isIntegral(oid types.OID) bool { return intWidth(oid) > 0 }

// intWidth is the size of an integer type, 0 for others.
func intWidth(oid types.OID) int {
	switch oid {
	case types.Int2:
		return 2
	case types.Int4:
		return 4
	case types.Int8:
		return 8
	}
	return 0
}

// addWindows puts a Window node under the targets for each different window.
func (b *Binder) addWindows(p *pending) {
	var nodes []*logical.Window
	var rewrite func(e expr.Expr) expr.Expr
	rewrite = func(e expr.Expr) expr.Expr {
		w, ok := e.(*logical.WindowCall)
		if !ok {
			return logical.MapChildren(e, rewrite)
		}
		var node *logical.Window
		for _, n := range nodes {
			spec := logical.WindowSpec{Partition: n.Partition, Order: n.Order, Frame: w.Spec.Frame}
			if spec.Equal(w.Spec) {
				node = n
			}
		}
		if node == nil {
			node = &logical.Window{Partition: w.Spec.Partition, Order: w.Spec.Order}
			nodes = append(nodes, node)
		}
		for _, it := range node.Items {
			if logical.Equal(it.Expr, w) {
				return b.MD.Col(it.ID)
			}
		}
		id := b.MD.Add(logical.ColumnInfo{Name: w.Name, Type: w.Typ})
		node.Items = append(node.Items, logical.Item{ID: id, Expr: w})
		return b.MD.Col(id)
	}
	for i := range p.targets {
		p.targets[i].expr = rewrite(p.targets[i].expr)
	}
	for _, n := range nodes {
		n.Input = p.node
		p.node = n
	}
}
