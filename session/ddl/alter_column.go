package ddl

import (
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// addColumn executes ADD COLUMN. A default that is the same for all rows is
// kept as the column's Missing value and no row is touched; else the table is
// copied.
func (a *alteration) addColumn() error {
	def := a.cmd.Column
	if columnByName(a.t, def.Name) != nil {
		if a.cmd.IfNotExists {
			a.env.Notice(pgerror.NewNotice("column %q of relation %q already exists, skipping", def.Name, a.t.Name).WithCode(pgerror.DuplicateColumn))
			return nil
		}
		return pgerror.New(pgerror.DuplicateColumn, "column %q of relation %q already exists", def.Name, a.t.Name)
	}
	b := &tableBuilder{ctx: a.ctx, env: a.env, table: a.t}
	before := a.env.Editor.Snapshot()
	if err := b.addColumn(def); err != nil {
		return err
	}
	for _, p := range b.constraints {
		if p.def.Kind == ast.ConstraintGenerated {
			if err := b.generated(p); err != nil {
				return err
			}
		}
	}
	if err := a.fillColumn(len(a.t.Columns) - 1); err != nil {
		return err
	}
	if err := b.finishSequences(); err != nil {
		return err
	}
	if err := renameInViews(a.ctx, a.env, before); err != nil {
		return err
	}
	for _, p := range b.constraints {
		if p.def.Kind == ast.ConstraintGenerated {
			continue
		}
		t := a.env.Editor.Snapshot().TableByID(a.t.ID).Clone()
		if err := addConstraint(a.ctx, a.env, t, p.def, p.column); err != nil {
			return err
		}
	}
	return nil
}

// fillColumn stores the table with a new column at an ordinal, whose value in
// the existing rows is the column's default or generation expression.
func (a *alteration) fillColumn(at int) error {
	col := &a.t.Columns[at]
	opts := a.env.PlanOptions()
	var value expr.Expr
	var err error
	if col.Generated {
		value, err = planner.GeneratedColumn(a.t, at, opts)
	} else {
		value, err = planner.ColumnDefault(col, opts)
	}
	if err != nil {
		return err
	}
	if col.Generated || expr.Volatility(value) == functions.Volatile {
		exprs := columnsOf(a.old, a.t)
		exprs[at] = value
		return rewrite(a.ctx, a.env, a.old, a.t, exprs)
	}
	if c, ok := value.(*expr.Const); !ok || !c.Value.IsNull() {
		d, err := expr.EvalConst(a.env.Exec().Functions, value)
		if err != nil {
			return err
		}
		d.S = string([]byte(d.S)) // it may alias what the evaluation made
		col.Missing = d
	}
	missing, notNull := col.Missing, col.NotNull
	if err := a.update(); err != nil {
		return err
	}
	if notNull && missing.IsNull() {
		now := a.env.Editor.Snapshot().TableByID(a.t.ID)
		return executor.CheckRows(a.ctx, a.env.Exec(), now, executor.RowTest{NotNull: []int{at}})
	}
	return nil
}

func (a *alteration) dropColumn() error {
	if isSystemColumn(a.cmd.Name) {
		return pgerror.New(pgerror.FeatureNotSupported, "cannot drop system column %q", a.cmd.Name)
	}
	col := columnByName(a.t, a.cmd.Name)
	if col == nil {
		if a.cmd.IfExists {
			a.env.Notice(pgerror.NewNotice("column %q of relation %q does not exist, skipping", a.cmd.Name, a.t.Name))
			return nil
		}
		_, err := needColumn(a.t, a.cmd.Name)
		return err
	}
	ref := catalog.ObjectRef{Class: catalog.ObjectRelation, ID: a.t.ID, Sub: col.Num}
	before := a.env.Editor.Snapshot()
	if err := a.untag(col.Num); err != nil {
		return err
	}
	if err := dropObjects(a.ctx, a.env, []catalog.ObjectRef{ref}, a.cmd.Cascade); err != nil {
		return err
	}
	return renameInViews(a.ctx, a.env, before) // columns of aliases are counted
}

// setDefault executes SET DEFAULT and DROP DEFAULT.
func (a *alteration) setDefault() error {
	col, err := a.column()
	if err != nil {
		return err
	}
	switch {
	case col.Identity != 0:
		e := pgerror.New(pgerror.SyntaxError, "column %q of relation %q is an identity column", col.Name, a.t.Name)
		if a.cmd.Kind == ast.AlterDropDefault {
			return e.WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.")
		}
		return e
	case col.Generated:
		e := pgerror.New(pgerror.SyntaxError, "column %q of relation %q is a generated column", col.Name, a.t.Name)
		if a.cmd.Kind == ast.AlterDropDefault {
			return e.WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.")
		}
		return e
	}
	col.Default, col.DefaultID, col.DependsOn = "", 0, nil
	if a.cmd.Kind == ast.AlterSetDefault {
		if err := storeDefault(a.ctx, a.env, a.cmd.Default, col); err != nil {
			return err
		}
	}
	return a.update()
}

func (a *alteration) setNotNull() error {
	col, err := a.column()
	if err != nil || col.NotNull {
		return err
	}
	if err := executor.CheckRows(a.ctx, a.env.Exec(), a.old, executor.RowTest{NotNull: []int{int(col.Num) - 1}}); err != nil {
		return err
	}
	col.NotNull = true
	return a.update()
}

func (a *alteration) dropNotNull() error {
	col, err := a.column()
	if err != nil || !col.NotNull {
		return err
	}
	if col.Identity != 0 {
		return pgerror.New(pgerror.SyntaxError, "column %q of relation %q is an identity column", col.Name, a.t.Name)
	}
	if pk := a.t.PrimaryKey(); pk != nil {
		for _, c := range pk.Columns {
			if c.Num == col.Num {
				return pgerror.New(pgerror.InvalidTableDefinition, "column %q is in a primary key", col.Name)
			}
		}
	}
	col.NotNull = false
	return a.update()
}

func (a *alteration) dropExpression() error {
	col, err := a.column()
	if err != nil {
		return err
	}
	if !col.Generated {
		if a.cmd.IfExists {
			a.env.Notice(pgerror.NewNotice("column %q of relation %q is not a stored generated column, skipping", col.Name, a.t.Name))
			return nil
		}
		return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "column %q of relation %q is not a stored generated column", col.Name, a.t.Name)
	}
	col.Generated, col.Default, col.DefaultID = false, "", 0
	return a.update()
}

