package functions

import (
	"sync"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// addPgCast registers a row of pg_cast if we have what it needs. Length
// coercions (a type to itself) are expr.CastMod and not casts here.
func addPgCast(row *pgCast) {
	if row.from == row.to || types.Lookup(row.from) == nil || types.Lookup(row.to) == nil {
		return
	}
	c := Cast{From: row.from, To: row.to, Context: row.context}
	switch row.method {
	case 'i':
		c.InOut = true
	case 'b':
		from, to := types.Of(row.from).Phys(), types.Of(row.to).Phys()
		if from == to {
			break
		}
		// PostgreSQL's binary coercible int4 and oid lie differently here.
		if c.Fn = reinterpret(from, to); c.Fn == nil {
			return
		}
	case 'f':
		fn, ok := reg.byOID[row.fn].(*Scalar)
		switch {
		case row.from == types.Text && row.to == types.Regclass || row.from == types.Varchar && row.to == types.Regclass:
			c.InOut = true
		case !ok || len(fn.Args) != 1 && row.to != types.Bit:
			return
		case fn.Returns.Phys() != types.Of(row.to).Phys(): // PostgreSQL takes int4(int2) for oids, too
			c.Fn = oidFromInt2
		default:
			c.Fn = fn
		}
	}
	register(c)
}

// derivedCasts keeps casts made by rule, so that a cast has one address.
var derivedCasts sync.Map // [2]types.OID -> *Cast

// FindCast returns the cast between two types, nil if there is none: pg_cast's
// rows, array casts (both types are arrays: Fn, Context and InOut are the
// element cast's, and the conversion is expr.CastArray), and text I/O casts by
// rule (assignment to string types, explicit from them).
func FindCast(from, to types.OID) *Cast {
	complete()
	key := [2]types.OID{from, to}
	if c := reg.casts[key]; c != nil {
		return c
	}
	if c, ok := derivedCasts.Load(key); ok {
		return c.(*Cast)
	}
	c := deriveCast(from, to)
	if c == nil {
		return nil
	}
	kept, _ := derivedCasts.LoadOrStore(key, c)
	return kept.(*Cast)
}

func deriveCast(from, to types.OID) *Cast {
	if from == to {
		return &Cast{From: from, To: to, Context: CastImplicit}
	}
	ft, tt := types.Of(from), types.Of(to)
	if isTrueArray(ft) && isTrueArray(tt) {
		elem := FindCast(ft.Elem().OID, tt.Elem().OID)
		if elem == nil {
			return nil
		}
		return &Cast{From: from, To: to, Context: elem.Context, Fn: elem.Fn, InOut: elem.InOut}
	}
	switch {
	case isVector(from) && isTrueArray(tt) && ft.Elem().OID == tt.Elem().OID:
		return &Cast{From: from, To: to, Context: CastImplicit} // int2vector is a physical int2[]
	case from == types.Unknown:
		return &Cast{From: from, To: to, Context: CastImplicit, InOut: true}
	case isPseudo(from) && from != types.Record && from != types.RecordArray && from != types.Cstring, isPseudo(to):
		return nil
	case tt.Category() == 'S':
		return &Cast{From: from, To: to, Context: CastAssignment, InOut: true}
	case ft.Category() == 'S':
		return &Cast{From: from, To: to, Context: CastExplicit, InOut: true}
	}
	return nil
}

func isVector(oid types.OID) bool { return oid == types.Int2Vector || oid == types.OidVector }

func isTrueArray(t types.Type) bool { return t.IsArray() && !isVector(t.OID) }

func isPseudo(oid types.OID) bool {
	info := types.Lookup(oid)
	return info != nil && info.Type == 'p'
}

// reinterpret is the function of a cast that PostgreSQL calls binary coercible
// between two of our integer forms.
func reinterpret(from, to types.Phys) *Scalar {
	switch {
	case from == types.PhysInt32 && to == types.PhysUint32:
		return oidFromInt4
	case from == types.PhysUint32 && to == types.PhysInt32:
		return int4FromOid
	}
	return nil
}

var (
	oidFromInt4 = hiddenCast("int4_to_oid", types.Int4, types.Oid, fn1(func(v int32) uint32 { return uint32(v) }))
	oidFromInt2 = hiddenCast("int2_to_oid", types.Int2, types.Oid, fn1(func(v int16) uint32 { return uint32(v) }))
	int4FromOid = hiddenCast("oid_to_int4", types.Oid, types.Int4, fn1(func(v uint32) int32 { return int32(v) }))
)

// hiddenCast registers a conversion that PostgreSQL has no function for.
func hiddenCast(name string, from, to types.OID, b body) *Scalar {
	return register(Scalar{
		Name: name, Args: []types.Type{types.Of(from)}, Returns: types.Of(to), Strict: true, Hidden: true,
		Kernel: b.Kernel, Eval: b.Eval,
	})
}
