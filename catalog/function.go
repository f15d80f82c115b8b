package catalog

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Function is a function or procedure that a user made. Descriptors are not
// changed once they are in a snapshot.
type Function struct {
	ID     OID             `json:",omitempty"`
	Name   string          `json:",omitempty"`
	Schema OID             `json:",omitempty"`
	Owner  OID             `json:",omitempty"`
	Params []FunctionParam `json:",omitempty"` // of all modes, in order
	// Returns is the result's type: void, a pseudo-type, record (when several
	// parameters go out, or RETURNS record) or any other one.
	Returns    types.Type
	ReturnsSet bool `json:",omitempty"`
	Procedure  bool `json:",omitempty"`
	// Volatility is pg_proc.provolatile: 'i', 's' or 'v'; Parallel proparallel.
	Volatility byte    `json:",omitempty"`
	Parallel   byte    `json:",omitempty"`
	Strict     bool    `json:",omitempty"`
	Leakproof  bool    `json:",omitempty"`
	Cost       float64 `json:",omitempty"` // 0 is the default, 100
	Rows       float64 `json:",omitempty"` // 0 is the default, 1000 of a set
	// Body is the text of AS; its names mean what they mean where it is called.
	Body string `json:",omitempty"`
	// Queries are the statements of a SQL-standard body, kept as a view's query is.
	Queries []string `json:",omitempty"`
	// Return: the body is RETURN expression.
	Return bool `json:",omitempty"`
	// SearchPath, DependsOn and DependsOnColumns belong to Queries and to the defaults.
	SearchPath       []string    `json:",omitempty"`
	DependsOn        []OID       `json:",omitempty"`
	DependsOnColumns []ColumnRef `json:",omitempty"`
	Comment          string      `json:",omitempty"`
}

// FunctionParam is a parameter of a function.
type FunctionParam struct {
	Name string `json:",omitempty"`
	Type types.Type
	// Mode is as in pg_proc: 'i', 'o', 'b' (INOUT), 'v' (VARIADIC) or 't' (of RETURNS TABLE).
	Mode byte `json:",omitempty"`
	// Default is SQL text, "" if there is none.
	Default string `json:",omitempty"`
}

// In reports whether calls give an argument for the parameter.
func (p *FunctionParam) In() bool { return p.Mode == 'i' || p.Mode == 'b' || p.Mode == 'v' }

// Out reports whether the parameter is a column of the result.
func (p *FunctionParam) Out() bool { return p.Mode == 'o' || p.Mode == 'b' || p.Mode == 't' }

// Inputs are the parameters that calls give arguments for.
func (f *Function) Inputs() []FunctionParam {
	return slices.DeleteFunc(slices.Clone(f.Params), func(p FunctionParam) bool { return !p.In() })
}

// Outputs are the parameters that are columns of the result.
func (f *Function) Outputs() []FunctionParam {
	return slices.DeleteFunc(slices.Clone(f.Params), func(p FunctionParam) bool { return !p.Out() })
}

// ArgTypes are the types of the inputs, by which functions of one name differ.
func (f *Function) ArgTypes() []OID {
	var out []OID
	for i := range f.Params {
		if f.Params[i].In() {
			out = append(out, f.Params[i].Type.OID)
		}
	}
	return out
}

// Variadic reports whether the last input takes any number of arguments.
func (f *Function) Variadic() bool {
	return slices.ContainsFunc(f.Params, func(p FunctionParam) bool { return p.Mode == 'v' })
}

// Defaults counts the inputs that may be left out.
func (f *Function) Defaults() int {
	n := 0
	for i := range f.Params {
		n += btoi(f.Params[i].Default != "")
	}
	return n
}

// Standard reports whether the body is SQL-standard (RETURN, BEGIN ATOMIC).
func (f *Function) Standard() bool { return f.Queries != nil }

// Word is how messages call it.
func (f *Function) Word() string {
	if f.Procedure {
		return "procedure"
	}
	return "function"
}

// Function finds a user's function, nil if there is none.
func (s *Snapshot) Function(id OID) *Function { return s.functions.get(id) }

// FunctionsNamed returns the user's functions of a name in a schema. The list
// must not be changed.
func (s *Snapshot) FunctionsNamed(schema OID, name string) []*Function {
	if list := s.functionNames.get(qualified{schema, name}); list != nil {
		return *list
	}
	return nil
}

// HasFunctions reports whether the database has functions that users made.
func (s *Snapshot) HasFunctions() bool { return s.functions.count > 0 }