func (a *alteration) addIdentity() error {
	col, err := a.column()
	if err != nil {
		return err
	}
	switch {
	case !col.NotNull:
		return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "column %q of relation %q must be declared NOT NULL before identity can be added", col.Name, a.t.Name)
	case col.Identity != 0:
		return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "column %q of relation %q is already an identity column", col.Name, a.t.Name)
	case col.Default != "":
		return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "column %q of relation %q already has a default value", col.Name, a.t.Name)
	}
	b := &tableBuilder{ctx: a.ctx, env: a.env, table: a.t}
	if err := b.identity(col, a.cmd.Constraint); err != nil {
		return err
	}
	if err := a.update(); err != nil {
		return err
	}
	return b.finishSequences()
}

// setIdentity executes SET GENERATED and the sequence options beside it.
func (a *alteration) setIdentity() error {
	col, err := a.column()
	if err != nil {
		return err
	}
	if len(a.cmd.Options) > 0 && strings.HasPrefix(a.cmd.Options[0].Name, "n_distinct") {
		return nil // SET (n_distinct = ...) is an advice to ANALYZE
	}
	if col.Identity == 0 {
		return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "column %q of relation %q is not an identity column", col.Name, a.t.Name)
	}
	var opts []*ast.Option
	for _, o := range a.cmd.Options {
		if o.Name != "generated" {
			opts = append(opts, o)
			continue
		}
		if text := o.Text(); len(text) == 1 {
			col.Identity = text[0]
		} else if c, ok := o.Arg.(*ast.Const); ok {
			col.Identity = byte(c.Int)
		}
	}
	if err := a.update(); err != nil || len(opts) == 0 {
		return err
	}
	return changeSequence(a.env, a.env.Editor.Snapshot().TableByID(col.Sequence), opts)
}

func (a *alteration) dropIdentity() error {
	col, err := a.column()
	if err != nil {
		return err
	}
	if col.Identity == 0 {
		if a.cmd.IfExists {
			a.env.Notice(pgerror.NewNotice("column %q of relation %q is not an identity column, skipping", col.Name, a.t.Name))
			return nil
		}
		return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "column %q of relation %q is not an identity column", col.Name, a.t.Name)
	}
	seq := col.Sequence
	col.Identity, col.Sequence = 0, 0
	if err := a.update(); err != nil || seq == 0 {
		return err
	}
	return a.env.Editor.DropTable(seq)
}

