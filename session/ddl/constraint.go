package ddl

import (
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// addConstraints adds what waited for all columns: generated columns first,
// then keys, checks and foreign keys.
func (b *tableBuilder) addConstraints() error {
	for _, p := range b.constraints {
		if p.def.Kind == ast.ConstraintGenerated {
			if err := b.generated(p); err != nil {
				return err
			}
		}
	}
	for _, p := range b.constraints {
		var err error
		switch p.def.Kind {
		case ast.ConstraintPrimary, ast.ConstraintUnique:
			_, err = b.key(p)
		case ast.ConstraintCheck:
			_, err = b.check(p)
		case ast.ConstraintExclusion:
			err = pgerror.Unsupported("an EXCLUDE constraint").At(p.def.Loc())
		}
		if err != nil {
			return err
		}
	}
	for _, p := range b.constraints {
		if p.def.Kind == ast.ConstraintForeign {
			if _, err := b.foreignKey(p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *tableBuilder) generated(p pendingConstraint) error {
	col := columnByName(b.table, p.column)
	if col.Default != "" {
		return pgerror.New(pgerror.SyntaxError, "both default and generation expression specified for column %q of table %q", col.Name, b.table.Name).At(p.def.Loc())
	}
	e, text, err := bindOver(b.ctx, b.env, p.def.Expr, planner.UseGenerated, b.table, col)
	if err != nil {
		return err
	}
	if expr.Volatility(e) != functions.Immutable {
		return pgerror.New(pgerror.InvalidObjectDefinition, "generation expression is not immutable")
	}
	bad := ""
	expr.Walk(e, func(x expr.Expr) bool {
		if o, ok := x.(*expr.Ordinal); ok && b.table.Columns[o.Index].Generated {
			bad = b.table.Columns[o.Index].Name
		}
		return true
	})
	if bad != "" {
		return pgerror.New(pgerror.InvalidObjectDefinition, "cannot use generated column %q in column generation expression", bad).
			WithDetail("A generated column cannot reference another generated column.").At(p.def.Loc())
	}
	col.Default, col.DependsOn = text, functionDependencies(b.env, e)
	return nil
}

// loc is where a constraint stands in the statement; ALTER TABLE does not say.
func (b *tableBuilder) loc(def *ast.Constraint) int {
	if b.table.ID != 0 {
		return -1
	}
	return def.Loc()
}

// key adds a PRIMARY KEY or UNIQUE constraint and returns its position in Indexes.
func (b *tableBuilder) key(p pendingConstraint) (int, error) {
	def, t := p.def, b.table
	if def.Deferrable || def.InitiallyDeferred {
		return 0, pgerror.Unsupported("a DEFERRABLE unique constraint").At(def.Loc())
	}
	if def.UsingIndex != "" {
		return 0, pgerror.Unsupported("a constraint USING INDEX").At(def.Loc())
	}
	primary := def.Kind == ast.ConstraintPrimary
	if primary && len(t.Indexes) > 0 && t.Indexes[0].Primary {
		return 0, pgerror.New(pgerror.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name).At(b.loc(def))
	}
	keys := def.Keys
	if p.column != "" {
		keys = []string{p.column}
	}
	ix := catalog.Index{Unique: true, Primary: primary, Method: "btree", NullsNotDistinct: def.NullsNotDistinct}
	for _, name := range keys {
		col := columnByName(t, name)
		if col == nil {
			return 0, pgerror.New(pgerror.UndefinedColumn, "column %q named in key does not exist", name).At(def.Loc())
		}
		for _, c := range ix.Columns {
			if c.Num == col.Num {
				word := "unique"
				if primary {
					word = "primary key"
				}
				return 0, pgerror.New(pgerror.DuplicateColumn, "column %q appears twice in %s constraint", name, word).At(def.Loc())
			}
		}
		if err := checkIndexable(b.env, col.Type); err != nil {
			return 0, err
		}
		if primary {
			col.NotNull = true
		}
		ix.Columns = append(ix.Columns, catalog.IndexColumn{Num: col.Num, ExprType: col.Type})
	}
	if err := b.include(&ix, def.Include); err != nil {
		return 0, err
	}
	var err error
	if ix.Name, err = b.keyName(def, keys, primary); err != nil {
		return 0, err
	}
	if ix.Constraint, err = b.env.Editor.NewOID(); err != nil {
		return 0, err
	}
	if !primary {
		t.Indexes = append(t.Indexes, ix)
		return len(t.Indexes) - 1, nil
	}
	t.Indexes = append([]catalog.Index{ix}, t.Indexes...)
	t.Clustered = t.Access != catalog.AccessTimeSeries
	return 0, nil
}

func (b *tableBuilder) keyName(def *ast.Constraint, keys []string, primary bool) (string, error) {
	t := b.table
	taken := relationTaken(b.env, t.Schema, t)
	if def.Name != "" {
		if taken(def.Name) {
			return "", pgerror.New(pgerror.DuplicateTable, "relation %q already exists", def.Name)
		}
		return def.Name, nil
	}
	if primary {
		return chooseName(t.Name, "", "pkey", taken), nil
	}
	return chooseName(t.Name, strings.Join(keys, "_"), "key", taken), nil
}

func (b *tableBuilder) include(ix *catalog.Index, names []string) error {
	for _, name := range names {
		col := columnByName(b.table, name)
		if col == nil {
			return pgerror.New(pgerror.UndefinedColumn, "column %q named in key does not exist", name)
		}
		ix.Include = append(ix.Include, col.Num)
	}
	return nil
}

// checkIndexable refuses types without an order, and those that no key holds.
func checkIndexable(env *Env, t types.Type) error {
	switch t.OID {
	case types.JSON, types.XML, types.PgNodeTree:
		return pgerror.New(pgerror.UndefinedObject, "data type %s has no default operator class for access method \"btree\"", types.Format(t)).
			WithHint("You must specify an operator class for the index or define a default operator class for the data type.")
	}
	if u, _ := env.Editor.Snapshot().TypeOrRow(t.OID); t.OID == types.Record || u != nil && u.Kind == 'c' {
		return pgerror.Unsupported("an index key of type %s", formatType(env, t.OID))
	}
	return nil
}

func (b *tableBuilder) check(p pendingConstraint) (expr.Expr, error) {
	def, t := p.def, b.table
	e, text, err := bindOver(b.ctx, b.env, def.Expr, planner.UseCheck, t, nil)
	if err != nil {
		return nil, err
	}
	c := catalog.Check{Name: def.Name, Expr: text, NotValid: def.NotValid, NoInherit: def.NoInherit, DependsOn: functionDependencies(b.env, e)}
	expr.Walk(e, func(x expr.Expr) bool {
		if o, ok := x.(*expr.Ordinal); ok {
			num := t.Columns[o.Index].Num
			for _, n := range c.Columns {
				if n == num {
					return true
				}
			}
			c.Columns = append(c.Columns, num)
		}
		return true
	})
	if c.Name == "" {
		middle := ""
		if p.column != "" {
			middle = p.column
		} else if len(c.Columns) == 1 {
			middle = t.Columns[c.Columns[0]-1].Name
		}
		c.Name = chooseName(t.Name, middle, "check", constraintTaken(t))
	} else if constraintTaken(t)(c.Name) {
		return nil, pgerror.New(pgerror.DuplicateObject, "constraint %q for relation %q already exists", c.Name, t.Name)
	}
	t.Checks = append(t.Checks, c)
	return e, nil
}

// foreignKey adds a FOREIGN KEY constraint and returns the referenced table.
func (b *tableBuilder) foreignKey(p pendingConstraint) (*catalog.Table, error) {
	def, t := p.def, b.table
	if def.Deferrable || def.InitiallyDeferred {
		return nil, pgerror.Unsupported("a DEFERRABLE foreign key").At(def.Loc())
	}
	if def.Match == 'p' {
		return nil, pgerror.Unsupported("MATCH PARTIAL").At(def.Loc())
	}
	ref := t
	if def.RefTable.Name != t.Name || t.ID != 0 || findTable(b.env, def.RefTable) != nil {
		var err error
		if ref, err = needTable(b.env, def.RefTable); err != nil {
			return nil, err
		}
		if ref.ID == t.ID {
			ref = t
		}
	}
	if ref.Kind != catalog.KindTable {
		return nil, pgerror.New(pgerror.WrongObjectType, "referenced relation %q is not a table", ref.Name)
	}
	if ref.TimeSeries != nil {
		return nil, pgerror.Unsupported("a foreign key to a time-series table").At(def.Loc())
	}
	if ref.Temporary != t.Temporary {
		return nil, pgerror.New(pgerror.InvalidTableDefinition, "constraints on %s tables may reference only %s tables", persistence(t), persistence(t))
	}
	names := def.Columns
	if p.column != "" {
		names = []string{p.column}
	}
	fk := catalog.ForeignKey{
		Name: def.Name, RefTable: ref.ID, OnUpdate: fkAction(def.OnUpdate), OnDelete: fkAction(def.OnDelete),
		MatchFull: def.Match == 'f', NotValid: def.NotValid,
	}
	var err error
	if fk.Columns, err = keyColumns(t, names, def); err != nil {
		return nil, err
	}
	if err := referencedKey(&fk, ref, def); err != nil {
		return nil, err
	}
	if err := checkKeyTypes(&fk, t, ref, names, def); err != nil {
		return nil, err
	}
	if fk.SetColumns, err = keyColumns(t, def.SetDelColumns, def); err != nil {
		return nil, err
	}
	if fk.Name == "" {
		fk.Name = chooseName(t.Name, strings.Join(names, "_"), "fkey", constraintTaken(t))
	} else if constraintTaken(t)(fk.Name) {
		return nil, pgerror.New(pgerror.DuplicateObject, "constraint %q for relation %q already exists", fk.Name, t.Name)
	}
	t.ForeignKeys = append(t.ForeignKeys, fk)
	return ref, nil
}

func persistence(t *catalog.Table) string {
	if t.Temporary {
		return "temporary"
	}
	return "permanent"
}

func fkAction(a ast.RefAction) catalog.FKAction {
	if a == 0 {
		return catalog.FKNoAction
	}
	return catalog.FKAction(a)
}

func keyColumns(t *catalog.Table, names []string, def *ast.Constraint) ([]int16, error) {
	var out []int16
	for _, name := range names {
		col := columnByName(t, name)
		if col == nil {
			return nil, pgerror.New(pgerror.UndefinedColumn, "column %q referenced in foreign key constraint does not exist", name).At(def.Loc())
		}
		out = append(out, col.Num)
	}
	return out, nil
}

// referencedKey finds the unique index of the referenced table that backs fk.
func referencedKey(fk *catalog.ForeignKey, ref *catalog.Table, def *ast.Constraint) error {
	if len(def.RefColumns) == 0 {
		if len(ref.Indexes) == 0 || !ref.Indexes[0].Primary {
			return pgerror.New(pgerror.UndefinedObject, "there is no primary key for referenced table %q", ref.Name)
		}
		for _, c := range ref.Indexes[0].Columns {
			fk.RefColumns = append(fk.RefColumns, c.Num)
		}
		fk.RefIndex = ref.Indexes[0].ID
	} else {
		var err error
		if fk.RefColumns, err = keyColumns(ref, def.RefColumns, def); err != nil {
			return err
		}
		ix := uniqueIndexOver(ref, fk.RefColumns)
		if ix == nil {
			return pgerror.New(pgerror.InvalidForeignKey, "there is no unique constraint matching given keys for referenced table %q", ref.Name)
		}
		fk.RefIndex = ix.ID
	}
	if len(fk.Columns) != len(fk.RefColumns) {
		return pgerror.New(pgerror.InvalidForeignKey, "number of referencing and referenced columns for foreign key disagree")
	}
	return nil
}

// uniqueIndexOver finds an unconditional unique index over exactly these columns, in any order.
func uniqueIndexOver(t *catalog.Table, nums []int16) *catalog.Index {
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if !ix.Unique || ix.Predicate != "" || len(ix.Columns) != len(nums) || ix.State != catalog.IndexPublic {
			continue
		}
		all := true
		for _, c := range ix.Columns {
			found := false
			for _, n := range nums {
				found = found || (n == c.Num && c.Num != 0)
			}
			all = all && found
		}
		if all {
			return ix
		}
	}
	return nil
}

func checkKeyTypes(fk *catalog.ForeignKey, t, ref *catalog.Table, names []string, def *ast.Constraint) error {
	for i := range fk.Columns {
		a, r := &t.Columns[fk.Columns[i]-1], &ref.Columns[fk.RefColumns[i]-1]
		if a.Type.OID == r.Type.OID {
			continue
		}
		if functions.OperatorFor("=", r.Type.OID, a.Type.OID) != nil || functions.FindCast(a.Type.OID, r.Type.OID) != nil &&
			functions.FindCast(a.Type.OID, r.Type.OID).Context == functions.CastImplicit {
			continue
		}
		return pgerror.New(pgerror.DatatypeMismatch, "foreign key constraint %q cannot be implemented",
			chooseName(t.Name, strings.Join(names, "_"), "fkey", func(string) bool { return false })).
			WithDetail("Key columns %q and %q are of incompatible types: %s and %s.", a.Name, r.Name, types.Format(a.Type), types.Format(r.Type)).At(def.Loc())
	}
	return nil
}
