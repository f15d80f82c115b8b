package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Casts from jsonb scalars.
var (
	_ = behind("jsonb_bool", fn1E(func(s string) (bool, error) {
		if k := jsonKind(s); k != 't' && k != 'f' {
			return false, cannotCastJSON(s, "boolean")
		}
		return s == "true", nil
	}))
	_ = behind("jsonb_numeric", fn1E(func(s string) (types.Decimal, error) { return jsonDecimal(s, "numeric") }))
	_ = behind("jsonb_int2", fn1E(jsonToInt[int16](types.Int2, "smallint")))
	_ = behind("jsonb_int4", fn1E(jsonToInt[int32](types.Int4, "integer")))
	_ = behind("jsonb_int8", fn1E(jsonToInt[int64](types.Int8, "bigint")))
	_ = behind("jsonb_float4", fn1E(func(s string) (float32, error) {
		d, err := jsonDecimal(s, "real")
		if err != nil {
			return 0, err
		}
		f, err := d.ToFloat(types.Float4)
		return float32(f), err
	}))
	_ = behind("jsonb_float8", fn1E(func(s string) (float64, error) {
		d, err := jsonDecimal(s, "double precision")
		if err != nil {
			return 0, err
		}
		return d.ToFloat(types.Float8)
	}))
)

func jsonToInt[R signed](oid types.OID, name string) func(s string) (R, error) {
	return func(s string) (R, error) {
		d, err := jsonDecimal(s, name)
		if err != nil {
			return 0, err
		}
		v, err := d.ToInt(oid)
		return R(v), err
	}
}

func jsonDecimal(s, target string) (types.Decimal, error) {
	if !isJSONNumber(s) {
		return types.Decimal{}, cannotCastJSON(s, target)
	}
	return types.ParseDecimal(s)
}

func cannotCastJSON(s, target string) error {
	kind := "numeric"
	switch jsonKind(s) {
	case '{':
		kind = "object"
	case '[':
		kind = "array"
	case '"':
		kind = "string"
	case 't', 'f':
		kind = "boolean"
	case 'n':
		kind = "null"
	}
	return pgerror.New(pgerror.InvalidParameterValue, "cannot cast jsonb %s to type %s", kind, target)
}
