package binder

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// castFor finds how a value of one type becomes one of another in a context,
// nil if it cannot (find_coercion_pathway).
func (b *Binder) castFor(from, to types.OID, ctx functions.CastContext) *functions.Cast {
	if from >= types.FirstUserOID || to >= types.FirstUserOID {
		return b.userCast(from, to, ctx)
	}
	if from == types.AnyArray && b.category(to) == 'S' && ctx != functions.CastImplicit {
		// The arrays of pg_stats say themselves what their elements are.
		return &functions.Cast{From: from, To: to, Context: ctx, InOut: true}
	}
	c := functions.FindCast(from, to)
	if c == nil || !allowed(c.Context, ctx) {
		return nil
	}
	return c
}

func allowed(c, ctx functions.CastContext) bool {
	switch ctx {
	case functions.CastImplicit:
		return c == functions.CastImplicit
	case functions.CastAssignment:
		return c != functions.CastExplicit
	}
	return true
}

// userCast casts between user-defined types and others: by the domain's base
// type, else through text where PostgreSQL has its I/O conversions.
func (b *Binder) userCast(from, to types.OID, ctx functions.CastContext) *functions.Cast {
	bf, bt := b.base(types.Of(from)).OID, b.base(types.Of(to)).OID
	if bf == bt {
		return &functions.Cast{From: from, To: to, Context: functions.CastImplicit}
	}
	if bf < types.FirstUserOID && bt < types.FirstUserOID {
		return b.castFor(bf, bt, ctx)
	}
	switch {
	case b.category(bt) == 'S' && ctx != functions.CastImplicit, b.category(bf) == 'S' && ctx == functions.CastExplicit:
		return &functions.Cast{From: from, To: to, Context: ctx, InOut: true}
	}
	fe, ok1 := b.elem(types.Of(bf))
	te, ok2 := b.elem(types.Of(bt))
	if ok1 && ok2 {
		return b.castFor(fe.OID, te.OID, ctx)
	}
	return nil
}

func isPolymorphic(oid types.OID) bool {
	switch oid {
	case types.AnyElement, types.AnyArray, types.AnyNonArray, types.AnyEnum, types.AnyRange, types.AnyMultirange,
		types.AnyCompatible, types.AnyCompatibleArray, types.AnyCompatibleNonArray:
		return true
	}
	return false
}

// canCoerce is can_coerce_type for one argument; polymorphic targets are
// accepted and checked by resolvePolymorphic.
func (b *Binder) canCoerce(from, to types.OID, ctx functions.CastContext) bool {
	switch {
	case from == to, to == types.Any, isPolymorphic(to), from == types.Unknown:
		return true
	case to == types.Record:
		return b.category(from) == 'C'
	case from == types.Record && b.isComposite(to):
		return true
	}
	return b.castFor(from, to, ctx) != nil
}

// coerce converts e to the target type including its modifier, or fails with
// nil, nil when there is no such conversion (coerce_to_target_type).
func (b *Binder) coerce(e expr.Expr, target types.Type, ctx functions.CastContext, loc int) (expr.Expr, error) {
	if !b.canCoerce(e.Type().OID, target.OID, ctx) {
		return nil, nil
	}
	out, err := b.coerceType(e, types.Of(target.OID), ctx, loc, target.Mod)
	if err != nil || out == nil {
		return nil, err
	}
	return b.coerceMod(out, target, ctx == functions.CastExplicit, loc)
}

// coerceMod applies a length coercion (coerce_type_typmod).
func (b *Binder) coerceMod(e expr.Expr, target types.Type, explicit bool, loc int) (expr.Expr, error) {
	if target.Mod < 0 || e.Type() == target {
		return e, nil
	}
	switch b.base(target).OID {
	case types.Varchar, types.Bpchar, types.Numeric, types.Bit, types.Varbit, types.Time, types.Timetz,
		types.Timestamp, types.Timestamptz, types.Interval:
	default:
		if !b.isArray(target.OID) {
			return e, nil
		}
	}
	if c, ok := e.(*expr.Const); ok && !b.opts.NoFold && !b.isArray(target.OID) {
		d, err := types.ApplyMod(target, c.Value, explicit)
		if err == nil {
			return &expr.Const{Value: d, Typ: target}, nil
		}
		// The error is raised when the expression is run, as in PostgreSQL.
	}
	return &expr.Cast{Arg: e, Typ: target, Kind: expr.CastMod, Explicit: explicit}, nil
}

