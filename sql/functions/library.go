package functions

import (
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// How a library function is registered
//
// PostgreSQL's pg_proc (pgcatalog_gen.go) knows the number, result, strictness,
// volatility and defaults of its functions, so that a registration is the
// signature with pg_type's names, a sentence, the body and checked examples:
//
//	var _ = define("upper(text)", "Converts the string to upper case.", fn1(strings.ToUpper),
//		ex("upper('tide')", "TIDE"))

// define registers functions of PostgreSQL; signatures are separated by blanks.
// It returns the first one.
func define(signatures, doc string, b body, examples ...Example) *Scalar {
	var first *Scalar
	for sig := range strings.FieldsSeq(signatures) {
		s := procs().signature(sig).scalar(b)
		s.Hidden, s.Doc, s.Examples = false, doc, examples
		if r := register(s); first == nil {
			first = r
		}
	}
	return first
}

// ex is an example: an expression, or "* FROM ..." for set-returning functions,
// and its text.
func ex(sql, want string) Example { return Example{SQL: sql, Want: want} }

// signature finds the function of a signature like "lpad(text,int4)".
func (x *procIndex) signature(sig string) *pgProc {
	name, list, _ := strings.Cut(strings.TrimSuffix(sig, ")"), "(")
	var args []types.Type
	if list != "" {
		for a := range strings.SplitSeq(list, ",") {
			info := types.LookupName(a)
			if info == nil {
				panic("functions: unknown type in " + sig)
			}
			args = append(args, types.Of(info.OID))
		}
	}
	p := x.find(name, args)
	if p == nil {
		panic("functions: PostgreSQL has no function " + sig)
	}
	return p
}

// opener starts a call of a set-returning function.
type opener = func(c *Context, t Signature, args []types.Datum) (RowSource, error)

// defineSet registers set-returning functions of PostgreSQL. Without columns
// the result is one column of the function's name and type.
func defineSet(signatures, doc string, columns []Column, open opener, examples ...Example) *TableFunc {
	var first *TableFunc
	for sig := range strings.FieldsSeq(signatures) {
		p := procs().signature(sig)
		f := TableFunc{
			OID: p.oid, Name: p.name, Args: typesOf(p.args), Defaults: p.defaults, Variadic: p.variadic != 0,
			Columns: columns, Strict: p.strict, Volatility: p.volatility, Doc: doc, Examples: examples, Open: open,
		}
		if columns == nil {
			f.Columns = []Column{{Name: p.name, Type: types.Of(p.returns)}}
		}
		if r := register(f); first == nil {
			first = r
		}
	}
	return first
}

// params are parameters without defaults.
func params(names ...string) []Param {
	out := make([]Param, len(names))
	for i, name := range names {
		out[i].Name = name
	}
	return out
}

// column is a result column of a type.
func column(name string, oid types.OID) Column { return Column{Name: name, Type: types.Of(oid)} }

// rowFunc yields the rows of a function one by one; nil at the end. The slice
// may be reused.
type rowFunc func(c *Context) ([]types.Datum, error)

// Next implements RowSource.
func (f rowFunc) Next(c *Context, max int, out []array.Builder) (int, error) {
	for n := range max {
		row, err := f(c)
		if err != nil || row == nil {
			return n, err
		}
		for i := range out {
			types.AppendDatum(out[i], row[i])
		}
	}
	return max, nil
}

// Close implements RowSource.
func (f rowFunc) Close() {}

// rowsOf yields rows that are there already.
func rowsOf(rows [][]types.Datum) RowSource {
	return rowFunc(func(*Context) ([]types.Datum, error) {
		if len(rows) == 0 {
			return nil, nil
		}
		row := rows[0]
		rows = rows[1:]
		return row, nil
	})
}

// valuesOf yields rows of one column.
func valuesOf(vals []types.Datum) RowSource {
	return rowFunc(func(*Context) ([]types.Datum, error) {
		if len(vals) == 0 {
			return nil, nil
		}
		row := vals[:1]
		vals = vals[1:]
		return row, nil
	})
}

// fn0 is a function of the context alone.
func fn0[R any](f func(c *Context) (R, error)) body {
	return body{Eval: func(c *Context, _ []types.Datum) (types.Datum, error) { return datumOr(f(c)) }}
}

func fn3E[A, B, D, R any](f func(A, B, D) (R, error)) body {
	return body{Kernel: map3E(f), Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		return datumOr(f(fromDatum[A](d[0]), fromDatum[B](d[1]), fromDatum[D](d[2])))
	}}
}

func fn3[A, B, D, R any](f func(A, B, D) R) body {
	return body{Kernel: map3(f), Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		return toDatum(f(fromDatum[A](d[0]), fromDatum[B](d[1]), fromDatum[D](d[2]))), nil
	}}
}

func fn4E[A, B, D, E, R any](f func(A, B, D, E) (R, error)) body {
	return body{Eval: func(_ *Context, d []types.Datum) (types.Datum, error) {
		return datumOr(f(fromDatum[A](d[0]), fromDatum[B](d[1]), fromDatum[D](d[2]), fromDatum[E](d[3])))
	}}
}

// evalRow is a body that works on datums.
func evalRow(f func(c *Context, args []types.Datum) (types.Datum, error)) body { return body{Eval: f} }

// evalTyped is a body that works on datums and needs their types.
func evalTyped(f func(c *Context, t Signature, args []types.Datum) (types.Datum, error)) body {
	return body{EvalTyped: f}
}
