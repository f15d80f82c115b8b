package expr

import (
	"strconv"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// compositeDatum computes an Array, Subscript, Row or Field over its operands.
func compositeDatum(e Expr, args []types.Datum) (types.Datum, error) {
	switch e := e.(type) {
	case *Array:
		return arrayDatum(e, args)
	case *Subscript:
		if e.Arg.Type().OID == types.JSONB {
			return jsonSubscript(e, args)
		}
		if e.Arg.Type().OID == types.Name {
			return nameSubscript(args), nil
		}
		if e.Slice {
			return sliceDatum(e, args)
		}
		return elementDatum(args[0], args[1+len(e.Lower):])
	case *Row:
		fields := make([]types.RecordField, len(args))
		for i, d := range args {
			fields[i] = types.RecordField{Type: e.Args[i].Type(), Value: d}
		}
		if defaultNames(e.Names) || e.Typ.IsRow() {
			return types.BuildRecord(fields), nil
		}
		return types.BuildNamedRecord(fields, e.Names), nil
	case *Field:
		if args[0].IsNull() {
			return types.Null, nil
		}
		if fields := args[0].Record(); e.Index < len(fields) {
			return fields[e.Index].Value, nil
		}
		return types.Null, nil
	}
	return types.Null, internalf("%T is no array or row", e)
}

// defaultNames reports whether a row's fields are f1, f2, ..., those of ROW().
func defaultNames(names []string) bool {
	for i, name := range names {
		if name != "f"+strconv.Itoa(i+1) {
			return false
		}
	}
	return true
}

var errArrayDimensions = pgerror.New(pgerror.ArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions")

func arrayDatum(e *Array, args []types.Datum) (types.Datum, error) {
	elem := e.Typ.Elem().OID
	if !e.Multi {
		return types.BuildArray(elem, args), nil
	}
	empty := 0
	for _, d := range args {
		if d.IsNull() || d.Array().NDim() == 0 {
			empty++
		}
	}
	if empty == len(args) {
		return types.BuildArray(elem, nil), nil
	}
	return functions.StackArrays(elem, args, func(string) error { return errArrayDimensions })
}

// elementDatum is a[i]...; outside of the array it is NULL.
func elementDatum(arr types.Datum, subscripts []types.Datum) (types.Datum, error) {
	if arr.IsNull() {
		return types.Null, nil
	}
	at := make([]int, 0, 4)
	for _, d := range subscripts {
		if d.IsNull() {
			return types.Null, nil
		}
		at = append(at, int(d.I))
	}
	return arr.Array().ElementAt(at...), nil
}

// sliceDatum is a[l:u]...: the part of the array that lies in the bounds, with
// lower bounds 1.
func sliceDatum(e *Subscript, args []types.Datum) (types.Datum, error) {
	arr := args[0]
	if arr.IsNull() {
		return types.Null, nil
	}
	a := arr.Array()
	dims := a.Dims()
	k := len(e.Upper)
	elem := a.ElemOID()
	lo, up := make([]int, len(dims)), make([]int, len(dims))
	for i := range dims {
		lo[i], up[i] = dims[i].Lower, dims[i].Lower+dims[i].Length-1
	}
	for i := range k {
		for j, bound := range []struct {
			given Expr
			d     types.Datum
		}{{e.Lower[i], args[1+i]}, {e.Upper[i], args[1+k+i]}} {
			if bound.given == nil {
				continue
			}
			if bound.d.IsNull() {
				return types.Null, nil
			}
			switch {
			case i >= len(dims):
			case j == 0:
				lo[i] = max(lo[i], int(bound.d.I))
			default:
				up[i] = min(up[i], int(bound.d.I))
			}
		}
	}
	out := make([]types.ArrayDim, len(dims))
	for i := range dims {
		if lo[i] > up[i] {
			return types.BuildArray(elem, nil), nil
		}
		out[i] = types.ArrayDim{Length: up[i] - lo[i] + 1, Lower: 1}
	}
	if len(dims) == 0 || k > len(dims) {
		return types.BuildArray(elem, nil), nil
	}
	var vals []types.Datum
	at := make([]int, len(dims))
	for n, d := range a.All() {
		inside := true
		for i := len(dims) - 1; i >= 0; i-- {
			at[i] = n%dims[i].Length + dims[i].Lower
			n /= dims[i].Length
			inside = inside && at[i] >= lo[i] && at[i] <= up[i]
		}
		if inside {
			vals = append(vals, d)
		}
	}
	return types.BuildArrayDims(elem, vals, out)
}

// nameSubscript is a byte of a name, which is an array of nameBytes of them with
// zeros behind its end; outside of it, and with several subscripts, it is NULL.
// Zeros, and bytes that are no character by themselves, are empty.
func nameSubscript(args []types.Datum) types.Datum {
	const nameBytes = 64
	if len(args) != 2 || args[0].IsNull() || args[1].IsNull() || args[1].I < 0 || args[1].I >= nameBytes {
		return types.Null
	}
	i := int(args[1].I)
	if i >= len(args[0].S) || args[0].S[i] >= utf8.RuneSelf {
		return types.NewString("")
	}
	return types.NewString(args[0].S[i : i+1])
}

// jsonSubscript is jsonb['key'][1].
func jsonSubscript(e *Subscript, args []types.Datum) (types.Datum, error) {
	if e.Slice {
		return types.Null, pgerror.New(pgerror.DatatypeMismatch, "jsonb subscript does not support slices")
	}
	path := make([]string, 0, len(args))
	if args[0].IsNull() {
		return types.Null, nil
	}
	for i, d := range args[1+len(e.Lower):] {
		if d.IsNull() {
			return types.Null, nil
		}
		path = append(path, string(types.AppendText(nil, e.Upper[i].Type(), d, nil)))
	}
	text, ok := functions.JSONPath(args[0].S, path)
	if !ok {
		return types.Null, nil
	}
	return types.NewString(text), nil
}

// recordIsNull is row IS NULL (all fields are) or row IS NOT NULL (none is).
func recordIsNull(d types.Datum, not bool) bool {
	if d.IsNull() {
		return !not
	}
	for _, f := range d.Record() {
		if f.Value.IsNull() == not {
			return false
		}
	}
	return true
}

// castArray converts an array element by element.
func castArray(c *functions.Context, e *Cast, d types.Datum) (types.Datum, error) {
	from, to := e.Arg.Type().Elem(), e.Typ.Elem()
	elem := &Cast{Arg: &Const{Typ: from}, Typ: to, Kind: CastFunc, Fn: e.Fn, Explicit: e.Explicit}
	if e.Fn == nil {
		elem.Kind = CastIO
		if cast := functions.FindCast(from.OID, to.OID); from.OID == to.OID || cast != nil && !cast.InOut && cast.Fn == nil {
			elem.Kind = CastRelabel
		}
	}
	a := d.Array()
	vals := a.Elements()
	for i, v := range vals {
		if v.IsNull() {
			continue
		}
		v, err := castDatum(c, elem, v)
		if err == nil && to.Mod >= 0 {
			v, err = types.ApplyMod(to, v, e.Explicit)
		}
		if err != nil {
			return types.Null, err
		}
		vals[i] = v
	}
	return types.BuildArrayDims(to.OID, vals, a.Dims())
}
