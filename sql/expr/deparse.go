package expr

import (
	"fmt"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// DeparseOptions say how Deparse prints.
type DeparseOptions struct {
	// Column names a *Column, *Ordinal or *ExecParam; nil prints the Name it carries, quoted.
	Column func(e Expr) string
	// Subplan names a subplan; nil prints (SubPlan).
	Subplan func(e *Subplan) string
	// Pretty leaves out parentheses that precedence makes needless (pg_get_expr's third argument).
	Pretty bool
	// IO prints constants; nil is the default. Its Resolve prints reg* values.
	IO *types.IO
}

// Deparse prints an expression as PostgreSQL's ruleutils do: (a + 1),
// 'x'::text, nextval('s'::regclass).
func Deparse(e Expr, opt DeparseOptions) string {
	d := deparser{opt: opt}
	d.expr(e, false)
	return d.b.String()
}

type deparser struct {
	b   strings.Builder
	opt DeparseOptions
}

// typeName prints a type; a user's through Resolve.
func (d *deparser) typeName(t types.Type) string {
	if types.Lookup(t.OID) == nil && d.opt.IO != nil && d.opt.IO.Resolve != nil {
		if name, ok := d.opt.IO.Resolve.RegOut(types.Regtype, uint32(t.OID)); ok {
			return name
		}
	}
	return types.Format(t)
}

func (d *deparser) str(s string) { d.b.WriteString(s) }

func (d *deparser) open() {
	if !d.opt.Pretty {
		d.b.WriteByte('(')
	}
}

func (d *deparser) close() {
	if !d.opt.Pretty {
		d.b.WriteByte(')')
	}
}

// operand prints e inside of parent, in parentheses if it needs them.
func (d *deparser) operand(e, parent Expr, implicit bool) {
	if d.opt.Pretty && !isSimple(e, parent) {
		d.b.WriteByte('(')
		d.expr(e, implicit)
		d.b.WriteByte(')')
		return
	}
	d.expr(e, implicit)
}

func (d *deparser) list(es []Expr) {
	for i, e := range es {
		if i > 0 {
			d.str(", ")
		}
		d.expr(e, true)
	}
}

// expr prints e; implicit says whether casts that the user did not write show.
func (d *deparser) expr(e Expr, implicit bool) {
	switch e := e.(type) {
	case nil:
		d.str("NULL")
	case *Column, *Ordinal, *ExecParam:
		d.column(e)
	case *Const:
		d.constant(e, 0)
	case *Param:
		fmt.Fprintf(&d.b, "$%d", e.Index+1)
	case *Call:
		d.call(e)
	case *Cast:
		d.cast(e, implicit)
	case *Logic:
		word := " AND "
		if e.Or {
			word = " OR "
		}
		d.open()
		for i, a := range e.Args {
			if i > 0 {
				d.str(word)
			}
			d.operand(a, e, false)
		}
		d.close()
	case *Not:
		d.open()
		d.str("NOT ")
		d.operand(e.Arg, e, false)
		d.close()
	case *IsNull:
		d.postfix(e, e.Arg, "IS NULL", "IS NOT NULL", e.Not)
	case *BoolTest:
		word := "UNKNOWN"
		if !e.Want.IsNull() {
			word = strings.ToUpper(boolText(e.Want.Bool()))
		}
		d.postfix(e, e.Arg, "IS "+word, "IS NOT "+word, e.Not)
	case *Distinct:
		d.distinct(e)
	case *Case:
		d.caseWhen(e)
	case *Coalesce:
		d.wrapped("COALESCE", e.Args)
	case *MinMax:
		name := "GREATEST"
		if e.Least {
			name = "LEAST"
		}
		d.wrapped(name, e.Args)
	case *AnyAll:
		d.anyAll(e)
	case *InList:
		d.inList(e)
	case *Array:
		d.str("ARRAY[")
		d.list(e.Args)
		d.str("]")
		if len(e.Args) == 0 {
			d.str("::" + d.typeName(e.Typ))
		}
	case *Row:
		d.wrapped("ROW", e.Args)
	case *Subscript:
		d.subscript(e)
	case *Field:
		d.field(e)
	case *Subplan:
		d.subplan(e)
	case *Aggregate:
		d.aggregate(e)
	case *Default:
		d.str("DEFAULT")
	default:
		fmt.Fprintf(&d.b, "%T", e)
	}
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func (d *deparser) column(e Expr) {
	if d.opt.Column != nil {
		d.str(d.opt.Column(e))
		return
	}
	switch e := e.(type) {
	case *Column:
		d.str(QuoteIdent(e.Name))
	case *Ordinal:
		if e.Name == "" {
			fmt.Fprintf(&d.b, "#%d", e.Index+1)
			return
		}
		d.str(QuoteIdent(e.Name))
	case *ExecParam:
		if e.Name == "" {
			fmt.Fprintf(&d.b, "$%d", e.Slot)
			return
		}
		d.str(QuoteIdent(e.Name))
	}
}

// constant prints a constant; showType is -1 for no type, 0 where it is
// needed, 1 for always (ruleutils' get_const_expr).
func (d *deparser) constant(e *Const, showType int) {
	if e.Value.IsNull() {
		d.str("NULL")
		if showType >= 0 {
			d.str("::" + d.typeName(e.Typ))
		}
		return
	}
	text := string(types.AppendText(nil, e.Typ, e.Value, d.opt.IO))
	label := true
	switch e.Typ.OID {
	case types.Int4:
		if label = text[0] == '-'; label {
			text = "'" + text + "'"
		}
	case types.Numeric:
		plain := text[0] >= '0' && text[0] <= '9' && strings.ContainsAny(text, "eE.")
		if !plain {
			text = "'" + text + "'"
		}
		label = !plain || e.Typ.Mod >= 0
	case types.Bool:
		text, label = boolText(e.Value.Bool()), false
	case types.Unknown:
		text, label = quoteLiteral(text), false
	default:
		text = quoteLiteral(text)
	}
	d.str(text)
	if showType > 0 || showType == 0 && label {
		d.str("::" + d.typeName(e.Typ))
	}
}

func quoteLiteral(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

func (d *deparser) call(e *Call) {
	switch {
	case e.Op == "AT TIME ZONE" && len(e.Args) == 2:
		d.open()
		d.operand(e.Args[1], e, true)
		d.str(" AT TIME ZONE ")
		d.operand(e.Args[0], e, true)
		d.close()
		return
	case e.Op != "" && len(e.Args) == 2:
		d.open()
		d.operand(e.Args[0], e, true)
		d.str(" " + e.Op + " ")
		d.operand(e.Args[1], e, true)
		d.close()
		return
	case e.Op != "" && len(e.Args) == 1:
		d.open()
		d.str(e.Op + " ")
		d.operand(e.Args[0], e, true)
		d.close()
		return
	}
	d.function(e)
}

// valueFunctions are written without parentheses.
var valueFunctions = map[string]bool{
	"current_date": true, "current_time": true, "current_timestamp": true, "localtime": true, "localtimestamp": true,
	"current_user": true, "session_user": true, "current_role": true, "current_catalog": true, "current_schema": true, "user": true,
}

func (d *deparser) function(e *Call) {
	name := e.Fn.Name
	if valueFunctions[name] && len(e.Args) == 0 {
		d.str(strings.ToUpper(name))
		return
	}
	if name == "extract" && len(e.Args) == 2 {
		if k, ok := e.Args[0].(*Const); ok && !k.Value.IsNull() {
			d.str("EXTRACT(" + k.Value.S + " FROM ")
			d.expr(e.Args[1], true)
			d.str(")")
			return
		}
	}
	if e.Fn.Routine {
		if d.opt.IO != nil && d.opt.IO.Resolve != nil {
			if shown, ok := d.opt.IO.Resolve.RegOut(types.Regproc, uint32(e.Fn.OID)); ok {
				name = shown
			}
		}
		d.wrapped(name, e.Args)
		return
	}
	d.wrapped(QuoteIdent(name), e.Args)
}

func (d *deparser) wrapped(name string, args []Expr) {
	d.str(name + "(")
	d.list(args)
	d.str(")")
}

// cast prints arg::type; the length coercion over a cast to the same type is one cast.
func (d *deparser) cast(e *Cast, implicit bool) {
	if !e.Explicit && !implicit {
		d.operand(e.Arg, e, false)
		return
	}
	typ := e.Typ
	if e.Domain != 0 {
		typ = types.Of(e.Domain)
	}
	arg := e.Arg
	if inner, ok := arg.(*Cast); ok && e.Kind == CastMod && inner.Typ.OID == e.Typ.OID && inner.Kind != CastMod {
		arg = inner.Arg
	}
	if k, ok := arg.(*Const); ok && k.Typ.OID == typ.OID && k.Typ.Mod == -1 {
		d.constant(k, -1)
	} else {
		d.open()
		d.operand(arg, e, false)
		d.close()
	}
	d.str("::" + d.typeName(typ))
}

func (d *deparser) postfix(e, arg Expr, is, isNot string, not bool) {
	d.open()
	d.operand(arg, e, true)
	if not {
		is = isNot
	}
	d.str(" " + is)
	d.close()
}

func (d *deparser) distinct(e *Distinct) {
	if e.Not {
		d.open()
		d.str("NOT ")
		if d.opt.Pretty {
			d.str("(")
			defer d.str(")")
		}
		defer d.close()
	}
	d.open()
	d.operand(e.Left, e, true)
	d.str(" IS DISTINCT FROM ")
	d.operand(e.Right, e, true)
	d.close()
}

func (d *deparser) caseWhen(e *Case) {
	d.str("CASE")
	for _, w := range e.Whens {
		d.str(" WHEN ")
		d.expr(w.Cond, false)
		d.str(" THEN ")
		d.expr(w.Then, true)
	}
	d.str(" ELSE ")
	if e.Else == nil {
		d.constant(&Const{Typ: e.Typ}, 0)
	} else {
		d.expr(e.Else, true)
	}
	d.str(" END")
}

func (d *deparser) anyAll(e *AnyAll) {
	word := "ANY"
	if e.All {
		word = "ALL"
	}
	d.open()
	d.operand(e.Left, e, true)
	d.str(" " + e.Op + " " + word + " (")
	d.operand(e.Array, e, true)
	d.str(")")
	d.close()
}

func (d *deparser) inList(e *InList) {
	d.open()
	d.operand(e.Left, e, true)
	if e.Not {
		d.str(" <> ALL (ARRAY[")
	} else {
		d.str(" = ANY (ARRAY[")
	}
	d.list(e.List)
	d.str("])")
	d.close()
}

func (d *deparser) subscript(e *Subscript) {
	switch e.Arg.(type) {
	case *Column, *Ordinal, *Field, *ExecParam:
		d.expr(e.Arg, false)
	default:
		d.str("(")
		d.expr(e.Arg, false)
		d.str(")")
	}
	for i := range e.Upper {
		d.str("[")
		if e.Slice {
			if e.Lower[i] != nil {
				d.expr(e.Lower[i], false)
			}
			d.str(":")
		}
		if e.Upper[i] != nil {
			d.expr(e.Upper[i], false)
		}
		d.str("]")
	}
}

func (d *deparser) field(e *Field) {
	name := e.Name
	if name == "" {
		name = fmt.Sprintf("f%d", e.Index+1)
	}
	if r, ok := e.Arg.(*Row); ok && e.Index < len(r.Names) {
		name = r.Names[e.Index]
	}
	d.str("(")
	d.expr(e.Arg, true)
	d.str(")." + QuoteIdent(name))
}

func (d *deparser) subplan(e *Subplan) {
	if d.opt.Subplan != nil {
		d.str(d.opt.Subplan(e))
		return
	}
	d.str("(SubPlan)")
}

func (d *deparser) aggregate(e *Aggregate) {
	d.str(QuoteIdent(e.Fn.Name) + "(")
	direct := e.Args
	if e.Fn.OrderedSet {
		direct = e.Args[:min(e.Fn.Direct, len(e.Args))]
	}
	if e.Distinct {
		d.str("DISTINCT ")
	}
	if len(e.Args) == 0 && !e.Fn.OrderedSet {
		d.str("*")
	}
	d.list(direct)
	if e.Fn.OrderedSet {
		d.str(") WITHIN GROUP (")
		d.orderBy(e)
	} else if len(e.OrderBy) > 0 {
		d.str(" ")
		d.orderBy(e)
	}
	d.str(")")
	if e.Filter != nil {
		d.str(" FILTER (WHERE ")
		d.expr(e.Filter, false)
		d.str(")")
	}
}

func (d *deparser) orderBy(e *Aggregate) {
	d.str("ORDER BY ")
	for i, k := range e.OrderBy {
		if i > 0 {
			d.str(", ")
		}
		d.expr(k.Expr, false)
		if k.Desc {
			d.str(" DESC")
		}
		if k.NullsFirst != k.Desc {
			if k.NullsFirst {
				d.str(" NULLS FIRST")
			} else {
				d.str(" NULLS LAST")
			}
		}
	}
}
