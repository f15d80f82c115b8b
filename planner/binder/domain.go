package binder

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// A value of a domain is a value of its base type that was checked where it
// was made: by a cast, or by the assignment to a column of the domain. Nothing
// after that knows the domain, so that operators, functions, indexes and rows
// work on base types only.

// domain finds the domain of a type, nil if it is none.
func (b *Binder) domain(oid types.OID) *catalog.UserType {
	if b.cat == nil || oid < types.FirstUserOID {
		return nil
	}
	if u := b.cat.Type(oid); u != nil && u.Kind == 'd' {
		return u
	}
	return nil
}

// domainBase is the type below all domains, with the modifier that the
// innermost one gives.
func (b *Binder) domainBase(oid types.OID) types.Type { return b.base(types.Of(oid)) }

// checkDomain wraps an expression of the base type into the checks of a domain
// and of the domains that it is made of, theirs first. Every failure names the
// outer domain.
func (b *Binder) checkDomain(e expr.Expr, u *catalog.UserType) (expr.Expr, error) {
	checks := &domainChecks{name: u.Name}
	if schema := b.cat.SchemaByID(u.Schema); schema != nil {
		checks.schema = schema.Name
	}
	if err := b.collectChecks(u, checks); err != nil {
		return nil, err
	}
	typ := e.Type()
	fn := &functions.Scalar{
		Name: u.Name, Args: []types.Type{typ}, Returns: typ, Volatility: functions.Stable, Hidden: true, Kernel: checks.kernel,
	}
	return &expr.Cast{Arg: e, Typ: typ, Kind: expr.CastFunc, Fn: fn, Explicit: true, Domain: u.ID}, nil
}

func (b *Binder) collectChecks(u *catalog.UserType, into *domainChecks) error {
	if below := b.domain(u.Base.OID); below != nil {
		if err := b.collectChecks(below, into); err != nil {
			return err
		}
	}
	into.notNull = into.notNull || u.NotNull
	value := &catalog.Table{Name: u.Name, Columns: []catalog.Column{{Num: 1, Name: "value", Type: b.domainBase(u.ID)}}}
	for i := range u.Checks {
		first := b.tableColumns(value, value.Name, 1)
		e, err := b.catalogExpr(u.Checks[i].Expr, b.tableScope(value, first, kindCheck))
		if err != nil {
			return err
		}
		if e, err = b.coerceBool(e, "CHECK", -1); err != nil {
			return err
		}
		ev, err := expr.Compile(toOrdinals(e, 1, first))
		if err != nil {
			return err
		}
		into.names, into.checks = append(into.names, u.Checks[i].Name), append(into.checks, ev)
	}
	return nil
}

// domainChecks are the compiled constraints of a domain.
type domainChecks struct {
	schema  string
	name    string
	notNull bool
	names   []string
	checks  []expr.Evaluator
}

// kernel passes its argument on when every value satisfies the constraints.
func (d *domainChecks) kernel(c *functions.Context, args []functions.Value, n int) (arrow.Array, error) {
	v := args[0].Array
	if d.notNull && v.NullN() > 0 {
		return nil, pgerror.New(pgerror.NotNullViolation, "domain %s does not allow null values", d.name).WithDataType(d.schema, d.name)
	}
	for i, check := range d.checks {
		out, err := check.Eval(c, []arrow.Array{v}, n)
		if err != nil {
			return nil, err
		}
		bad := hasFalse(out.Array)
		out.Array.Release()
		if bad {
			return nil, pgerror.New(pgerror.CheckViolation, "value for domain %s violates check constraint %q", d.name, d.names[i]).
				WithDataType(d.schema, d.name).WithConstraint(d.names[i])
		}
	}
	v.Retain()
	return v, nil
}

func hasFalse(a arrow.Array) bool {
	bits, ok := a.(*array.Boolean)
	if !ok {
		return false
	}
	for i := range bits.Len() {
		if bits.IsValid(i) && !bits.Value(i) {
			return true
		}
	}
	return false
}
