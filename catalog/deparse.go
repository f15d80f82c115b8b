package catalog

import (
	"maps"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Expressions in descriptors are SQL text with as few parentheses as the
// deparser needs. PostgreSQL's pg_get_*def functions print the same
// expressions inside of one more pair unless "pretty" is asked for.

// parenthesized reports whether text is one parenthesis from start to end.
func parenthesized(text string) bool {
	return len(text) > 1 && text[0] == '(' && closing(text, 0) == len(text)-1
}

// bare strips the parentheses around a whole expression.
func bare(text string) string {
	for parenthesized(text) {
		text = text[1 : len(text)-1]
	}
	return text
}

func inParens(text string) string { return "(" + bare(text) + ")" }

// closing finds the parenthesis that closes the one at i, -1 if none does.
func closing(text string, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch c := text[i]; c {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return i
			}
		case '\'', '"':
			if i = quoteEnd(text, i); i < 0 {
				return -1
			}
		}
	}
	return -1
}

// quoteEnd finds the end of the quoted text that starts at i; a doubled quote
// reads as two texts side by side.
func quoteEnd(text string, i int) int {
	j := strings.IndexByte(text[i+1:], text[i])
	if j < 0 {
		return -1
	}
	return i + 1 + j
}

// functionCallName returns the name of the function if the expression is one
// plain call: such an index expression needs no parentheses.
func functionCallName(expr string) (string, bool) {
	expr = bare(expr)
	i := 0
	start := 0
	for i < len(expr) {
		c := expr[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= '0' && c <= '9' && i > start || c >= 0x80:
			i++
			continue
		case c == '.' && i > start:
			i++
			start = i
			continue
		}
		break
	}
	if i == start || i >= len(expr) || expr[i] != '(' || closing(expr, i) != len(expr)-1 {
		return "", false
	}
	return expr[start:i], true
}

// plainColumn reports whether an expression is just a name.
func isName(expr string) bool {
	return expr != "" && !strings.ContainsAny(expr, " ()'\"+-*/<>=,:|")
}

// IndexDef is pg_get_indexdef: the CREATE INDEX of an index, or with column > 0
// the text of one of its columns. path decides in pretty mode whether the
// table's name is qualified; without pretty it always is.
func IndexDef(s *Snapshot, path []string, id OID, column int, pretty bool) (string, bool) {
	return IndexDefWith(s, path, id, column, pretty, nil)
}

// ExprPrinter prints an expression over a table (nil for a domain's) that the
// catalog has as text, without needless parentheses.
type ExprPrinter func(t *Table, text string) string

func (p ExprPrinter) print(t *Table, text string) string {
	if p == nil || text == "" {
		return text
	}
	return p(t, text)
}

// IndexDefWith is IndexDef with expressions printed by a printer, if not nil.
func IndexDefWith(s *Snapshot, path []string, id OID, column int, pretty bool, exprs ExprPrinter) (string, bool) {
	t, ix := s.IndexByID(id)
	if ix == nil {
		return "", false
	}
	if column > 0 {
		return indexColumnDef(s, t, ix, column, pretty, exprs), true
	}
	var b strings.Builder
	b.WriteString("CREATE ")
	if ix.Unique {
		b.WriteString("UNIQUE ")
	}
	visible := pretty && RelationIsVisible(s, path, t.Schema, t.Name)
	b.WriteString("INDEX " + QuoteIdent(ix.Name) + " ON " + qualifiedName(s, visible, t.Schema, t.Name))
	b.WriteString(" USING " + ix.Method + " (")
	for i := range ix.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		c := &ix.Columns[i]
		b.WriteString(indexKeyText(t, c, pretty, exprs))
		typ := indexColumnType(t, c).OID
		own := s.facts(typ).collation
		if c.Num != 0 {
			own = s.columnCollation(&t.Columns[c.Num-1])
		}
		if c.Collation != "" && collationByName(c.Collation) != own {
			b.WriteString(" COLLATE " + QuoteIdent(c.Collation))
		}
		if c.OpClass != "" && s.indexOpclass(c, typ).id != s.indexOpclass(&IndexColumn{}, typ).id {
			b.WriteString(" " + c.OpClass)
		}
		b.WriteString(orderText(c))
	}
	b.WriteByte(')')
	if len(ix.Include) > 0 {
		b.WriteString(" INCLUDE (" + columnNames(t, ix.Include) + ")")
	}
	if ix.NullsNotDistinct {
		b.WriteString(" NULLS NOT DISTINCT")
	}
	b.WriteString(withOptions(ix.Options))
	if ix.Predicate != "" {
		p := exprs.print(t, bare(ix.Predicate))
		if !pretty && !isName(p) {
			p = inParens(p)
		}
		b.WriteString(" WHERE " + p)
	}
	return b.String(), true
}

