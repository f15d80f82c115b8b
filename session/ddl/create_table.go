package ddl

import (
	"context"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// tableBuilder gathers a table's descriptor from the elements of CREATE TABLE
// or ALTER TABLE ADD.
type tableBuilder struct {
	ctx   context.Context
	env   *Env
	table *catalog.Table
	// Constraints that need all columns are handled after them.
	constraints []pendingConstraint
	sequences   []*catalog.Table // to be owned by columns
	indexes     []likeIndex      // of LIKE
}

type pendingConstraint struct {
	def    *ast.Constraint
	column string // of a column constraint
}

// createTable executes CREATE TABLE.
func createTable(ctx context.Context, env *Env, st *ast.CreateTable) error {
	if err := refuseTableClauses(st); err != nil {
		return err
	}
	schema, err := creationSchema(env, st.Table)
	if err != nil {
		return err
	}
	if st.IfNotExists && relationTaken(env, schema.ID, nil)(st.Table.Name) {
		env.Notice(pgerror.NewNotice("relation %q already exists, skipping", st.Table.Name).WithCode(pgerror.DuplicateTable))
		return nil
	}
	access, err := accessMethod(env, st.AccessMethod)
	if err != nil {
		return err
	}
	b := &tableBuilder{ctx: ctx, env: env, table: &catalog.Table{
		Name: st.Table.Name, Schema: schema.ID, Kind: catalog.KindTable, Owner: roleID(env, env.User), Access: access,
		Temporary: st.Table.Persistence == ast.Temporary, Unlogged: st.Table.Persistence == ast.Unlogged,
	}}
	if relationTaken(env, schema.ID, nil)(st.Table.Name) {
		return pgerror.New(pgerror.DuplicateTable, "relation %q already exists", st.Table.Name)
	}
	if err := b.elements(st.Elements); err != nil {
		return err
	}
	if err := b.addConstraints(); err != nil {
		return err
	}
	b.addLikeIndexes()
	if err := setStorageOptions(env, b.table, st.Options); err != nil {
		return err
	}
	if err := env.Editor.CreateTable(b.table); err != nil {
		return err
	}
	if err := b.finishSequences(); err != nil {
		return err
	}
	return registerOnCommit(env, b.table.ID, st.OnCommit)
}

func refuseTableClauses(st *ast.CreateTable) error {
	switch {
	case st.PartitionBy != nil:
		return pgerror.Unsupported("PARTITION BY")
	case st.Bound != nil:
		return pgerror.Unsupported("PARTITION OF")
	case len(st.Inherits) > 0:
		return pgerror.Unsupported("INHERITS")
	case st.OfType != nil:
		return pgerror.Unsupported("CREATE TABLE OF")
	case st.Tablespace != "" && st.Tablespace != "pg_default":
		return pgerror.New(pgerror.UndefinedObject, "tablespace %q does not exist", st.Tablespace)
	case st.OnCommit != ast.OnCommitNone && st.Table.Persistence != ast.Temporary:
		return pgerror.New(pgerror.InvalidTableDefinition, "ON COMMIT can only be used on temporary tables")
	}
	return nil
}

// storageOptions are PostgreSQL's storage parameters of tables. They tune a
// heap and its vacuum, which Tidemark does not have: they are kept and shown,
// and change no answer.
var storageOptions = map[string]bool{
	"fillfactor": true, "autovacuum_enabled": true, "autovacuum_vacuum_threshold": true, "autovacuum_vacuum_scale_factor": true,
	"autovacuum_analyze_threshold": true, "autovacuum_analyze_scale_factor": true, "toast_tuple_target": true, "parallel_workers": true,
	"user_catalog_table": true, "log_autovacuum_min_duration": true, "autovacuum_vacuum_cost_delay": true,
}

func tableOptions(opts []*ast.Option) (map[string]string, error) {
	if len(opts) == 0 {
		return nil, nil
	}
	out := map[string]string{}
	for _, o := range opts {
		if isTimescale(o) && o.Name == "continuous" {
			return nil, pgerror.Unsupported("a continuous aggregate that is no materialized view").At(o.Loc())
		}
		if o.Namespace != "" || !storageOptions[o.Name] && o.Name != catalog.OptionRowIDShards {
			return nil, pgerror.New(pgerror.InvalidParameterValue, "unrecognized parameter %q", o.Name)
		}
		if o.Name == catalog.OptionRowIDShards {
			if err := checkRowIDShards(o); err != nil {
				return nil, err
			}
		}
		out[o.Name] = o.Text()
		if o.Arg == nil {
			out[o.Name] = "true"
		}
	}
	return out, nil
}

// checkRowIDShards checks row_id_shards. It means something as long as the table has
// no primary key.
func checkRowIDShards(o *ast.Option) error {
	n, err := strconv.Atoi(o.Text())
	if err != nil || n < 1 || n > catalog.MaxRowIDShards || n&(n-1) != 0 {
		return invalidOption(o, "Valid values are powers of two between \"1\" and \""+strconv.Itoa(catalog.MaxRowIDShards)+"\".")
	}
	return nil
}

// accessMethod is the access method of a new table: the one that is named, else
// default_table_access_method.
func accessMethod(env *Env, name string) (string, error) {
	if name == "" {
		name = env.DefaultAccess
	}
	switch name {
	case "heap", catalog.AccessTimeSeries:
		return name, nil
	case "btree", "hash", "gist", "gin", "spgist", "brin":
		return "", pgerror.New(pgerror.WrongObjectType, "access method %q is not of type TABLE", name)
	}
	return "", pgerror.New(pgerror.UndefinedObject, "access method %q does not exist", name)
}

// setStorageOptions gives a new table, whose columns and keys are known, its
// WITH (...).
func setStorageOptions(env *Env, t *catalog.Table, opts []*ast.Option) error {
	if t.Access == catalog.AccessTimeSeries {
		return makeTimeSeries(env, t, opts)
	}
	opts, hyper, err := timescaleTable(env, t, opts)
	if err != nil {
		return err
	}
	if hyper {
		t.Clustered = false
	}
	t.Options, err = tableOptions(opts)
	return err
}

func roleID(env *Env, name string) catalog.OID {
	if r := env.Editor.Snapshot().Role(name); r != nil {
		return r.ID
	}
	return 10
}

func (b *tableBuilder) elements(elements []ast.TableElement) error {
	for _, el := range elements {
		switch el := el.(type) {
		case *ast.ColumnDef:
			if err := b.addColumn(el); err != nil {
				return err
			}
		case *ast.Constraint:
			b.constraints = append(b.constraints, pendingConstraint{def: el})
		case *ast.LikeClause:
			if err := b.like(el); err != nil {
				return err
			}
		}
	}
	return nil
}

// serialTypes are the pseudo-types that make a column with a sequence.
var serialTypes = map[string]types.OID{
	"smallserial": types.Int2, "serial2": types.Int2, "serial": types.Int4, "serial4": types.Int4, "bigserial": types.Int8, "serial8": types.Int8,
}

// addColumn appends a column; constraints that concern the table wait.
func (b *tableBuilder) addColumn(def *ast.ColumnDef) error {
	if columnByName(b.table, def.Name) != nil {
		return pgerror.New(pgerror.DuplicateColumn, "column %q specified more than once", def.Name)
	}
	if isSystemColumn(def.Name) {
		return pgerror.New(pgerror.DuplicateColumn, "column name %q conflicts with a system column name", def.Name)
	}
	if len(b.table.Columns) >= 1600 {
		return pgerror.New(pgerror.TooManyColumns, "tables can have at most 1600 columns")
	}
	col := catalog.Column{Num: int16(len(b.table.Columns) + 1), Name: def.Name}
	serial, err := b.columnType(&col, def)
	if err != nil {
		return err
	}
	b.table.Columns = append(b.table.Columns, col)
	at := &b.table.Columns[len(b.table.Columns)-1]
	if serial {
		if err := b.addSequence(at, nil, ""); err != nil {
			return err
		}
		at.NotNull = true
	}
	return b.columnConstraints(at, def)
}

func isSystemColumn(name string) bool {
	switch name {
	case "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid":
		return true
	}
	return false
}

func (b *tableBuilder) columnType(col *catalog.Column, def *ast.ColumnDef) (serial bool, err error) {
	if len(def.Collation) > 0 {
		col.Collation = def.Collation[len(def.Collation)-1]
		if err := checkCollation(col.Collation, def.Loc()); err != nil {
			return false, err
		}
	}
	if names := def.Type.Names; len(names) == 1 && len(def.Type.Bounds) == 0 {
		if oid, ok := serialTypes[names[0]]; ok {
			col.Type = types.Of(oid)
			return true, nil
		}
	}
	col.Type, err = planner.ResolveType(def.Type, b.env.PlanOptions())
	if err != nil {
		return false, err
	}
	if err := setDomain(b.env, col); err != nil {
		return false, err
	}
	if len(def.Collation) > 0 && !collatable(col.Type) {
		return false, pgerror.New(pgerror.DatatypeMismatch, "collations are not supported by type %s", types.Format(col.Type))
	}
	if info := types.Lookup(col.Type.OID); info != nil && info.Type == 'p' {
		return false, pgerror.New(pgerror.InvalidTableDefinition, "column %q has pseudo-type %s", def.Name, types.Format(col.Type))
	}
	return false, nil
}

// setDomain makes a column whose type is a domain one of the domain's base type.
func setDomain(env *Env, col *catalog.Column) error {
	snap := env.Editor.Snapshot()
	col.Domain = 0
	for {
		u := snap.Type(col.Type.OID)
		if u == nil || u.Kind != 'd' {
			return planner.RefuseDomain(snap, col.Type) // an array of one
		}
		if col.Domain == 0 {
			col.Domain = u.ID
		}
		col.Type = u.Base
	}
}

// collatable reports whether values of a type are or hold text.
func collatable(t types.Type) bool {
	if info := types.Lookup(t.OID); info != nil && info.Elem != 0 && info.Category == 'A' {
		t = types.Of(info.Elem)
	}
	return t.Category() == 'S'
}

// checkCollation accepts the collations that sort by bytes, as Tidemark does.
func checkCollation(name string, loc int) error {
	switch name {
	case "C", "POSIX", "default", "ucs_basic", "C.UTF-8", "C.utf8":
		return nil
	}
	return pgerror.Unsupported("collation %q", name).At(loc)
}

func (b *tableBuilder) columnConstraints(col *catalog.Column, def *ast.ColumnDef) error {
	nullable := false
	for i, c := range def.Constraints {
		switch c.Kind {
		case ast.ConstraintNull:
			nullable = true
			if col.NotNull {
				return conflictingNull(col, b.table, c)
			}
		case ast.ConstraintNotNull:
			if nullable {
				return conflictingNull(col, b.table, c)
			}
			col.NotNull = true
		case ast.ConstraintDefault:
			if col.Default != "" {
				return pgerror.New(pgerror.SyntaxError, "multiple default values specified for column %q of table %q", col.Name, b.table.Name).At(c.Loc())
			}
			if err := storeDefault(b.ctx, b.env, c.Expr, col); err != nil {
				return err
			}
		case ast.ConstraintIdentity:
			if err := b.identity(col, c); err != nil {
				return err
			}
		case ast.ConstraintGenerated:
			// Bound after all columns are known.
			b.constraints = append(b.constraints, pendingConstraint{def: c, column: col.Name})
			col.Generated = true
		case ast.ConstraintDeferrable, ast.ConstraintDeferred:
			return pgerror.Unsupported("a DEFERRABLE constraint").At(c.Loc())
		case ast.ConstraintNotDeferrable, ast.ConstraintImmediate:
			if i == 0 {
				return pgerror.New(pgerror.SyntaxError, "misplaced NOT DEFERRABLE clause").At(c.Loc())
			}
		default:
			b.constraints = append(b.constraints, pendingConstraint{def: c, column: col.Name})
		}
	}
	return nil
}

func conflictingNull(col *catalog.Column, t *catalog.Table, c *ast.Constraint) error {
	return pgerror.New(pgerror.SyntaxError, "conflicting NULL/NOT NULL declarations for column %q of table %q", col.Name, t.Name).At(c.Loc())
}

// identity makes a column GENERATED AS IDENTITY.
func (b *tableBuilder) identity(col *catalog.Column, c *ast.Constraint) error {
	if col.Identity != 0 {
		return pgerror.New(pgerror.SyntaxError, "multiple identity specifications for column %q of table %q", col.Name, b.table.Name).At(c.Loc())
	}
	if col.Default != "" {
		return pgerror.New(pgerror.SyntaxError, "both default and identity specified for column %q of table %q", col.Name, b.table.Name).At(c.Loc())
	}
	switch col.Type.OID {
	case types.Int2, types.Int4, types.Int8:
	default:
		return pgerror.New(pgerror.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	col.Identity, col.NotNull = c.GeneratedWhen, true
	return b.addSequence(col, c.Options, "")
}

// addSequence makes the sequence that feeds a serial or identity column.
func (b *tableBuilder) addSequence(col *catalog.Column, opts []*ast.Option, name string) error {
	if name == "" {
		taken := relationTaken(b.env, b.table.Schema, b.table)
		name = chooseName(b.table.Name, col.Name, "seq", func(n string) bool {
			for _, s := range b.sequences {
				if s.Name == n {
					return true
				}
			}
			return taken(n)
		})
	}
	seq, err := newSequence(col.Type.OID, opts, nil)
	if err != nil {
		return err
	}
	t := &catalog.Table{Name: name, Schema: b.table.Schema, Kind: catalog.KindSequence, Owner: b.table.Owner, Temporary: b.table.Temporary, Sequence: seq}
	if err := b.env.Editor.CreateTable(t); err != nil {
		return err
	}
	col.Sequence = t.ID
	if col.Identity == 0 {
		col.Default = "nextval('" + strings.ReplaceAll(sequenceText(b.env, t), "'", "''") + "'::regclass)"
	}
	b.sequences = append(b.sequences, t)
	return nil
}

func sequenceText(env *Env, t *catalog.Table) string {
	return catalog.RelationName(env.Editor.Snapshot(), []string{"pg_catalog"}, t)
}

// finishSequences makes the table own the sequences that were made for it.
func (b *tableBuilder) finishSequences() error {
	for i := range b.table.Columns {
		col := &b.table.Columns[i]
		for _, seq := range b.sequences {
			if seq.ID != col.Sequence {
				continue
			}
			t := b.env.Editor.Snapshot().TableByID(seq.ID).Clone()
			def := *t.Sequence
			def.OwnerTable, def.OwnerColumn = b.table.ID, col.Num
			t.Sequence = &def
			if err := b.env.Editor.UpdateTable(t); err != nil {
				return err
			}
		}
	}
	return nil
}
