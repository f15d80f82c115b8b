package ddl

import (
	"fmt"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// maxName is the longest identifier, in bytes (NAMEDATALEN - 1).
const maxName = 63

// creationSchema finds the schema where a new object of this name goes.
func creationSchema(env *Env, rv *ast.RangeVar) (*catalog.Schema, error) {
	if rv.Persistence == ast.Temporary {
		if rv.Schema != "" && rv.Schema != "pg_temp" && !strings.HasPrefix(rv.Schema, "pg_temp_") {
			return nil, pgerror.New(pgerror.InvalidTableDefinition, "cannot create temporary relation in non-temporary schema").At(rv.Loc())
		}
		id, err := env.TempSchema()
		if err != nil {
			return nil, err
		}
		return env.Editor.Snapshot().SchemaByID(id), nil
	}
	return schemaFor(env, rv.Schema, rv.Loc())
}

func schemaFor(env *Env, name string, loc int) (*catalog.Schema, error) {
	if name == "" {
		if name = env.CreationSchema(); name == "" {
			return nil, pgerror.New(pgerror.UndefinedSchema, "no schema has been selected to create in").At(loc)
		}
	}
	s := env.Editor.Snapshot().Schema(name)
	if s == nil {
		return nil, pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", name).At(loc)
	}
	if s.Name == "pg_catalog" || s.Name == "information_schema" {
		return nil, pgerror.New(pgerror.InsufficientPrivilege, "permission denied to create in schema %q", name).
			WithDetail("System catalog modifications are currently disallowed.")
	}
	return s, nil
}

// findTable finds the relation a statement names, of any kind; nil if there is none.
func findTable(env *Env, rv *ast.RangeVar) *catalog.Table {
	return env.Editor.Snapshot().Resolve(env.PlanOptions().SearchPath, rv.Schema, rv.Name)
}

// undefinedRelation is the error for a relation that is not there: 3F000 when
// its schema is not there either, which only queries tell as 42P01.
func undefinedRelation(env *Env, rv *ast.RangeVar) *pgerror.Error {
	if rv.Schema != "" && env.Editor.Snapshot().Schema(rv.Schema) == nil {
		return pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", rv.Schema)
	}
	return pgerror.New(pgerror.UndefinedTable, "relation %q does not exist", qualified(rv))
}

// needTable is findTable with PostgreSQL's error, and for relations that can be
// altered only.
func needTable(env *Env, rv *ast.RangeVar) (*catalog.Table, error) {
	t := findTable(env, rv)
	if t == nil {
		return nil, undefinedRelation(env, rv)
	}
	if t.Kind == catalog.KindVirtual {
		return nil, pgerror.New(pgerror.InsufficientPrivilege, "permission denied: %q is a system catalog", t.Name)
	}
	return t, nil
}

func qualified(rv *ast.RangeVar) string {
	if rv.Schema != "" {
		return rv.Schema + "." + rv.Name
	}
	return rv.Name
}

// chooseName makes a name for an index, constraint or sequence that taken does
// not refuse: name1_name2_label, cut to fit, with a number if needed
// (PostgreSQL's makeObjectName and ChooseRelationName).
func chooseName(name1, name2, label string, taken func(string) bool) string {
	for pass := 0; ; pass++ {
		suffix := label
		if pass > 0 {
			suffix = fmt.Sprintf("%s%d", label, pass)
		}
		if n := objectName(name1, name2, suffix); !taken(n) {
			return n
		}
	}
}

func objectName(name1, name2, label string) string {
	overhead := 0
	if label != "" {
		overhead += len(label) + 1
	}
	if name2 != "" {
		overhead++
	}
	room := maxName - overhead
	for len(name1)+len(name2) > room {
		if len(name1) > len(name2) {
			name1 = cutRune(name1)
		} else {
			name2 = cutRune(name2)
		}
	}
	out := name1
	if name2 != "" {
		out += "_" + name2
	}
	if label != "" {
		out += "_" + label
	}
	return out
}

// cutRune takes the last character off.
func cutRune(s string) string {
	i := len(s) - 1
	for i > 0 && s[i]&0xc0 == 0x80 {
		i--
	}
	return s[:i]
}

// relationTaken tells whether a name is used by a relation of the schema or by
// one that the statement is about to make.
func relationTaken(env *Env, schema catalog.OID, t *catalog.Table) func(string) bool {
	return func(name string) bool {
		snap := env.Editor.Snapshot()
		if snap.Table(schema, name) != nil {
			return true
		}
		if ot, ix := snap.Index(schema, name); ix != nil && ot != nil {
			return true
		}
		if t == nil {
			return false
		}
		for i := range t.Indexes {
			if t.Indexes[i].Name == name {
				return true
			}
		}
		return t.Name == name
	}
}

// constraintTaken tells whether a constraint name is used by t.
func constraintTaken(t *catalog.Table) func(string) bool {
	return func(name string) bool {
		for i := range t.Checks {
			if t.Checks[i].Name == name {
				return true
			}
		}
		for i := range t.ForeignKeys {
			if t.ForeignKeys[i].Name == name {
				return true
			}
		}
		for i := range t.Indexes {
			if t.Indexes[i].Constraint != 0 && t.Indexes[i].Name == name {
				return true
			}
		}
		return false
	}
}

// columnByName finds a living column, nil if there is none.
func columnByName(t *catalog.Table, name string) *catalog.Column {
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped && c.Name == name {
			return c
		}
	}
	return nil
}

func needColumn(t *catalog.Table, name string) (*catalog.Column, error) {
	if c := columnByName(t, name); c != nil {
		return c, nil
	}
	return nil, pgerror.New(pgerror.UndefinedColumn, "column %q of relation %q does not exist", name, t.Name)
}

func typeOf(id catalog.OID) types.Type { return types.Of(id) }