func indexColumnDef(s *Snapshot, t *Table, ix *Index, column int, pretty bool, exprs ExprPrinter) string {
	switch {
	case column <= len(ix.Columns):
		return indexKeyText(t, &ix.Columns[column-1], pretty, exprs)
	case column <= len(ix.Columns)+len(ix.Include):
		return QuoteIdent(t.Columns[ix.Include[column-1-len(ix.Columns)]-1].Name)
	}
	return ""
}

func indexKeyText(t *Table, c *IndexColumn, pretty bool, exprs ExprPrinter) string {
	if c.Num != 0 {
		return QuoteIdent(t.Columns[c.Num-1].Name)
	}
	if _, ok := functionCallName(c.Expr); ok {
		return exprs.print(t, bare(c.Expr))
	}
	if pretty {
		return inParens(exprs.print(t, c.Expr))
	}
	return "(" + inParens(c.Expr) + ")"
}

func orderText(c *IndexColumn) string {
	switch {
	case c.Desc && !c.NullsFirst:
		return " DESC NULLS LAST"
	case c.Desc:
		return " DESC"
	case c.NullsFirst:
		return " NULLS FIRST"
	}
	return ""
}

func withOptions(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	var out []string
	for _, k := range sortedKeys(m) {
		out = append(out, QuoteIdent(k)+"='"+strings.ReplaceAll(m[k], "'", "''")+"'")
	}
	return " WITH (" + strings.Join(out, ", ") + ")"
}

// ConstraintDef is pg_get_constraintdef.
func ConstraintDef(s *Snapshot, path []string, id OID, pretty bool) (string, bool) {
	return ConstraintDefWith(s, path, id, pretty, nil)
}

// ConstraintDefWith is ConstraintDef with expressions printed by a printer, if
// not nil.
func ConstraintDefWith(s *Snapshot, path []string, id OID, pretty bool, exprs ExprPrinter) (string, bool) {
	if r := s.byID.get(id); r != nil {
		switch r.part {
		case partIndexConstraint:
			return uniqueDef(r.table, &r.table.Indexes[r.pos]), true
		case partCheck:
			return checkDef(r.table, &r.table.Checks[r.pos], pretty, exprs), true
		case partForeignKey:
			return foreignKeyDef(s, path, r.table, &r.table.ForeignKeys[r.pos]), true
		}
	}
	for _, t := range s.Types() {
		for i := range t.Checks {
			if t.Checks[i].ID == id {
				return checkDef(nil, &t.Checks[i], pretty, exprs), true
			}
		}
	}
	return "", false
}

func uniqueDef(t *Table, ix *Index) string {
	nums := make([]int16, len(ix.Columns))
	for i := range ix.Columns {
		nums[i] = ix.Columns[i].Num
	}
	word := "UNIQUE "
	if ix.Primary {
		word = "PRIMARY KEY "
	} else if ix.NullsNotDistinct {
		word += "NULLS NOT DISTINCT "
	}
	out := word + "(" + columnNames(t, nums) + ")"
	if len(ix.Include) > 0 {
		out += " INCLUDE (" + columnNames(t, ix.Include) + ")"
	}
	return out + withOptions(ix.Options) + deferText(ix.Deferrable, ix.Deferred)
}

func deferText(deferrable, deferred bool) string {
	switch {
	case deferred:
		return " DEFERRABLE INITIALLY DEFERRED"
	case deferrable:
		return " DEFERRABLE"
	}
	return ""
}

