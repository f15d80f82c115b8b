package catalog

import (
	"slices"
	"strings"
	"sync"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ProcInfo is a function, aggregate or window function (pg_proc).
type ProcInfo struct {
	OID        OID
	Name       string
	Args       []OID
	Returns    OID
	Variadic   OID // element type of a VARIADIC array parameter
	Defaults   int
	Kind       byte // 'f', 'a', 'w', 'p'
	Strict     bool
	ReturnsSet bool
	Volatility byte
	// OutNames and OutTypes are the columns of a set-returning function of more than one.
	OutNames []string
	OutTypes []OID
	Direct   int  // aggregates: direct arguments
	AggKind  byte // aggregates: 'n' or 'o'
}

// OperatorInfo is a row of pg_operator.
type OperatorInfo struct {
	OID                     OID
	Name                    string
	Left, Right, Result, Fn OID
	Commutator, Negator     OID
	CanHash, CanMerge       bool
	commutator, negator     string
}

// CastInfo is a row of pg_cast.
type CastInfo struct {
	OID, From, To, Fn OID
	Context, Method   byte
}

// library is what the function registry has, in pg_catalog's terms.
type library struct {
	procs     []*ProcInfo // in OID order, the static ones included
	byOID     map[OID]*ProcInfo
	byName    map[string][]*ProcInfo
	operators []*OperatorInfo
	casts     []*CastInfo
}

// functionLibrary reads the registry once.
var functionLibrary = sync.OnceValue(func() *library {
	l := &library{byOID: map[OID]*ProcInfo{}, byName: map[string][]*ProcInfo{}}
	for _, p := range staticProcs() {
		l.addProc(p)
	}
	for f := range functions.All() {
		switch f := f.(type) {
		case *functions.Scalar:
			l.addProc(&ProcInfo{
				OID: f.OID, Name: f.Name, Args: typeOIDs(f.Args), Returns: f.Returns.OID, Variadic: variadicType(f.Variadic, f.Args), Defaults: f.Defaults,
				Kind: 'f', Strict: f.Strict, Volatility: volatility(f.Volatility),
			})
		case *functions.Aggregate:
			kind := byte('n')
			if f.OrderedSet {
				kind = 'o'
			}
			l.addProc(&ProcInfo{
				OID: f.OID, Name: f.Name, Args: typeOIDs(f.Args), Returns: f.Returns.OID, Variadic: variadicType(f.Variadic, f.Args),
				Kind: 'a', Volatility: 'i', Direct: f.Direct, AggKind: kind,
			})
		case *functions.TableFunc:
			l.addProc(tableFuncInfo(f))
		case *functions.Operator:
			l.operators = append(l.operators, &OperatorInfo{
				OID: f.OID, Name: f.Name, Left: f.Left, Right: f.Right, Result: f.Fn.Returns.OID, Fn: f.Fn.OID,
				CanHash: f.Name == "=", CanMerge: f.Name == "=", commutator: f.Commutator, negator: f.Negator,
			})
		case *functions.Cast:
			l.addCast(f)
		}
	}
	l.finish()
	return l
})

func (l *library) addProc(p *ProcInfo) {
	if p.OID == 0 || l.byOID[p.OID] != nil {
		return
	}
	l.byOID[p.OID] = p
	l.procs = append(l.procs, p)
	l.byName[p.Name] = append(l.byName[p.Name], p)
}

// firstCastOID numbers pg_cast's rows, which nobody refers to by number.
const firstCastOID = 10036

func (l *library) addCast(f *functions.Cast) {
	c := &CastInfo{OID: firstCastOID + OID(len(l.casts)), From: f.From, To: f.To, Context: byte(f.Context), Method: 'b'}
	switch {
	case f.InOut:
		c.Method = 'i'
	case f.Fn != nil:
		c.Method, c.Fn = 'f', f.Fn.OID
	}
	l.casts = append(l.casts, c)
}

// finish sorts, and finds commutators and negators by name.
func (l *library) finish() {
	slices.SortFunc(l.procs, func(a, b *ProcInfo) int { return compareOID(a.OID, b.OID) })
	slices.SortFunc(l.operators, func(a, b *OperatorInfo) int { return compareOID(a.OID, b.OID) })
	type key struct {
		name        string
		left, right OID
	}
	ids := map[key]OID{}
	for _, o := range l.operators {
		ids[key{o.Name, o.Left, o.Right}] = o.OID
	}
	for _, o := range l.operators {
		if o.commutator != "" {
			o.Commutator = ids[key{o.commutator, o.Right, o.Left}]
		}
		if o.negator != "" {
			o.Negator = ids[key{o.negator, o.Left, o.Right}]
		}
	}
}

func tableFuncInfo(f *functions.TableFunc) *ProcInfo {
	p := &ProcInfo{
		OID: f.OID, Name: f.Name, Args: typeOIDs(f.Args), Variadic: variadicType(f.Variadic, f.Args), Defaults: f.Defaults,
		Kind: 'f', Strict: f.Strict, ReturnsSet: true, Volatility: volatility(f.Volatility), Returns: types.Record,
	}
	if len(f.Columns) == 1 {
		p.Returns = f.Columns[0].Type.OID
		return p
	}
	for _, c := range f.Columns {
		p.OutNames = append(p.OutNames, c.Name)
		p.OutTypes = append(p.OutTypes, c.Type.OID)
	}
	return p
}

func typeOIDs(ts []types.Type) []OID {
	out := make([]OID, len(ts))
	for i, t := range ts {
		out[i] = t.OID
	}
	return out
}

// variadicType is provariadic: the element type of the last parameter.
func variadicType(variadic bool, args []types.Type) OID {
	if !variadic || len(args) == 0 {
		return 0
	}
	switch last := args[len(args)-1]; last.OID {
	case types.Any:
		return types.Any
	case types.AnyArray:
		return types.AnyElement
	default:
		return last.Elem().OID
	}
}

func volatility(v functions.Volatility) byte {
	if v == 0 {
		return byte(functions.Immutable)
	}
	return byte(v)
}

// Columns of pg_proc's rows in systemdata.
const (
	procColName    = 1
	procColRetType = 18
	procColArgs    = 19
)

// staticProcs are the functions of systemdata by OID.
var staticProcs = sync.OnceValue(func() map[OID]*ProcInfo {
	m := map[OID]*ProcInfo{}
	_ = staticProc.each(func(r []types.Datum) error {
		p := &ProcInfo{OID: OID(r[0].I), Name: r[procColName].S, Returns: OID(r[procColRetType].I), Kind: 'f'}
		args := types.TextOf(types.Of(types.OidVector), r[procColArgs], nil)
		for _, f := range strings.Fields(args) {
			p.Args = append(p.Args, parseOID(f))
		}
		m[p.OID] = p
		return nil
	})
	return m
})

func init() {
	virtual("pg_proc", func(v VirtualEnv, emit emitFunc) error {
		if err := staticProc.each(emit); err != nil {
			return err
		}
		for _, p := range functionLibrary().procs {
			if staticProcs()[p.OID] == nil {
				if err := emit(procRow(p)); err != nil {
					return err
				}
			}
		}
		for _, f := range v.Snapshot.Functions() {
			if err := emit(functionRow(v.Snapshot, f)); err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_aggregate", func(_ VirtualEnv, emit emitFunc) error {
		for _, p := range functionLibrary().procs {
			if p.Kind != 'a' {
				continue
			}
			zero := dOid(0)
			err := emit([]types.Datum{
				dOid(p.OID), dChar(p.AggKind), dInt2(p.Direct), zero, zero, zero, zero, zero, zero, zero, zero, dBool(false), dBool(false),
				dChar('r'), dChar('r'), zero, dOid(types.Internal), dInt4(0), zero, dInt4(0), types.Null, types.Null,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_operator", func(_ VirtualEnv, emit emitFunc) error {
		for _, o := range functionLibrary().operators {
			kind := byte('b')
			if o.Left == 0 {
				kind = 'l'
			}
			err := emit([]types.Datum{
				dOid(o.OID), dText(o.Name), dOid(PgCatalogOID), dOid(BootstrapRoleOID), dChar(kind), dBool(o.CanMerge), dBool(o.CanHash),
				dOid(o.Left), dOid(o.Right), dOid(o.Result), dOid(o.Commutator), dOid(o.Negator), dOid(o.Fn), dOid(0), dOid(0),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_cast", func(_ VirtualEnv, emit emitFunc) error {
		for _, c := range functionLibrary().casts {
			if err := emit([]types.Datum{dOid(c.OID), dOid(c.From), dOid(c.To), dOid(c.Fn), dChar(c.Context), dChar(c.Method)}); err != nil {
				return err
			}
		}
		return nil
	})
}

func procRow(p *ProcInfo) []types.Datum {
	rows := 0.0
	if p.ReturnsSet {
		rows = 1000
	}
	allTypes, modes, names := types.Null, types.Null, types.Null
	if len(p.OutTypes) > 1 {
		all := append(append([]OID{}, p.Args...), p.OutTypes...)
		m := make([]string, len(all))
		n := make([]string, len(all))
		for i := range all {
			m[i] = "i"
			if i >= len(p.Args) {
				m[i] = "o"
				n[i] = p.OutNames[i-len(p.Args)]
			}
		}
		allTypes, modes, names = numbers(types.Oid, all), types.BuildArray(types.Char, stringDatums(m)), texts(n)
	}
	const internalLanguage, cost = 12, 1
	return []types.Datum{
		dOid(p.OID), dText(p.Name), dOid(PgCatalogOID), dOid(BootstrapRoleOID), dOid(internalLanguage), dReal(cost), dReal(rows), dOid(p.Variadic), dOid(0), dChar(p.Kind),
		dBool(false), dBool(false), dBool(p.Strict), dBool(p.ReturnsSet), dChar(p.Volatility), dChar('s'), dInt2(len(p.Args)), dInt2(p.Defaults), dOid(p.Returns),
		vector(types.Oid, p.Args), allTypes, modes, names, types.Null, types.Null, dText(p.Name), types.Null, types.Null, types.Null, types.Null,
	}
}
