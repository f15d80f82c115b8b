package catalog

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// FunctionPart is what FunctionText prints of a function.
type FunctionPart byte

// The parts of a function's definition, by the names of pg_get_function_...
const (
	FunctionArguments FunctionPart = iota
	FunctionIdentity
	FunctionResult
	FunctionDefinition
	FunctionBody
)

// FunctionText prints a user's function, or a part of it, as ruleutils do. ok is
// false when the part does not exist (the result of a procedure).
func FunctionText(s *Snapshot, path []string, f *Function, part FunctionPart) (text string, ok bool) {
	p := &functionPrinter{s: s, path: path, f: f}
	switch part {
	case FunctionArguments:
		return p.arguments(true), true
	case FunctionIdentity:
		return p.identity(), true
	case FunctionResult:
		return p.result(), !f.Procedure
	case FunctionDefinition:
		return p.definition(), true
	}
	return p.standard(), f.Standard()
}

// functionPrinter prints one function.
type functionPrinter struct {
	s    *Snapshot
	path []string
	f    *Function
}

func (p *functionPrinter) param(param *FunctionParam) string {
	var b strings.Builder
	switch param.Mode {
	case 'o':
		b.WriteString("OUT ")
	case 'b':
		b.WriteString("INOUT ")
	case 'v':
		b.WriteString("VARIADIC ")
	case 'i':
		if p.f.Procedure {
			b.WriteString("IN ")
		}
	}
	if param.Name != "" {
		b.WriteString(QuoteIdent(param.Name) + " ")
	}
	b.WriteString(formatTypeID(p.s, p.path, param.Type.OID))
	return b.String()
}