// coerceType is coerce_type: the caller has checked canCoerce. mod is the
// modifier that will be applied afterwards (only interval's matters here).
func (b *Binder) coerceType(e expr.Expr, target types.Type, ctx functions.CastContext, loc int, mod int32) (expr.Expr, error) {
	from := e.Type()
	if from.OID == target.OID || target.OID == types.Any {
		return e, nil
	}
	switch target.OID {
	case types.AnyElement, types.AnyNonArray, types.AnyCompatible, types.AnyCompatibleNonArray, types.AnyEnum, types.AnyArray, types.AnyCompatibleArray,
		types.AnyRange, types.AnyMultirange:
		if c, ok := e.(*expr.Const); ok && from.OID == types.Unknown && target.OID == types.AnyArray && c.Value.IsNull() {
			return &expr.Const{Typ: target}, nil // beside a column of pg_stats or pg_attribute
		}
		return e, nil
	}
	if from.OID == types.Unknown {
		return b.coerceUnknown(e, target, ctx, loc, mod)
	}
	if row, ok := e.(*expr.Row); ok && target.OID == types.Record {
		return row, nil
	}
	if from.OID == types.Record && b.isComposite(target.OID) {
		return b.recordToComposite(e, target, ctx, loc)
	}
	if target.OID == types.Record && b.isComposite(from.OID) {
		return e, nil // its type tells more
	}
	c := b.castFor(from.OID, target.OID, ctx)
	if c == nil {
		return nil, nil
	}
	explicit := ctx == functions.CastExplicit
	if b.isArray(target.OID) && b.isArray(from.OID) && from.OID != target.OID && !relabelArray(c, from, target) {
		if c.Fn != nil && len(c.Fn.Args) == 2 {
			return nil, pgerror.Unsupported("a cast of an array to bit[]").At(loc)
		}
		return &expr.Cast{Arg: e, Typ: target, Kind: expr.CastArray, Fn: c.Fn, Explicit: explicit}, nil
	}
	switch {
	case c.Fn != nil && len(c.Fn.Args) == 2: // the conversion depends on the length: int to bit(n)
		length := &expr.Const{Typ: int4Type, Value: types.NewInt4(mod)}
		return &expr.Call{Fn: c.Fn, Args: []expr.Expr{e, length}, Typ: types.Type{OID: target.OID, Mod: mod}}, nil
	case c.Fn != nil:
		return &expr.Cast{Arg: e, Typ: target, Kind: expr.CastFunc, Fn: c.Fn, Explicit: explicit}, nil
	case c.InOut:
		return &expr.Cast{Arg: e, Typ: target, Kind: expr.CastIO, Explicit: explicit}, nil
	}
	if k, ok := e.(*expr.Const); ok {
		return &expr.Const{Value: k.Value, Typ: types.Of(target.OID)}, nil
	}
	return &expr.Cast{Arg: e, Typ: types.Type{OID: target.OID, Mod: -1}, Kind: expr.CastRelabel, Explicit: explicit}, nil
}

// relabelArray reports whether an array cast keeps its elements as they are.
func relabelArray(c *functions.Cast, from, to types.Type) bool {
	return c.Fn == nil && !c.InOut && from.Phys() == to.Phys() && from.Elem().Phys() == to.Elem().Phys() && from.Elem().OID == to.Elem().OID
}

// coerceUnknown gives a literal or an untyped parameter its type.
func (b *Binder) coerceUnknown(e expr.Expr, target types.Type, ctx functions.CastContext, loc int, mod int32) (expr.Expr, error) {
	switch x := e.(type) {
	case *expr.Const:
		base := b.base(target)
		if x.Value.IsNull() {
			return &expr.Const{Typ: target}, nil
		}
		if i := b.info(base.OID); i != nil && i.Type == 'e' {
			return b.enumConst(x.Value.S, i, target, loc)
		}
		if base.OID == types.Record {
			return nil, pgerror.New(pgerror.FeatureNotSupported, "input of anonymous composite types is not implemented").At(loc)
		}
		in := types.Of(base.OID)
		if base.OID == types.Interval {
			in.Mod = mod
		}
		d, err := types.Parse(in, x.Value.S, b.opts.IO)
		if err != nil {
			return nil, withLoc(err, loc)
		}
		b.noteTimeLiteral(in.OID, x.Value.S)
		if base.OID == types.Interval && target.OID == types.Interval {
			target.Mod = mod // a literal has its modifier at once, no cast follows
		}
		return &expr.Const{Value: d.Clone(), Typ: target}, nil
	case *expr.Param:
		return b.coerceParam(x, target, loc)
	}
	if target.OID == types.Text || b.category(target.OID) == 'S' {
		return &expr.Cast{Arg: e, Typ: target, Kind: expr.CastRelabel}, nil
	}
	return &expr.Cast{Arg: e, Typ: target, Kind: expr.CastIO, Explicit: ctx == functions.CastExplicit}, nil
}

func (b *Binder) enumConst(label string, i *types.Info, target types.Type, loc int) (expr.Expr, error) {
	at := slices.Index(i.Labels, label)
	if at < 0 {
		return nil, pgerror.New(pgerror.InvalidTextRepresentation, "invalid input value for enum %s: %q", i.Name, label).At(loc)
	}
	return &expr.Const{Value: types.Datum{P: types.PhysInt32, I: int64(i.LabelKeys[at])}, Typ: target}, nil
}

