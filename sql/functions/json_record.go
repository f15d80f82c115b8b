package functions

import (
	"bytes"
	"strconv"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// jsonReader makes values of types of JSON (PostgreSQL's populate_record_field):
// what a JSON string says and other scalars as text goes to the type's input
// function, arrays become arrays, objects composite values.
type jsonReader struct {
	io *types.IO
	// place is where the value is, for hints: a key, and positions in its arrays.
	key   string
	steps []int
}

// value reads a JSON value as a type.
func (r *jsonReader) value(v string, t types.Type) (types.Datum, error) {
	kind := jsonKind(v)
	if kind == 'n' {
		return types.Null, nil
	}
	if t.OID == types.JSON || t.OID == types.JSONB {
		return types.Parse(t, v, r.io)
	}
	if kind != '"' {
		info := r.userInfo(t)
		switch {
		case info != nil && info.Type == 'd':
			return types.Null, pgerror.Unsupported("JSON of domain %s", info.SQLName)
		case info != nil && info.Type == 'c':
			return r.composite(v, info, nil)
		case t.IsArray() || info != nil && info.Elem != 0:
			text, err := r.array(nil, v, r.element(t, info))
			if err != nil {
				return types.Null, err
			}
			if len(bytes.Trim(text, "{},")) == 0 {
				text = []byte("{}") // arrays of empty arrays are empty
			}
			return types.Parse(t, string(text), r.io)
		}
	} else if info := r.userInfo(t); info != nil && info.Type == 'd' {
		return types.Null, pgerror.Unsupported("JSON of domain %s", info.SQLName)
	}
	text, _ := jsonText(v)
	return types.Parse(t, text, r.io)
}

// maxArrayDims is how many dimensions arrays have at most.
const maxArrayDims = 6

func (r *jsonReader) userInfo(t types.Type) *types.Info {
	if t.OID < types.FirstUserOID || r.io == nil || r.io.Resolve == nil {
		return nil
	}
	return r.io.Resolve.TypeInfo(t.OID)
}

func (r *jsonReader) element(t types.Type, info *types.Info) types.Type {
	if info != nil {
		return types.Type{OID: info.Elem, Mod: t.Mod}
	}
	return t.Elem()
}

// array appends an array's text form: the input function checks its dimensions.
func (r *jsonReader) array(dst []byte, v string, elem types.Type) ([]byte, error) {
	if jsonKind(v) != '[' {
		return nil, r.expected()
	}
	// As in PostgreSQL the first element says how deep the array is.
	depth := 0
	for first := v; jsonKind(first) == '[' && depth <= maxArrayDims; depth++ {
		next, ok := jsonIndex(first, 0)
		if !ok {
			depth++
			break
		}
		first = next
	}
	if depth > maxArrayDims {
		return nil, pgerror.New(pgerror.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", depth, maxArrayDims)
	}
	return r.level(dst, v, elem, depth)
}

func (r *jsonReader) level(dst []byte, v string, elem types.Type, depth int) (out []byte, err error) {
	if jsonKind(v) != '[' {
		return nil, r.expected()
	}
	out = append(dst, '{')
	i, width := 0, -1
	r.steps = append(r.steps, 0)
	jsonElements(v, func(e string) bool {
		r.steps[len(r.steps)-1] = i
		if i > 0 {
			out = append(out, ',')
		}
		i++
		if depth > 1 {
			n := 0
			jsonElements(e, func(string) bool { n++; return true })
			if jsonKind(e) == '[' && width >= 0 && n != width {
				err = pgerror.New(pgerror.InvalidTextRepresentation, "malformed JSON array").
					WithDetail("Multidimensional arrays must have sub-arrays with matching dimensions.")
				return false
			}
			width = n
			out, err = r.level(out, e, elem, depth-1)
			return err == nil
		}
		var d types.Datum
		if d, err = r.value(e, elem); err != nil {
			return false
		}
		if d.IsNull() {
			out = append(out, "NULL"...)
		} else {
			out = appendQuoted(out, types.AppendText(nil, elem, d, r.io))
		}
		return true
	})
	r.steps = r.steps[:len(r.steps)-1]
	return append(out, '}'), err
}

// appendQuoted appends an element of an array's text form.
func appendQuoted(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

func (r *jsonReader) expected() error {
	e := pgerror.New(pgerror.InvalidTextRepresentation, "expected JSON array")
	if len(r.steps) == 0 {
		return e.WithHint("See the value of key \"%s\".", r.key)
	}
	at := ""
	for _, s := range r.steps {
		at += "[" + strconv.Itoa(s) + "]"
	}
	return e.WithHint("See the array element %s of key \"%s\".", at, r.key)
}

// composite reads an object as a value of a composite type. Of fields that it does
// not have, base's values stay.
func (r *jsonReader) composite(v string, info *types.Info, base []types.RecordField) (types.Datum, error) {
	cols := make([]Column, len(info.Fields))
	for i, f := range info.Fields {
		cols[i] = Column{Name: f.Name, Type: f.Type}
	}
	row, err := r.row(v, cols, base)
	if err != nil {
		return types.Null, err
	}
	fields := make([]types.RecordField, len(row))
	for i, d := range row {
		fields[i] = types.RecordField{Type: types.Of(cols[i].Type.OID), Value: d.Clone()}
	}
	return types.BuildRecord(fields), nil
}

// row reads an object as a row of columns.
func (r *jsonReader) row(v string, cols []Column, base []types.RecordField) ([]types.Datum, error) {
	if shape := jsonShape(v); shape != "object" {
		if shape == "array" {
			return nil, jsonError("cannot call populate_composite on an array")
		}
		return nil, jsonError("cannot call populate_composite on a scalar")
	}
	key, steps := r.key, r.steps
	defer func() { r.key, r.steps = key, steps }()
	out := make([]types.Datum, len(cols))
	for i, c := range cols {
		out[i] = types.Null
		member, ok := jsonGet(v, c.Name)
		if !ok {
			if i < len(base) {
				out[i] = base[i].Value
			}
			continue
		}
		r.key, r.steps = c.Name, nil
		var err error
		if info := r.userInfo(c.Type); info != nil && info.Type == 'c' && i < len(base) && jsonKind(member) == '{' {
			out[i], err = r.composite(member, info, baseFields(base[i].Value))
		} else {
			out[i], err = r.value(member, c.Type)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rows reads an array of objects; name is the function's.
func (r *jsonReader) rows(name, v string, fn func(object string) error) (err error) {
	if shape := jsonShape(v); shape != "array" {
		switch {
		case name[4] == 'b':
			return jsonError("cannot call %s on a non-array", name)
		case shape == "object":
			return jsonError("cannot call %s on an object", name)
		}
		return jsonError("cannot call %s on a scalar", name)
	}
	jsonElements(v, func(e string) bool {
		if jsonShape(e) != "object" {
			err = jsonError("argument of %s must be an array of objects", name)
			return false
		}
		err = fn(e)
		return err == nil
	})
	return err
}

// openToRecord opens json_to_record and its kin for the columns of a column definition list.
func openToRecord(name string, set bool) func(cols []Column) opener {
	return func(cols []Column) opener {
		return func(c *Context, _ Signature, args []types.Datum) (RowSource, error) {
			r := &jsonReader{io: c.IO}
			switch {
			case args[0].IsNull() && set:
				return rowsOf(nil), nil
			case args[0].IsNull():
				row := make([]types.Datum, len(cols))
				for i := range row {
					row[i] = types.Null
				}
				return rowsOf([][]types.Datum{row}), nil
			case !set:
				row, err := r.row(args[0].S, cols, nil)
				return rowsOf([][]types.Datum{row}), err
			}
			var objects []string
			err := r.rows(name, args[0].S, func(o string) error {
				objects = append(objects, o)
				return nil
			})
			if err != nil {
				return nil, err
			}
			return rowFunc(func(*Context) ([]types.Datum, error) {
				if len(objects) == 0 {
					return nil, nil
				}
				o := objects[0]
				objects = objects[1:]
				return r.row(o, cols, nil)
			}), nil
		}
	}
}

// noRowType is what a call without columns fails with.
func noRowType(name string) error {
	return pgerror.New(pgerror.FeatureNotSupported, "could not determine row type for result of %s", name).
		WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.")
}

func defineToRecord(name, arg, doc string, set bool, example Example) {
	f := defineSet(name+"("+arg+")", doc, []Column{}, func(*Context, Signature, []types.Datum) (RowSource, error) { return nil, noRowType(name) }, example)
	f.Strict = false
	f.OpenRecord = openToRecord(name, set)
}

var _ = func() bool {
	for _, t := range []string{"json", "jsonb"} {
		defineToRecord(t+"_to_record", t, "An object as a row of the columns that AS lists, by their names.", false,
			ex("* FROM "+t+`_to_record('{"a":1,"b":[1,2]}') AS x(a int, b int[], c text)`, `1|{1,2}|NULL`))
		defineToRecord(t+"_to_recordset", t, "An array of objects as rows of the columns that AS lists.", true,
			ex("* FROM "+t+`_to_recordset('[{"a":1,"b":"x"},{"a":2}]') AS x(a int, b text)`, `1|x\n2|NULL`))
	}
	return true
}()

// rowInfo is the composite type that the first argument of json_populate_record and
// its kin has, or the value's own fields.
func (r *jsonReader) rowInfo(name string, t types.Type, base types.Datum) (*types.Info, error) {
	if t.OID == types.Record {
		if base.IsNull() {
			return nil, noRowType(name)
		}
		info, names := &types.Info{Type: 'c'}, base.RecordNames()
		for i, f := range base.Record() {
			field := types.InfoField{Name: "f" + strconv.Itoa(i+1), Type: f.Type}
			if i < len(names) {
				field.Name = names[i]
			}
			info.Fields = append(info.Fields, field)
		}
		return info, nil
	}
	info := r.userInfo(t)
	if info == nil || info.Type != 'c' {
		return nil, pgerror.New(pgerror.DatatypeMismatch, "first argument of %s must be a row type", name)
	}
	return info, nil
}

// populate is json_populate_record: what the object does not have is base's.
func populate(name string) func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
	return func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
		r := &jsonReader{io: c.IO}
		info, err := r.rowInfo(name, t.Args[0], args[0])
		if err != nil || args[1].IsNull() {
			return args[0], err
		}
		return r.composite(args[1].S, info, baseFields(args[0]))
	}
}

func baseFields(d types.Datum) []types.RecordField {
	if d.IsNull() {
		return nil
	}
	return d.Record()
}

// openPopulateSet is json_populate_recordset.
func openPopulateSet(name string) opener {
	return func(c *Context, t Signature, args []types.Datum) (RowSource, error) {
		r := &jsonReader{io: c.IO}
		info, err := r.rowInfo(name, t.Args[0], args[0])
		if err != nil || args[1].IsNull() {
			return rowsOf(nil), err
		}
		var vals []types.Datum
		base := baseFields(args[0])
		err = r.rows(name, args[1].S, func(o string) error {
			d, err := r.composite(o, info, base)
			vals = append(vals, d)
			return err
		})
		return valuesOf(vals), err
	}
}

var _ = func() bool {
	for _, t := range []string{"json", "jsonb"} {
		record, set, args := t+"_populate_record", t+"_populate_recordset", "(anyelement,"+t+")"
		if t == "json" {
			args = "(anyelement,json,bool)"
		}
		define(record+args, "An object as a value of the composite type of the first argument, whose fields stay where the object has none.",
			body{EvalTyped: populate(record)}, ex(record+`(ROW(1, 'a'), '{"f1":5}')`, "(5,a)"))
		defineSet(set+args, "An array of objects as values of the composite type of the first argument.", nil, openPopulateSet(set),
			ex(set+`(ROW(1, 'a'), '[{"f1":5},{}]')`, `(5,a)\n(1,a)`))
	}
	return true
}()