// Functions returns the user's functions in OID order.
func (s *Snapshot) Functions() []*Function {
	out := make([]*Function, 0, s.functions.count)
	s.functions.all(func(_ OID, f *Function) { out = append(out, f) })
	slices.SortFunc(out, func(a, b *Function) int { return compareOID(a.ID, b.ID) })
	return out
}

// putFunction adds or replaces a function.
func (s *Snapshot) putFunction(f *Function) {
	s.removeFunction(f.ID)
	s.functions.set(f.ID, f)
	key := qualified{f.Schema, f.Name}
	list := append(slices.Clone(s.FunctionsNamed(f.Schema, f.Name)), f)
	slices.SortFunc(list, func(a, b *Function) int { return compareOID(a.ID, b.ID) })
	s.functionNames.set(key, &list)
	for _, id := range functionReferences(f) {
		s.addDependent(id, f.ID)
	}
}

func (s *Snapshot) removeFunction(id OID) {
	f := s.functions.get(id)
	if f == nil {
		return
	}
	s.functions.set(id, nil)
	key := qualified{f.Schema, f.Name}
	list := slices.DeleteFunc(slices.Clone(s.FunctionsNamed(f.Schema, f.Name)), func(x *Function) bool { return x.ID == id })
	if len(list) == 0 {
		s.functionNames.set(key, nil)
	} else {
		s.functionNames.set(key, &list)
	}
	for _, ref := range functionReferences(f) {
		s.removeDependent(ref, id)
	}
}

// functionReferences lists the user objects that a function refers to.
func functionReferences(f *Function) []OID {
	var out []OID
	add := func(id OID) {
		if id >= firstUserOID && id != f.ID && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for i := range f.Params {
		add(f.Params[i].Type.OID)
	}
	add(f.Returns.OID)
	for _, id := range f.DependsOn {
		add(id)
	}
	return out
}

// FunctionIsVisible is pg_function_is_visible.
func FunctionIsVisible(s *Snapshot, path []string, f *Function) bool {
	args := f.ArgTypes()
	for _, p := range path {
		sch := s.Schema(p)
		if sch == nil {
			continue
		}
		if sch.ID == f.Schema {
			return true
		}
		if sch.ID == PgCatalogOID && slices.ContainsFunc(functionLibrary().byName[f.Name], func(b *ProcInfo) bool { return slices.Equal(b.Args, args) }) {
			return false
		}
		if slices.ContainsFunc(s.FunctionsNamed(sch.ID, f.Name), func(o *Function) bool { return slices.Equal(o.ArgTypes(), args) }) {
			return false
		}
	}
	return false
}

// FunctionName is a function's quoted name, qualified where the path does not find it.
func FunctionName(s *Snapshot, path []string, f *Function) string {
	return qualifiedName(s, FunctionIsVisible(s, path, f), f.Schema, f.Name)
}

// FunctionSignature is a function as regprocedure prints it: name(types).
func FunctionSignature(s *Snapshot, path []string, f *Function) string {
	return FunctionName(s, path, f) + "(" + signatureTypes(s, path, f) + ")"
}

func signatureTypes(s *Snapshot, path []string, f *Function) string {
	var list []string
	for _, t := range f.ArgTypes() {
		list = append(list, formatTypeID(s, path, t))
	}
	return strings.Join(list, ",")
}

// functionIn lists the user's functions that a possibly qualified name may mean.
func (s *Snapshot) functionIn(path []string, parts []string) []*Function {
	name := parts[len(parts)-1]
	if len(parts) > 1 {
		path = []string{ownTemp(path, parts[len(parts)-2])}
	}
	var out []*Function
	for _, p := range path {
		if sch := s.Schema(p); sch != nil {
			out = append(out, s.FunctionsNamed(sch.ID, name)...)
		}
	}
	return out
}

// FunctionsIn lists the user's functions that a possibly qualified name may mean.
func (s *Snapshot) FunctionsIn(path, names []string) []*Function { return s.functionIn(path, names) }

// IsBuiltInFunction reports whether PostgreSQL has a function of the name with these
// argument types, or any.
func IsBuiltInFunction(names []string, args []OID, any bool) bool {
	if len(names) > 1 && names[0] != "pg_catalog" {
		return false
	}
	return slices.ContainsFunc(functionLibrary().byName[names[len(names)-1]], func(p *ProcInfo) bool { return any || slices.Equal(p.Args, args) })
}
