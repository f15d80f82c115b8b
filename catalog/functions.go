package catalog

import (
	"strings"
	"sync"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// FunctionSource tells what the function library has; the node gives one to
// SetFunctions when it starts. It is called from many goroutines and its answers
// are never changed.
type FunctionSource interface {
	Procs() []ProcInfo
	Operators() []OperatorInfo
	Casts() []CastInfo
}

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
}

// CastInfo is a row of pg_cast.
type CastInfo struct {
	OID, From, To, Fn OID
	Context, Method   byte
}

var (
	functionsMu     sync.RWMutex
	functionsSource FunctionSource
)

// SetFunctions says what pg_proc, pg_operator, pg_cast and pg_aggregate show
// besides the functions that types and access methods need.
func SetFunctions(src FunctionSource) {
	functionsMu.Lock()
	defer functionsMu.Unlock()
	functionsSource = src
}

func functions() FunctionSource {
	functionsMu.RLock()
	defer functionsMu.RUnlock()
	return functionsSource
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
	virtual("pg_proc", func(_ VirtualEnv, emit emitFunc) error {
		if err := staticProc.each(emit); err != nil {
			return err
		}
		src := functions()
		if src == nil {
			return nil
		}
		procs := src.Procs()
		for i := range procs {
			if p := &procs[i]; staticProcs()[p.OID] == nil {
				if err := emit(procRow(p)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	virtual("pg_aggregate", func(_ VirtualEnv, emit emitFunc) error {
		src := functions()
		if src == nil {
			return nil
		}
		for _, p := range src.Procs() {
			if p.Kind != 'a' {
				continue
			}
			kind := p.AggKind
			if kind == 0 {
				kind = 'n'
			}
			zero := dOid(0)
			err := emit([]types.Datum{
				dOid(p.OID), dChar(kind), dInt2(p.Direct), zero, zero, zero, zero, zero, zero, zero, zero, dBool(false), dBool(false),
				dChar('r'), dChar('r'), zero, dOid(types.Internal), dInt4(0), zero, dInt4(0), types.Null, types.Null,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_operator", func(_ VirtualEnv, emit emitFunc) error {
		src := functions()
		if src == nil {
			return nil
		}
		for _, o := range src.Operators() {
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
		src := functions()
		if src == nil {
			return nil
		}
		for _, c := range src.Casts() {
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
		allTypes, modes, names = numbers(types.OidArray, all), parsed(types.CharArray, "{"+strings.Join(m, ",")+"}"), texts(n)
	}
	const internalLanguage, cost = 12, 1
	return []types.Datum{
		dOid(p.OID), dText(p.Name), dOid(PgCatalogOID), dOid(BootstrapRoleOID), dOid(internalLanguage), dReal(cost), dReal(rows), dOid(p.Variadic), dOid(0), dChar(p.Kind),
		dBool(false), dBool(false), dBool(p.Strict), dBool(p.ReturnsSet), dChar(p.Volatility), dChar('s'), dInt2(len(p.Args)), dInt2(p.Defaults), dOid(p.Returns),
		vector(types.OidVector, p.Args), allTypes, modes, names, types.Null, types.Null, dText(p.Name), types.Null, types.Null, types.Null, types.Null,
	}
}

func (r *RegResolver) source() FunctionSource {
	if r.Functions != nil {
		return r.Functions
	}
	return functions()
}

func (r *RegResolver) procByID(id OID) *ProcInfo {
	if p := staticProcs()[id]; p != nil {
		return p
	}
	if src := r.source(); src != nil {
		procs := src.Procs()
		for i := range procs {
			if procs[i].OID == id {
				return &procs[i]
			}
		}
	}
	return nil
}

// procsByName lists the functions of a name, each OID once.
func (r *RegResolver) procsByName(name string) []*ProcInfo {
	var out []*ProcInfo
	for _, p := range staticProcs() {
		if p.Name == name {
			out = append(out, p)
		}
	}
	if src := r.source(); src != nil {
		procs := src.Procs()
		for i := range procs {
			if procs[i].Name == name && staticProcs()[procs[i].OID] == nil {
				out = append(out, &procs[i])
			}
		}
	}
	return out
}

func (r *RegResolver) procIn(parts []string) (uint32, error) {
	name := parts[len(parts)-1]
	if len(parts) == 1 || len(parts) == 2 && parts[0] == "pg_catalog" {
		switch found := r.procsByName(name); len(found) {
		case 0:
		case 1:
			return uint32(found[0].OID), nil
		default:
			return 0, pgerror.New(pgerror.AmbiguousFunction, "more than one function named %q", strings.Join(parts, "."))
		}
	}
	return 0, pgerror.New(pgerror.UndefinedFunction, "function %q does not exist", strings.Join(parts, "."))
}

func (r *RegResolver) procedureIn(text string) (uint32, error) {
	open := strings.IndexByte(text, '(')
	if open < 0 || !strings.HasSuffix(strings.TrimSpace(text), ")") {
		return 0, pgerror.New(pgerror.InvalidTextRepresentation, "expected a left parenthesis")
	}
	parts, err := SplitName(text[:open])
	if err != nil {
		return 0, err
	}
	var args []OID
	list := strings.TrimSuffix(strings.TrimSpace(text[open+1:]), ")")
	if strings.TrimSpace(list) != "" {
		for _, a := range splitTop(list) {
			t, err := types.ParseTypeName(a, r)
			if err != nil {
				return 0, err
			}
			args = append(args, t.OID)
		}
	}
	for _, p := range r.procsByName(parts[len(parts)-1]) {
		if equalOIDs(p.Args, args) {
			return uint32(p.OID), nil
		}
	}
	return 0, pgerror.New(pgerror.UndefinedFunction, "function %q does not exist", text)
}

func equalOIDs(a, b []OID) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// splitTop splits at commas outside of parentheses.
func splitTop(s string) []string {
	var out []string
	depth, start := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}

func (r *RegResolver) operator(match func(*OperatorInfo) bool) *OperatorInfo {
	src := r.source()
	if src == nil {
		return nil
	}
	ops := src.Operators()
	for i := range ops {
		if match(&ops[i]) {
			return &ops[i]
		}
	}
	return nil
}

func (r *RegResolver) operatorIn(typ OID, text string) (uint32, error) {
	name, args, hasArgs := strings.Cut(text, "(")
	name = strings.TrimPrefix(strings.TrimSpace(name), "pg_catalog.")
	undefined := pgerror.New(pgerror.UndefinedFunction, "operator does not exist: %s", text)
	var want []OID
	if hasArgs && typ == types.Regoperator {
		for _, a := range splitTop(strings.TrimSuffix(strings.TrimSpace(args), ")")) {
			if a = strings.TrimSpace(a); strings.EqualFold(a, "none") {
				want = append(want, 0)
				continue
			}
			t, err := types.ParseTypeName(a, r)
			if err != nil {
				return 0, err
			}
			want = append(want, t.OID)
		}
		if len(want) != 2 {
			return 0, undefined
		}
	}
	matches := 0
	op := r.operator(func(o *OperatorInfo) bool {
		if o.Name != name || want != nil && (o.Left != want[0] || o.Right != want[1]) {
			return false
		}
		matches++
		return want != nil
	})
	switch {
	case op != nil:
		return uint32(op.OID), nil
	case matches > 1:
		return 0, pgerror.New(pgerror.AmbiguousFunction, "more than one operator named %s", text)
	case matches == 1:
		op = r.operator(func(o *OperatorInfo) bool { return o.Name == name })
		return uint32(op.OID), nil
	}
	return 0, undefined
}