// columnType executes ALTER COLUMN TYPE: rows are converted by copying the
// table, and what is made of the column follows its type.
func (a *alteration) columnType() error {
	col, err := a.column()
	if err != nil {
		return err
	}
	at := int(col.Num) - 1
	b := &tableBuilder{ctx: a.ctx, env: a.env, table: a.t}
	next := *col
	if _, serial := serialTypes[a.cmd.Column.Type.Names[len(a.cmd.Column.Type.Names)-1]]; serial && len(a.cmd.Column.Type.Names) == 1 {
		return pgerror.New(pgerror.UndefinedObject, "type %q does not exist", a.cmd.Column.Type.Names[0]).At(a.cmd.Column.Type.Loc())
	}
	next.Collation = ""
	if _, err := b.columnType(&next, &ast.ColumnDef{Name: col.Name, Type: a.cmd.Column.Type, Collation: a.cmd.Column.Collation}); err != nil {
		return err
	}
	if err := a.checkTypeUsers(col); err != nil {
		return err
	}
	var value expr.Expr
	opts := a.env.PlanOptions()
	if next.Domain != 0 && a.cmd.Using == nil {
		a.cmd.Using = &ast.ColumnRef{Names: []string{col.Name}} // an assignment, which the domain checks
	}
	switch {
	case a.cmd.Using != nil && col.Generated:
		return pgerror.New(pgerror.InvalidColumnDefinition, "cannot specify USING when altering type of generated column").
			WithDetail("Column %q is a generated column.", col.Name)
	case a.cmd.Using != nil:
		value, err = planner.BindTableExpr(a.ctx, a.cmd.Using, planner.UseAlterType, a.old, &next, opts)
	default:
		value, err = planner.AlterTypeCast(a.old, at, next.Type, opts)
	}
	if err != nil {
		return err
	}
	if err := a.convertDefault(col, &next); err != nil {
		return err
	}
	if next.Identity != 0 {
		switch next.Type.OID {
		case types.Int2, types.Int4, types.Int8:
		default:
			return pgerror.New(pgerror.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
		}
	}
	*col = next
	if err := a.rebindTexts(); err != nil {
		return err
	}
	if relabels(a.old.Columns[at].Type, next.Type) && isColumn(value, at, a.cmd.Using != nil) {
		if err := a.update(); err != nil {
			return err
		}
	} else {
		exprs := columnsOf(a.old, a.t)
		exprs[at] = value
		for i := range a.t.Columns {
			a.t.Columns[i].Missing = types.Null // the copied rows have every column
		}
		if err := rewrite(a.ctx, a.env, a.old, a.t, exprs); err != nil {
			return err
		}
	}
	return a.recheck(col.Num)
}

// relabels says whether values of one type are stored as values of the other,
// all of them fitting.
func relabels(from, to types.Type) bool {
	text := func(t types.Type) bool { return t.OID == types.Text || t.OID == types.Varchar }
	return from == to || text(from) && text(to) && (to.Mod < 0 || from.Mod >= 0 && to.Mod >= from.Mod)
}

// isColumn says whether e is just a column, converted at most. What a user gives
// (USING) may be any function of it.
func isColumn(e expr.Expr, ordinal int, given bool) bool {
	for {
		switch x := e.(type) {
		case *expr.Ordinal:
			return x.Index == ordinal
		case *expr.Cast:
			if x.Domain != 0 || given && x.Kind != expr.CastRelabel {
				return false
			}
			e = x.Arg
		case *expr.Call:
			if given || len(x.Args) == 0 {
				return false
			}
			e = x.Args[0]
		default:
			return false
		}
	}
}

// checkTypeUsers refuses to alter the type of a column that a view or a generated
// column reads.
func (a *alteration) checkTypeUsers(col *catalog.Column) error {
	snap := a.env.Editor.Snapshot()
	path := a.env.PlanOptions().SearchPath
	for _, d := range snap.Dependents(catalog.ObjectRef{Class: catalog.ObjectRelation, ID: a.t.ID, Sub: col.Num}) {
		if d.Class != catalog.ObjectRelation {
			continue
		}
		if u := snap.TableByID(d.ID); u != nil && u.View != nil {
			return pgerror.New(pgerror.FeatureNotSupported, "cannot alter type of a column used by a view or rule").
				WithDetail("rule _RETURN on %s depends on column %q", catalog.Describe(snap, path, catalog.ObjectRef{Class: catalog.ObjectRelation, ID: u.ID}), col.Name)
		} else if u != nil && d.ID == a.t.ID && d.Sub != 0 {
			return pgerror.New(pgerror.SyntaxError, "cannot alter type of a column used by a generated column").
				WithDetail("Column %q is used by generated column %q.", col.Name, u.Columns[d.Sub-1].Name)
		}
	}
	return nil
}

// convertDefault makes the default one of the new type.
func (a *alteration) convertDefault(col, next *catalog.Column) error {
	if col.Default == "" || col.Generated {
		return nil
	}
	opts := a.env.PlanOptions()
	old, err := planner.BindTableText(a.ctx, col.Default, planner.UseDefault, nil, col, opts)
	if err != nil {
		return err
	}
	if _, err := planner.BindTableText(a.ctx, deparse(a.env, old, nil), planner.UseDefault, nil, next, opts); err != nil {
		return pgerror.New(pgerror.DatatypeMismatch, "default for column %q cannot be cast automatically to type %s", col.Name,
			catalog.FormatType(a.env.Editor.Snapshot(), opts.SearchPath, next.Type))
	}
	return nil
}

// rebindTexts binds the checks, index expressions and generation expressions
// over the table's new types and stores them as they are now.
func (a *alteration) rebindTexts() error {
	t := a.t
	again := func(text *string, use planner.ExprUse, target *catalog.Column) (expr.Expr, error) {
		if *text == "" {
			return nil, nil
		}
		e, err := planner.BindTableText(a.ctx, *text, use, t, target, a.env.PlanOptions())
		if err != nil {
			return nil, err
		}
		*text = deparse(a.env, e, t)
		return e, nil
	}
	for i := range t.Checks {
		if _, err := again(&t.Checks[i].Expr, planner.UseCheck, nil); err != nil {
			return err
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Generated && !c.Dropped {
			if _, err := again(&c.Default, planner.UseGenerated, c); err != nil {
				return err
			}
		}
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		for j := range ix.Columns {
			c := &ix.Columns[j]
			if c.Num != 0 {
				c.ExprType = t.Columns[c.Num-1].Type
				if err := checkIndexable(a.env, c.ExprType); err != nil {
					return err
				}
				continue
			}
			e, err := again(&c.Expr, planner.UseIndexExpr, nil)
			if err != nil {
				return err
			}
			c.ExprType = e.Type()
		}
		if _, err := again(&ix.Predicate, planner.UseIndexPredicate, nil); err != nil {
			return err
		}
	}
	return nil
}

// recheck verifies the constraints over a column whose values were converted.
func (a *alteration) recheck(num int16) error {
	snap := a.env.Editor.Snapshot()
	now := snap.TableByID(a.t.ID)
	for i := range now.Checks {
		c := &now.Checks[i]
		if c.NotValid || !containsNum(c.Columns, num) {
			continue
		}
		e, err := planner.BindTableText(a.ctx, c.Expr, planner.UseCheck, now, nil, a.env.PlanOptions())
		if err != nil {
			return err
		}
		if err := executor.CheckRows(a.ctx, a.env.Exec(), now, executor.RowTest{Checks: namedCheck(c.Name, e)}); err != nil {
			return err
		}
	}
	for _, t := range append([]*catalog.Table{now}, referencing(snap, now)...) {
		for i := range t.ForeignKeys {
			fk := &t.ForeignKeys[i]
			if t.ID == now.ID && !containsNum(fk.Columns, num) && (fk.RefTable != now.ID || !containsNum(fk.RefColumns, num)) ||
				t.ID != now.ID && (fk.RefTable != now.ID || !containsNum(fk.RefColumns, num)) {
				continue
			}
			if err := recheckForeignKey(snap, t, fk); err != nil {
				return err
			}
			if !fk.NotValid {
				if err := checkForeignKey(a.ctx, a.env, t.ID, i); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func recheckForeignKey(snap *catalog.Snapshot, t *catalog.Table, fk *catalog.ForeignKey) error {
	names := make([]string, len(fk.Columns))
	for i, n := range fk.Columns {
		names[i] = t.Columns[n-1].Name
	}
	err := checkKeyTypes(fk, t, snap.TableByID(fk.RefTable), names, &ast.Constraint{})
	return err
}

func referencing(snap *catalog.Snapshot, t *catalog.Table) []*catalog.Table {
	var out []*catalog.Table
	for _, id := range t.ReferencedBy {
		if u := snap.TableByID(id); u != nil && id != t.ID {
			out = append(out, u)
		}
	}
	return out
}

func containsNum(nums []int16, num int16) bool {
	for _, n := range nums {
		if n == num {
			return true
		}
	}
	return false
}
