package catalog

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// QuoteIdent quotes an identifier where PostgreSQL's quote_ident does.
func QuoteIdent(name string) string {
	safe := name != "" && (name[0] >= 'a' && name[0] <= 'z' || name[0] == '_')
	for i := 0; safe && i < len(name); i++ {
		c := name[i]
		safe = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	if safe && !reservedWords[name] {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// QualifiedName is the quoted name of an object of a schema, without the schema
// if the name alone finds it under the search path.
func qualifiedName(s *Snapshot, visible bool, schema OID, name string) string {
	if visible {
		return QuoteIdent(name)
	}
	sch := s.SchemaByID(schema)
	if sch == nil {
		return QuoteIdent(name)
	}
	if tempSchema(sch.Name) {
		return "pg_temp." + QuoteIdent(name)
	}
	return QuoteIdent(sch.Name) + "." + QuoteIdent(name)
}

// RelationIsVisible says whether the relation's name alone finds it under the
// search path (pg_table_is_visible). Callers put the implicit pg_catalog and
// pg_temp into the path.
func RelationIsVisible(s *Snapshot, path []string, schema OID, name string) bool {
	for _, p := range path {
		sch := s.Schema(p)
		if sch == nil {
			continue
		}
		if sch.ID == schema {
			return true
		}
		if id, _ := s.RelationByName(sch.ID, name); id != 0 {
			return false
		}
	}
	return false
}

// TypeIsVisible is pg_type_is_visible.
func TypeIsVisible(s *Snapshot, path []string, schema OID, name string) bool {
	for _, p := range path {
		sch := s.Schema(p)
		if sch == nil {
			continue
		}
		if sch.ID == schema {
			return true
		}
		if sch.ID == PgCatalogOID && types.LookupName(name) != nil || s.typeNames.get(qualified{sch.ID, name}) != nil {
			return false
		}
	}
	return false
}

// RelationName is the name of a relation as messages and regclass print it.
func RelationName(s *Snapshot, path []string, t *Table) string {
	return qualifiedName(s, RelationIsVisible(s, path, t.Schema, t.Name), t.Schema, t.Name)
}

// IndexName is RelationName for an index.
func IndexName(s *Snapshot, path []string, t *Table, ix *Index) string {
	return qualifiedName(s, RelationIsVisible(s, path, t.Schema, ix.Name), t.Schema, ix.Name)
}

func typeRefName(s *Snapshot, path []string, t *UserType) string {
	return qualifiedName(s, TypeIsVisible(s, path, t.Schema, t.Name), t.Schema, t.Name)
}

// describeRelation is "table x", "view x", ... as in DETAIL lines.
func describeRelation(s *Snapshot, path []string, t *Table) string {
	return kindWord(systemKind(t)) + " " + RelationName(s, path, t)
}

func kindWord(k RelKind) string {
	switch k {
	case KindView:
		return "view"
	case KindMaterializedView:
		return "materialized view"
	case KindSequence:
		return "sequence"
	case KindIndex:
		return "index"
	case KindCompositeType:
		return "composite type"
	}
	return "table"
}

// columnNames joins the names of columns by attnum.
func columnNames(t *Table, nums []int16) string {
	var b strings.Builder
	for i, n := range nums {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(QuoteIdent(t.Columns[n-1].Name))
	}
	return b.String()
}

func containsNum(nums []int16, n int16) bool { return slices.Contains(nums, n) }

func undefinedColumn(t *Table, column string) error {
	return pgerror.New(pgerror.UndefinedColumn, "column %q of relation %q does not exist", column, t.Name)
}
