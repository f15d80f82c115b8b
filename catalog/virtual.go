package catalog

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

// OIDs of the catalogs that other catalogs name (pg_depend.classid, ...).
const (
	classType       OID = 1247
	classProc       OID = 1255
	classClass      OID = 1259
	classAuthID     OID = 1260
	classDatabase   OID = 1262
	classAttrDef    OID = 2604
	classConstraint OID = 2606
	classNamespace  OID = 2615
	classRewrite    OID = 2618
)

// Access methods, collations and the tablespace of pg_am, pg_collation and
// pg_tablespace.
const (
	amHeap            OID = 2
	amBtree           OID = 403
	amTimeSeries      OID = 8900 // our own
	collationDefault  OID = 100
	collationC        OID = 950
	collationPosix    OID = 951
	tablespaceDefault OID = 1663
)

// emitFunc takes a row of a virtual table. Rows may be shared: nobody changes
// one.
type emitFunc = func(row []types.Datum) error

// virtual registers the row source of a pg_catalog relation.
func virtual(name string, rows func(v VirtualEnv, emit emitFunc) error) *Virtual {
	x := &Virtual{Rows: rows}
	virtualTables["pg_catalog."+name] = x
	return x
}

// byOID adds the fast path for `column = constant`.
func (x *Virtual) byOID(column int, rows func(v VirtualEnv, oid OID, emit emitFunc) error) {
	x.ByOIDColumn, x.ByOID = column, rows
}

// Datums of the types that catalogs use.

func dOid(v OID) types.Datum     { return types.NewOid(uint32(v)) }
func dText(s string) types.Datum { return types.NewString(s) }
func dInt2(v int) types.Datum    { return types.NewInt2(int16(v)) }
func dInt4(v int) types.Datum    { return types.NewInt4(int32(v)) }
func dInt8(v int64) types.Datum  { return types.NewInt8(v) }
func dBool(v bool) types.Datum   { return types.NewBool(v) }
func dReal(v float64) types.Datum {
	return types.NewFloat32(float32(v))
}

// dChar is a "char"; 0 is the empty one.
func dChar(c byte) types.Datum {
	if c == 0 {
		return types.NewString("")
	}
	return types.NewString(charStrings[c&0x7F])
}

var charStrings = func() (out [128]string) {
	for i := range out {
		out[i] = string(rune(i))
	}
	return out
}()

// dNullText is NULL for the empty string.
func dNullText(s string) types.Datum {
	if s == "" {
		return types.Null
	}
	return types.NewString(s)
}

func dXid(v uint32) types.Datum { return types.NewOid(v) }

// parsed reads a value from its text; texts that are made here cannot fail.
func parsed(typ OID, text string) types.Datum {
	d, err := types.Parse(types.Of(typ), text, nil)
	if err != nil {
		return types.Null
	}
	return d
}

// vector is an int2vector or oidvector.
func vector[T ~int16 | ~uint32](elem OID, values []T) types.Datum {
	return types.BuildVector(elem, integers(elem, values))
}

// numbers is an array of integers; NULL when there are none.
func numbers[T ~int16 | ~uint32](elem OID, values []T) types.Datum {
	if len(values) == 0 {
		return types.Null
	}
	return types.BuildArray(elem, integers(elem, values))
}

func integers[T ~int16 | ~uint32](elem OID, values []T) []types.Datum {
	phys := types.Of(elem).Phys()
	out := make([]types.Datum, len(values))
	for i, v := range values {
		out[i] = types.NewInt(phys, int64(v))
	}
	return out
}

// texts is a text[]; NULL when there are none.
func texts(values []string) types.Datum {
	if len(values) == 0 {
		return types.Null
	}
	return types.BuildArray(types.Text, stringDatums(values))
}

func stringDatums(values []string) []types.Datum {
	out := make([]types.Datum, len(values))
	for i, v := range values {
		out[i] = dText(v)
	}
	return out
}

// options renders WITH (...) as reloptions has it.
func options(m map[string]string) types.Datum {
	var out []string
	for _, k := range sortedKeys(m) {
		out = append(out, k+"="+m[k])
	}
	return texts(out)
}
