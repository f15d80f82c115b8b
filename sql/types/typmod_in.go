package types

import "github.com/tidemarkdb/tidemark/sql/pgerror"

// maxAttrSize bounds the length of char(n), varchar(n) and bit(n).
const maxAttrSize = 10 * 1024 * 1024

// ModFromArgs turns the arguments in parentheses after a type's name into its
// modifier, as the type's typmodin function does. An interval's arguments are
// the mask of its fields (IntervalRange) and optionally the precision.
func ModFromArgs(oid OID, args []int32) (int32, error) {
	if info := Lookup(oid); info != nil && info.Elem != 0 && info.Array == 0 {
		oid = info.Elem
	}
	switch oid {
	case Bpchar, Varchar, Bit, Varbit:
		return lengthMod(oid, args)
	case Numeric:
		return numericMod(args)
	case Time, Timetz, Timestamp, Timestamptz:
		return precisionMod(oid, args)
	case Interval:
		return intervalMod(args)
	}
	return -1, pgerror.New(pgerror.SyntaxError, "type modifier is not allowed for type %q", typeName(oid))
}

func typeName(oid OID) string {
	if info := Lookup(oid); info != nil {
		return info.Name
	}
	return "???"
}

func lengthMod(oid OID, args []int32) (int32, error) {
	name := map[OID]string{Bpchar: "char", Varchar: "varchar", Bit: "bit", Varbit: "bit varying"}[oid]
	if len(args) != 1 {
		return -1, pgerror.New(pgerror.InvalidParameterValue, "invalid type modifier")
	}
	limit := int32(maxAttrSize)
	if oid == Bit || oid == Varbit {
		limit = maxAttrSize * 8
	}
	switch n := args[0]; {
	case n < 1:
		return -1, pgerror.New(pgerror.InvalidParameterValue, "length for type %s must be at least 1", name)
	case n > limit:
		return -1, pgerror.New(pgerror.InvalidParameterValue, "length for type %s cannot exceed %d", name, limit)
	case oid == Bit || oid == Varbit:
		return n, nil
	default:
		return n + 4, nil
	}
}

func numericMod(args []int32) (int32, error) {
	switch len(args) {
	case 1, 2:
	default:
		return -1, pgerror.New(pgerror.InvalidParameterValue, "invalid NUMERIC type modifier")
	}
	if args[0] < 1 || args[0] > 1000 {
		return -1, pgerror.New(pgerror.InvalidParameterValue, "NUMERIC precision %d must be between 1 and %d", args[0], 1000)
	}
	scale := int32(0)
	if len(args) == 2 {
		scale = args[1]
	}
	if scale < -1000 || scale > 1000 {
		return -1, pgerror.New(pgerror.InvalidParameterValue, "NUMERIC scale %d must be between %d and %d", scale, -1000, 1000)
	}
	return NumericMod(int(args[0]), int(scale)), nil
}

func precisionMod(oid OID, args []int32) (int32, error) {
	if len(args) != 1 {
		return -1, pgerror.New(pgerror.InvalidParameterValue, "invalid type modifier")
	}
	if args[0] < 0 {
		name, tz := "TIMESTAMP", ""
		if oid == Time || oid == Timetz {
			name = "TIME"
		}
		if oid == Timetz || oid == Timestamptz {
			tz = " WITH TIME ZONE"
		}
		return -1, pgerror.New(pgerror.InvalidParameterValue, "%s(%d)%s precision must not be negative", name, args[0], tz)
	}
	return min(args[0], 6), nil
}

func intervalMod(args []int32) (int32, error) {
	switch len(args) {
	case 1:
		if args[0] == intervalFullRange {
			return -1, nil
		}
		return intervalFullPrecision | args[0]<<16, nil
	case 2:
		if args[1] < 0 {
			return -1, pgerror.New(pgerror.InvalidParameterValue, "INTERVAL(%d) precision must not be negative", args[1])
		}
		return min(args[1], 6) | args[0]<<16, nil
	}
	return -1, pgerror.New(pgerror.InvalidParameterValue, "invalid INTERVAL type modifier")
}