func (p *functionPrinter) arguments(defaults bool) string {
	var list []string
	for i := range p.f.Params {
		param := &p.f.Params[i]
		if param.Mode == 't' {
			continue
		}
		text := p.param(param)
		if defaults && param.Default != "" {
			text += " DEFAULT " + DisplayText(p.s, p.path, param.Default)
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func (p *functionPrinter) identity() string {
	var list []string
	for i := range p.f.Params {
		if param := &p.f.Params[i]; param.In() || p.f.Procedure && param.Mode != 't' {
			list = append(list, p.param(param))
		}
	}
	return strings.Join(list, ", ")
}

func (p *functionPrinter) result() string {
	var cols []string
	for i := range p.f.Params {
		if param := &p.f.Params[i]; param.Mode == 't' {
			cols = append(cols, p.param(param))
		}
	}
	if cols != nil {
		return "TABLE(" + strings.Join(cols, ", ") + ")"
	}
	text := formatTypeID(p.s, p.path, p.f.Returns.OID)
	if p.f.ReturnsSet {
		text = "SETOF " + text
	}
	return text
}

// definition is pg_get_functiondef.
func (p *functionPrinter) definition() string {
	f := p.f
	var b strings.Builder
	b.WriteString("CREATE OR REPLACE " + strings.ToUpper(f.Word()) + " " + qualifiedName(p.s, false, f.Schema, f.Name) + "(" + p.arguments(true) + ")\n")
	if !f.Procedure {
		b.WriteString(" RETURNS " + p.result() + "\n")
	}
	b.WriteString(" LANGUAGE sql\n")
	if words := p.attributes(); words != "" {
		b.WriteString(words + "\n")
	}
	if f.Standard() {
		b.WriteString(p.standard())
	} else {
		quote := "$function$"
		if f.Procedure {
			quote = "$procedure$"
		}
		for strings.Contains(f.Body, strings.TrimSuffix(quote, "$")) {
			quote = strings.TrimSuffix(quote, "$") + "x$"
		}
		b.WriteString("AS " + quote + f.Body + quote)
	}
	b.WriteString("\n")
	return b.String()
}

func (p *functionPrinter) attributes() string {
	f := p.f
	var words []string
	switch f.Volatility {
	case 'i':
		words = append(words, " IMMUTABLE")
	case 's':
		words = append(words, " STABLE")
	}
	switch f.Parallel {
	case 's':
		words = append(words, " PARALLEL SAFE")
	case 'r':
		words = append(words, " PARALLEL RESTRICTED")
	}
	if f.Strict {
		words = append(words, " STRICT")
	}
	if f.Leakproof {
		words = append(words, " LEAKPROOF")
	}
	if f.Cost != 0 && f.Cost != defaultFunctionCost {
		words = append(words, " COST "+number(f.Cost))
	}
	if f.Rows != 0 && f.Rows != defaultFunctionRows {
		words = append(words, " ROWS "+number(f.Rows))
	}
	return strings.Join(words, "")
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 32) }

// standard is a SQL-standard body as pg_get_function_sqlbody prints it.
func (p *functionPrinter) standard() string {
	if !p.f.Standard() {
		return ""
	}
	if p.f.Return {
		text := strings.TrimSpace(p.f.Queries[0])
		return "RETURN " + strings.TrimSpace(strings.TrimPrefix(text, "SELECT"))
	}
	var b strings.Builder
	b.WriteString("BEGIN ATOMIC\n")
	for _, q := range p.f.Queries {
		b.WriteString(" " + strings.TrimSpace(q) + ";\n")
	}
	b.WriteString("END")
	return b.String()
}

// The costs and rows of functions that state none.
const (
	defaultFunctionCost = 100
	defaultFunctionRows = 1000
)

// functionRow is a user's function in pg_proc.
func functionRow(s *Snapshot, f *Function) []types.Datum {
	const sqlLanguage = 14
	cost, rows := f.Cost, f.Rows
	if cost == 0 {
		cost = defaultFunctionCost
	}
	if rows == 0 && f.ReturnsSet {
		rows = defaultFunctionRows
	}
	kind := byte('f')
	if f.Procedure {
		kind = 'p'
	}
	args := f.ArgTypes()
	var variadic OID
	var all []OID
	modes, names, defaults := []string{}, []string{}, []string{}
	plain, named := true, false
	for i := range f.Params {
		param := &f.Params[i]
		all = append(all, param.Type.OID)
		modes, names = append(modes, string(param.Mode)), append(names, param.Name)
		plain, named = plain && param.Mode == 'i', named || param.Name != ""
		if param.Mode == 'v' {
			variadic = variadicElement(s, param.Type.OID)
		}
		if param.Default != "" {
			defaults = append(defaults, DisplayText(s, nil, param.Default))
		}
	}
	allTypes, argModes, argNames, argDefaults, body, source := types.Null, types.Null, types.Null, types.Null, types.Null, dText(f.Body)
	if !plain {
		allTypes, argModes = numbers(types.Oid, all), types.BuildArray(types.Char, stringDatums(modes))
	}
	if named {
		argNames = texts(names)
	}
	if len(defaults) > 0 {
		argDefaults = dText(strings.Join(defaults, ", "))
	}
	if f.Standard() {
		text, _ := FunctionText(s, nil, f, FunctionBody)
		body, source = dText(text), dText("")
	}
	return []types.Datum{
		dOid(f.ID), dText(f.Name), dOid(f.Schema), dOid(f.Owner), dOid(sqlLanguage), dReal(cost), dReal(rows), dOid(variadic), dOid(0), dChar(kind),
		dBool(false), dBool(f.Leakproof), dBool(f.Strict), dBool(f.ReturnsSet), dChar(f.Volatility), dChar(f.Parallel), dInt2(len(args)), dInt2(len(defaults)), dOid(f.Returns.OID),
		vector(types.Oid, args), allTypes, argModes, argNames, argDefaults, types.Null, source, types.Null, body, types.Null, types.Null,
	}
}

// variadicElement is pg_proc.provariadic of a VARIADIC parameter's type.
func variadicElement(s *Snapshot, array OID) OID {
	switch array {
	case types.Any:
		return types.Any
	case types.AnyArray:
		return types.AnyElement
	case types.AnyCompatibleArray:
		return types.AnyCompatible
	}
	if info := types.Lookup(array); info != nil {
		return info.Elem
	}
	if info := s.TypeInfo(array); info != nil {
		return info.Elem
	}
	return 0
}
