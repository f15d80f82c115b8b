package planner_test

import (
	"fmt"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/catalog/cattest"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func newEnv() *env { return &env{b: cattest.New()} }

func (e *env) snapshot() *catalog.Snapshot {
	if e.snap == nil {
		e.snap = e.b.Snapshot()
	}
	return e.snap
}

// exec runs CREATE TABLE, CREATE INDEX and CREATE VIEW as far as plans need them.
func (e *env) exec(sql string) error {
	stmts, err := parser.Parse(sql)
	if err != nil {
		return err
	}
	for _, s := range stmts {
		switch st := s.Stmt.(type) {
		case *ast.CreateTable:
			err = e.createTable(st)
		case *ast.CreateIndex:
			err = e.createIndex(st)
		default:
			err = fmt.Errorf("cannot run %T", st)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func typeOf(tn *ast.TypeName) (types.Type, error) {
	info := types.LookupName(tn.Names[len(tn.Names)-1])
	if info == nil {
		return types.Type{}, fmt.Errorf("type %v", tn.Names)
	}
	t := types.Of(info.OID)
	if len(tn.Mods) > 0 {
		var mods []int32
		for _, m := range tn.Mods {
			mods = append(mods, int32(m.(*ast.Const).Int))
		}
		var err error
		if t.Mod, err = types.ModFromArgs(t.OID, mods); err != nil {
			return t, err
		}
	}
	if len(tn.Bounds) > 0 {
		t = t.ArrayOf()
	}
	return t, nil
}

func (e *env) createTable(st *ast.CreateTable) error {
	t := &catalog.Table{Name: st.Table.Name, Kind: catalog.KindTable}
	num := func(name string) int16 {
		for _, c := range t.Columns {
			if c.Name == name {
				return c.Num
			}
		}
		panic("no column " + name)
	}
	index := func(primary bool, keys ...string) {
		ix := catalog.Index{Unique: true, Primary: primary, Method: "btree", Constraint: 1}
		ix.Name = t.Name
		for _, k := range keys {
			ix.Columns = append(ix.Columns, catalog.IndexColumn{Num: num(k)})
			if !primary {
				ix.Name += "_" + k
			} else {
				t.Columns[num(k)-1].NotNull = true
			}
		}
		if primary {
			ix.Name += "_pkey"
			t.Clustered = true
			t.Indexes = append([]catalog.Index{ix}, t.Indexes...)
			return
		}
		ix.Name += "_key"
		t.Indexes = append(t.Indexes, ix)
	}
	for _, el := range st.Elements {
		switch el := el.(type) {
		case *ast.ColumnDef:
			typ, err := typeOf(el.Type)
			if err != nil {
				return err
			}
			t.Columns = append(t.Columns, catalog.Column{Num: int16(len(t.Columns) + 1), Name: el.Name, Type: typ})
			c := &t.Columns[len(t.Columns)-1]
			for _, k := range el.Constraints {
				switch k.Kind {
				case ast.ConstraintNotNull:
					c.NotNull = true
				case ast.ConstraintDefault:
					c.Default = k.ExprText
				case ast.ConstraintPrimary:
					index(true, el.Name)
				case ast.ConstraintUnique:
					index(false, el.Name)
				case ast.ConstraintGenerated:
					c.Generated, c.Default = true, k.ExprText
				case ast.ConstraintIdentity:
					c.Identity, c.Sequence, c.NotNull = k.GeneratedWhen, 99999, true
				case ast.ConstraintCheck:
					t.Checks = append(t.Checks, catalog.Check{Name: t.Name + "_" + el.Name + "_check", Expr: k.ExprText})
				case ast.ConstraintForeign:
					e.foreignKey(t, k, []string{el.Name}, num)
				}
			}
		case *ast.Constraint:
			switch el.Kind {
			case ast.ConstraintPrimary:
				index(true, el.Keys...)
			case ast.ConstraintUnique:
				index(false, el.Keys...)
			case ast.ConstraintCheck:
				t.Checks = append(t.Checks, catalog.Check{Name: t.Name + "_check", Expr: el.ExprText})
			case ast.ConstraintForeign:
				e.foreignKey(t, el, el.Columns, num)
			}
		}
	}
	e.b.AddTable(t)
	for _, fk := range t.ForeignKeys {
		ref := e.b.Snapshot().TableByID(fk.RefTable)
		ref.ReferencedBy = append(ref.ReferencedBy, t.ID)
	}
	e.snap = nil
	return nil
}

func (e *env) foreignKey(t *catalog.Table, k *ast.Constraint, cols []string, num func(string) int16) {
	ref := e.b.Snapshot().Resolve([]string{"public"}, "", k.RefTable.Name)
	if ref == nil && k.RefTable.Name == t.Name {
		t.ID = e.b.NewOID()
		ref = t
	}
	fk := catalog.ForeignKey{
		Name: t.Name + "_" + cols[0] + "_fkey", RefTable: ref.ID,
		OnDelete: catalog.FKAction(k.OnDelete), OnUpdate: catalog.FKAction(k.OnUpdate),
	}
	for _, c := range cols {
		fk.Columns = append(fk.Columns, num(c))
	}
	for _, c := range ref.Indexes[0].Columns {
		fk.RefColumns = append(fk.RefColumns, c.Num)
	}
	fk.RefIndex = ref.Indexes[0].ID
	t.ForeignKeys = append(t.ForeignKeys, fk)
}

func (e *env) createIndex(st *ast.CreateIndex) error {
	t := e.snapshot().Resolve([]string{"public"}, "", st.Table.Name)
	ix := catalog.Index{Name: st.Name, Unique: st.Unique, Method: "btree"}
	if st.Where != nil {
		ix.Predicate = st.WhereText
	}
	for _, c := range st.Elems {
		col := catalog.IndexColumn{Expr: c.ExprText, Desc: c.Dir == ast.SortDesc}
		col.NullsFirst = col.Desc && c.Nulls == ast.NullsDefault || c.Nulls == ast.NullsFirst
		for _, tc := range t.Columns {
			if tc.Name == c.Name {
				col.Num, col.Expr = tc.Num, ""
			}
		}
		ix.Columns = append(ix.Columns, col)
	}
	next := *t
	next.Version++
	next.Indexes = append(append([]catalog.Index(nil), t.Indexes...), ix)
	e.b.AddTable(&next)
	e.snap = nil
	return nil
}
