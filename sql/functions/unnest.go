package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	_ = defineSet("unnest(anyarray)", "The elements of an array, one a row.", nil,
		func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			return valuesOf(args[0].Array().Elements()), nil
		}, ex("* FROM unnest(ARRAY[1,2])", `1\n2`), ex("* FROM unnest(ARRAY[['a','b'],['c',NULL]])", `a\nb\nc\nNULL`))

	_ = defineSet("unnest(anymultirange)", "The ranges of a multirange, one a row.", nil,
		func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			ranges := types.DecodeRanges(args[0].S)
			vals := make([]types.Datum, len(ranges))
			for i := range ranges {
				vals[i] = ranges[i].Datum()
			}
			return valuesOf(vals), nil
		}, ex("* FROM unnest('{[1,3),[5,6)}'::int4multirange)", `[1,3)\n[5,6)`))

	_ = defineSet("generate_subscripts(anyarray,int4) generate_subscripts(anyarray,int4,bool)", "The subscripts of a dimension of an array, from the last one on with true.", nil,
		func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			a := args[0].Array()
			dim := int(args[1].I)
			if dim < 1 || dim > a.NDim() {
				return valuesOf(nil), nil
			}
			d := a.Dim(dim - 1)
			s := &intSeries{next: int64(d.Lower), stop: int64(d.Lower + d.Length - 1), step: 1, min: -1 << 31, max: 1<<31 - 1}
			if len(args) == 3 && args[2].Bool() {
				s.next, s.stop, s.step = s.stop, s.next, -1
			}
			return s, nil
		}, ex("* FROM generate_subscripts('{a,b,c}'::text[], 1)", `1\n2\n3`), ex("* FROM generate_subscripts('{a,b}'::text[], 1, true)", `2\n1`))

	// _pg_expandarray is of the schema information_schema; JDBC uses it to read indexes.
	_ = register(TableFunc{
		Name: "_pg_expandarray", Args: typesOf(oids{types.AnyArray}), Strict: true,
		Columns: []Column{column("x", types.AnyElement), column("n", types.Int4)},
		Resolve: func(args []types.Type) []Column {
			return []Column{{Name: "x", Type: args[0].Elem()}, column("n", types.Int4)}
		},
		Doc:      "The elements of an array and their positions, one a row (information_schema).",
		Examples: []Example{ex("* FROM information_schema._pg_expandarray(ARRAY['a','b'])", `a|1\nb|2`)},
		Open: func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			vals := args[0].Array().Elements()
			i := 0
			row := make([]types.Datum, 2)
			return rowFunc(func(*Context) ([]types.Datum, error) {
				if i == len(vals) {
					return nil, nil
				}
				row[0] = vals[i]
				i++
				row[1] = types.NewInt4(int32(i))
				return row, nil
			}), nil
		},
	})
	_ = defineSet("pg_options_to_table(_text)", "The options of an array of name=value, one a row.",
		[]Column{column("option_name", types.Text), column("option_value", types.Text)},
		func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			var rows [][]types.Datum
			for _, d := range args[0].Array().All() {
				row := []types.Datum{d, types.Null}
				for i := range len(d.S) {
					if d.S[i] == '=' {
						row = []types.Datum{types.NewString(d.S[:i]), types.NewString(d.S[i+1:])}
						break
					}
				}
				rows = append(rows, row)
			}
			return rowsOf(rows), nil
		}, ex("* FROM pg_options_to_table('{fillfactor=70,x}')", `fillfactor|70\nx|NULL`))
)