// noteTimeLiteral keeps plans with literals like 'now' out of the plan cache.
func (b *Binder) noteTimeLiteral(oid types.OID, s string) {
	switch oid {
	case types.Date, types.Time, types.Timetz, types.Timestamp, types.Timestamptz:
	default:
		return
	}
	for i := 0; i < len(s); i++ {
		if c := s[i] | 0x20; c == 'n' && i+3 <= len(s) && (s[i+1]|0x20 == 'o') && (s[i+2]|0x20 == 'w') ||
			c == 'd' && i+3 <= len(s) && (s[i+1]|0x20 == 'a') && (s[i+2]|0x20 == 'y') || // today, yesterday
			c == 'r' && i+3 <= len(s) && (s[i+1]|0x20 == 'r') && (s[i+2]|0x20 == 'o') { // tomorrow
			b.cacheable = false
			return
		}
	}
}

// coerceBool is coerce_to_boolean for WHERE and the like.
func (b *Binder) coerceBool(e expr.Expr, construct string, loc int) (expr.Expr, error) {
	out, err := e, error(nil)
	if e.Type().OID != types.Bool {
		if out, err = b.coerce(e, boolType, functions.CastAssignment, loc); err != nil {
			return nil, err
		}
	}
	if out == nil {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "argument of %s must be type boolean, not type %s", construct, b.typeName(e.Type())).At(loc)
	}
	if containsSet(out) {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "argument of %s must not return a set", construct).At(loc)
	}
	return out, nil
}

// coerceTo is coerce_to_specific_type.
func (b *Binder) coerceTo(e expr.Expr, target types.Type, construct string, loc int) (expr.Expr, error) {
	if e.Type().OID == target.OID {
		return e, nil
	}
	out, err := b.coerce(e, target, functions.CastAssignment, loc)
	if err != nil {
		return nil, err
	}
	if out == nil {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "argument of %s must be type %s, not type %s", construct, b.typeName(target), b.typeName(e.Type())).At(loc)
	}
	return out, nil
}

// coerceCommon converts to the common type of CASE, UNION, ...
func (b *Binder) coerceCommon(e expr.Expr, target types.Type, construct string, loc int) (expr.Expr, error) {
	if e.Type().OID == target.OID {
		return e, nil
	}
	if b.canCoerce(e.Type().OID, target.OID, functions.CastImplicit) {
		out, err := b.coerceType(e, types.Of(target.OID), functions.CastImplicit, loc, -1)
		if err != nil || out != nil {
			return out, err
		}
	}
	return nil, pgerror.New(pgerror.CannotCoerce, "%s could not convert type %s to %s", construct, b.typeName(e.Type()), b.typeName(target)).At(loc)
}

// commonType is select_common_type. construct "" means not to fail but to
// return false.
func (b *Binder) commonType(list []expr.Expr, locs []int, construct string) (types.Type, error) {
	ts := make([]types.Type, len(list))
	for i, e := range list {
		ts[i] = e.Type()
	}
	return b.commonOf(ts, locs, construct)
}

func (b *Binder) commonOf(ts []types.Type, locs []int, construct string) (types.Type, error) {
	first := ts[0]
	if first.OID != types.Unknown {
		all := true
		for _, t := range ts[1:] {
			if t.OID != first.OID {
				all = false
				break
			}
		}
		if all {
			return types.Of(first.OID), nil
		}
	}
	p := b.base(first)
	pcat, ppref := b.category(p.OID), b.preferred(p.OID)
	for i, t := range ts[1:] {
		n := b.base(t)
		if n.OID == types.Unknown || n.OID == p.OID {
			continue
		}
		ncat, npref := b.category(n.OID), b.preferred(n.OID)
		switch {
		case p.OID == types.Unknown:
			p, pcat, ppref = n, ncat, npref
		case ncat != pcat:
			return types.Type{}, pgerror.New(pgerror.DatatypeMismatch, "%s types %s and %s cannot be matched", construct, b.typeName(p), b.typeName(n)).At(locs[i+1])
		case !ppref && b.canCoerce(p.OID, n.OID, functions.CastImplicit) && !b.canCoerce(n.OID, p.OID, functions.CastImplicit):
			p, pcat, ppref = n, ncat, npref
		}
	}
	if p.OID == types.Unknown {
		p = textType
	}
	return types.Of(p.OID), nil
}

// commonMod is the modifier that all expressions share, -1 if they do not.
func commonMod(list []expr.Expr, common types.Type) int32 {
	mod := int32(-1)
	for i, e := range list {
		t := e.Type()
		if t.OID != common.OID {
			return -1
		}
		if i == 0 {
			mod = t.Mod
		} else if t.Mod != mod {
			return -1
		}
	}
	return mod
}

// toText gives what is still unknown the type text (resolveTargetListUnknowns).
func (b *Binder) toText(e expr.Expr, loc int) (expr.Expr, error) {
	if e.Type().OID != types.Unknown {
		return e, nil
	}
	return b.coerceType(e, textType, functions.CastImplicit, loc, -1)
}