func checkDef(t *Table, c *Check, pretty bool, exprs ExprPrinter) string {
	expr := "(" + inParens(c.Expr) + ")"
	if pretty {
		expr = c.Expr
		if p := exprs.print(t, c.Expr); p != c.Expr {
			expr = "(" + p + ")"
		}
		expr = inParens(expr)
	}
	out := "CHECK " + expr
	if c.NoInherit {
		out += " NO INHERIT"
	}
	if c.NotValid {
		out += " NOT VALID"
	}
	return out
}

func foreignKeyDef(s *Snapshot, path []string, t *Table, fk *ForeignKey) string {
	ref := s.TableByID(fk.RefTable)
	if ref == nil {
		return ""
	}
	out := "FOREIGN KEY (" + columnNames(t, fk.Columns) + ") REFERENCES " + RelationName(s, path, ref) + "(" + columnNames(ref, fk.RefColumns) + ")"
	if fk.MatchFull {
		out += " MATCH FULL"
	}
	out += actionText(" ON UPDATE ", fk.OnUpdate) + actionText(" ON DELETE ", fk.OnDelete)
	if len(fk.SetColumns) > 0 {
		out += " (" + columnNames(t, fk.SetColumns) + ")"
	}
	out += deferText(fk.Deferrable, fk.Deferred)
	if fk.NotValid {
		out += " NOT VALID"
	}
	return out
}

func actionText(prefix string, a FKAction) string {
	switch a {
	case FKRestrict:
		return prefix + "RESTRICT"
	case FKCascade:
		return prefix + "CASCADE"
	case FKSetNull:
		return prefix + "SET NULL"
	case FKSetDefault:
		return prefix + "SET DEFAULT"
	}
	return ""
}

// ViewDef is pg_get_viewdef.
func ViewDef(s *Snapshot, id OID) (string, bool) {
	t := s.TableByID(id)
	if t == nil || t.View == nil {
		return "", false
	}
	return " " + t.View.Query + ";", true
}

// ColDefault is the text of a column's default or generation expression.
func ColDefault(s *Snapshot, table OID, num int16) (string, bool) {
	t := s.TableByID(table)
	if t == nil || num < 1 || int(num) > len(t.Columns) || t.Columns[num-1].Default == "" {
		return "", false
	}
	return t.Columns[num-1].Default, true
}

// SerialSequence is pg_get_serial_sequence: the qualified name of the sequence
// that a column owns.
func SerialSequence(s *Snapshot, t *Table, column string) (name string, ok bool, err error) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == column && !c.Dropped })
	if i < 0 {
		return "", false, undefinedColumn(t, column)
	}
	if seq := s.TableByID(t.Columns[i].Sequence); seq != nil {
		return qualifiedName(s, false, seq.Schema, seq.Name), true, nil
	}
	for _, seq := range s.Tables() {
		if q := seq.Sequence; q != nil && q.OwnerTable == t.ID && q.OwnerColumn == int16(i+1) {
			return qualifiedName(s, false, seq.Schema, seq.Name), true, nil
		}
	}
	return "", false, nil
}

// ObjDescription is obj_description and col_description: the comment of an
// object of a catalog (pg_class, ...); sub is the column's number, else 0.
func ObjDescription(s *Snapshot, id OID, class string, sub int) (string, bool) {
	want, ok := map[string]OID{
		"pg_class": classClass, "pg_type": classType, "pg_proc": classProc, "pg_namespace": classNamespace, "pg_constraint": classConstraint,
		"pg_database": classDatabase, "pg_authid": classAuthID,
	}[class]
	if !ok && class != "" {
		return "", false
	}
	if t := s.TableByID(id); t != nil && (want == 0 || want == classClass) {
		if sub > 0 && sub <= len(t.Columns) {
			return t.Columns[sub-1].Comment, t.Columns[sub-1].Comment != ""
		}
		return t.Comment, t.Comment != "" && sub == 0
	}
	var text string
	_ = emitComments(s, func(r []types.Datum) error {
		if OID(r[0].I) == id && (want == 0 || OID(r[1].I) == want) && int(r[2].I) == sub {
			text = r[3].S
		}
		return nil
	})
	if d := s.globals.databases[id]; d != nil && want == classDatabase {
		text = d.Comment
	}
	if r := s.globals.roles[id]; r != nil && want == classAuthID {
		text = r.Comment
	}
	return text, text != ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
