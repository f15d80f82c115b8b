package planner

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/binder"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Routine is the function whose body a statement belongs to.
type Routine = binder.Routine

// RoutineResult is what a function's last statement must yield.
type RoutineResult = binder.RoutineResult

// RoutineBody parses a function's body.
func RoutineBody(fn *catalog.Function) (*binder.RoutineStatements, error) {
	return binder.RoutineBody(fn)
}

// StoredPath is the search path of a stored query with pg_catalog in it.
func StoredPath(stored, current []string) []string { return binder.StoredPath(stored, current) }

// RoutineOf says what the body of a call of fn may name and must yield.
func RoutineOf(snap *catalog.Snapshot, fn *catalog.Function, call *functions.Routine) *Routine {
	out := &Routine{Name: fn.Name, Result: &RoutineResult{Declared: fn.Returns, Type: call.Returns}}
	for _, p := range fn.Inputs() {
		out.Params = append(out.Params, p.Name)
	}
	res := out.Result
	outs := fn.Outputs()
	switch fields := compositeFields(snap, fn.Returns.OID); {
	case len(outs) > 1 || fn.Returns.OID == types.Record:
		for _, c := range call.Columns {
			res.Columns = append(res.Columns, c.Type)
		}
		if len(outs) > 1 && res.Columns == nil {
			for i := range outs {
				res.Columns = append(res.Columns, outs[i].Type)
			}
		}
		res.Any = res.Columns == nil
	case fields != nil:
		for i := range fields {
			res.Columns = append(res.Columns, fields[i].Type)
		}
	default:
		if u := snap.Type(fn.Returns.OID); u != nil && u.Kind == 'd' {
			res.Type = fn.Returns
		}
	}
	return out
}

// RoutineFieldNames are the fields of a function's composite value, nil if the query
// names them.
func RoutineFieldNames(snap *catalog.Snapshot, fn *catalog.Function) []string {
	var out []string
	for _, p := range fn.Outputs() {
		out = append(out, p.Name)
	}
	if len(out) > 1 {
		return out
	}
	out = nil
	for _, f := range compositeFields(snap, fn.Returns.OID) {
		out = append(out, f.Name)
	}
	return out
}

// compositeFields are the fields of a composite type, nil of another one.
func compositeFields(snap *catalog.Snapshot, id types.OID) []catalog.Column {
	u, array := snap.TypeOrRow(id)
	if u == nil || array || u.Kind != 'c' {
		return nil
	}
	out := []catalog.Column{}
	for i := range u.Fields {
		if !u.Fields[i].Dropped {
			out = append(out, u.Fields[i])
		}
	}
	return out
}

// CheckRoutineStatement refuses statements that a function's body cannot have.
func CheckRoutineStatement(fn *catalog.Function, stmt ast.Statement) error {
	switch st := stmt.(type) {
	case *ast.Select:
		if st.Into == nil {
			return nil
		}
	case *ast.Insert, *ast.Update, *ast.Delete, *ast.Merge:
		return nil
	case *ast.Transaction:
		return pgerror.New(pgerror.FeatureNotSupported, "%s is not allowed in an SQL function", ast.Tag(stmt))
	}
	return pgerror.Unsupported("%s in the body of %s %q", ast.Tag(stmt), fn.Word(), fn.Name)
}

// NoRoutineResult is the error of a body that ends without a query.
func NoRoutineResult(snap *catalog.Snapshot, fn *catalog.Function) error {
	return pgerror.New(pgerror.InvalidFunctionDefinition, "return type mismatch in function declared to return %s", catalog.FormatType(snap, nil, fn.Returns)).
		WithDetail("Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.")
}
