package catalog_test

import (
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/catalog/cattest"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// dropSchema makes the objects whose drops were tried on PostgreSQL 15:
//
//	create schema s;
//	create type s.mood as enum('a');
//	create table s.a(id int primary key, b int unique, m s.mood);
//	create table s.b(id serial primary key, a int references s.a(id), m s.mood default 'a', ab int constraint b_b references s.a(b));
//	create view s.v as select id, m from s.a;
//	create view s.v2 as select id from s.v;
//	create view s.v3 as select a, m from s.b;
//	create domain s.d as s.mood;
//	create table t(x s.d, y int generated always as identity, r s.a, z int default nextval('s.b_id_seq'));
//	create type s.comp as (m s.mood, n int);
func dropSchema(create func(any)) {
	int4 := types.Of(types.Int4)
	ns := &catalog.Schema{Name: "s"}
	create(ns)
	mood := &catalog.UserType{Name: "mood", Schema: ns.ID, Kind: 'e', Labels: []catalog.EnumLabel{{Label: "a", Sort: 1}}}
	create(mood)
	a := cattest.Table("a", "id int key", "b int unique")
	a.Schema = ns.ID
	a.Columns = append(a.Columns, catalog.Column{Num: 3, Name: "m", Type: types.Of(mood.ID)})
	create(a)
	seq := &catalog.Table{Name: "b_id_seq", Schema: ns.ID, Kind: catalog.KindSequence, Sequence: &catalog.Sequence{Type: types.Int4, Start: 1, Increment: 1, Min: 1, Max: 1 << 30}}
	create(seq)
	b := cattest.Table("b", "id int key", "a int")
	b.Schema = ns.ID
	b.Columns[0].Default, b.Columns[0].Sequence = "nextval('s.b_id_seq'::regclass)", seq.ID
	b.Columns = append(b.Columns,
		catalog.Column{Num: 3, Name: "m", Type: types.Of(mood.ID), Default: "'a'::s.mood", DependsOn: []catalog.OID{mood.ID}},
		catalog.Column{Num: 4, Name: "ab", Type: int4})
	b.ForeignKeys = []catalog.ForeignKey{
		{Name: "b_a_fkey", Columns: []int16{2}, RefTable: a.ID, RefColumns: []int16{1}, RefIndex: a.Indexes[0].ID},
		{Name: "b_b", Columns: []int16{4}, RefTable: a.ID, RefColumns: []int16{2}, RefIndex: a.Indexes[1].ID},
	}
	create(b)
	owned := seq.Clone()
	owned.Sequence.OwnerTable, owned.Sequence.OwnerColumn = b.ID, 1
	create(owned)
	view := func(name string, of *catalog.Table, typ types.Type, columns ...int16) *catalog.Table {
		v := &catalog.Table{Name: name, Schema: ns.ID, Kind: catalog.KindView, View: &catalog.View{DependsOn: []catalog.OID{of.ID}}}
		for i, n := range columns {
			v.Columns = append(v.Columns, catalog.Column{Num: int16(i + 1), Name: of.Columns[n-1].Name, Type: of.Columns[n-1].Type})
			v.View.DependsOnColumns = append(v.View.DependsOnColumns, catalog.ColumnRef{Relation: of.ID, Column: n})
		}
		create(v)
		return v
	}
	v := view("v", a, int4, 1, 3)
	view("v2", v, int4, 1)
	view("v3", b, int4, 2, 3)
	d := &catalog.UserType{Name: "d", Schema: ns.ID, Kind: 'd', Base: types.Of(mood.ID)}
	create(d)
	yseq := &catalog.Table{Name: "t_y_seq", Schema: catalog.PublicOID, Kind: catalog.KindSequence, Sequence: &catalog.Sequence{Type: types.Int4, Start: 1, Increment: 1, Min: 1, Max: 1 << 30}}
	create(yseq)
	tab := &catalog.Table{Name: "t", Schema: catalog.PublicOID, Kind: catalog.KindTable, Columns: []catalog.Column{
		{Num: 1, Name: "x", Type: types.Of(d.ID)},
		{Num: 2, Name: "y", Type: int4, NotNull: true, Identity: 'a', Sequence: yseq.ID},
		{Num: 3, Name: "r", Type: types.Of(a.RowType)},
		{Num: 4, Name: "z", Type: int4, Default: "nextval('s.b_id_seq'::regclass)", DependsOn: []catalog.OID{seq.ID}},
	}}
	create(tab)
	yowned := yseq.Clone()
	yowned.Sequence.OwnerTable, yowned.Sequence.OwnerColumn = tab.ID, 2
	create(yowned)
	create(&catalog.UserType{Name: "comp", Schema: ns.ID, Kind: 'c', Fields: []catalog.Column{
		{Num: 1, Name: "m", Type: types.Of(mood.ID)}, {Num: 2, Name: "n", Type: int4},
	}})
}

// dropNode is a node with dropSchema in it.
func dropNode(t *testing.T) *node {
	n := openNode(t, nil)
	n.edit(func(e *catalog.Editor) error {
		var err error
		dropSchema(func(x any) {
			if err != nil {
				return
			}
			switch x := x.(type) {
			case *catalog.Schema:
				err = e.CreateSchema(x)
			case *catalog.UserType:
				err = e.CreateType(x)
			case *catalog.Table:
				if x.ID != 0 {
					err = e.UpdateTable(x)
					break
				}
				if x.Kind == 0 {
					x.Kind = catalog.KindTable
				}
				for i := range x.Indexes {
					if x.Indexes[i].Constraint, err = e.NewOID(); err != nil {
						return
					}
				}
				err = e.CreateTable(x)
			}
		})
		return err
	})
	return n
}

// refs finds objects by "table s.a", "type s.mood", "schema s", "column s.a.b",
// "constraint s.a.a_pkey".
func refs(t *testing.T, s *catalog.Snapshot, names ...string) []catalog.ObjectRef {
	t.Helper()
	var out []catalog.ObjectRef
	reg := catalog.NewRegResolver(s, samplePath)
	for _, n := range names {
		kind, name, _ := strings.Cut(n, " ")
		parts := strings.Split(name, ".")
		class := func(name string) *catalog.Table {
			id, err := reg.RegIn(types.Regclass, name)
			if err != nil {
				t.Fatal(err)
			}
			return s.TableByID(catalog.OID(id))
		}
		switch kind {
		case "schema":
			out = append(out, catalog.ObjectRef{Class: catalog.ObjectSchema, ID: s.Schema(name).ID})
		case "type":
			out = append(out, catalog.ObjectRef{Class: catalog.ObjectType, ID: s.TypeByName(s.Schema(parts[0]).ID, parts[1]).ID})
		case "index":
			_, ix := s.Index(s.Schema(parts[0]).ID, parts[1])
			out = append(out, catalog.ObjectRef{Class: catalog.ObjectRelation, ID: ix.ID})
		case "column":
			tab := class(parts[0] + "." + parts[1])
			for _, c := range tab.Columns {
				if c.Name == parts[2] {
					out = append(out, catalog.ObjectRef{Class: catalog.ObjectRelation, ID: tab.ID, Sub: c.Num})
				}
			}
		case "constraint":
			for _, ix := range class(parts[0] + "." + parts[1]).Indexes {
				if ix.Name == parts[2] {
					out = append(out, catalog.ObjectRef{Class: catalog.ObjectConstraint, ID: ix.Constraint})
				}
			}
		default:
			out = append(out, catalog.ObjectRef{Class: catalog.ObjectRelation, ID: class(name).ID})
		}
	}
	return out
}

// TestPlanDrop: messages are PostgreSQL's, line by line.
func TestPlanDrop(t *testing.T) {
	n := dropNode(t)
	s := n.snapshot()
	for _, c := range []struct {
		drop, message, detail string
	}{
		{"table s.a", "cannot drop table s.a because other objects depend on it", `column r of table t depends on type s.a
constraint b_a_fkey on table s.b depends on table s.a
constraint b_b on table s.b depends on table s.a
view s.v depends on table s.a
view s.v2 depends on view s.v`},
		{"type s.mood", "cannot drop type s.mood because other objects depend on it", `column m of table s.a depends on type s.mood
view s.v depends on column m of table s.a
view s.v2 depends on view s.v
column m of table s.b depends on type s.mood
view s.v3 depends on column m of table s.b
type s.d depends on type s.mood
column x of table t depends on type s.d
column m of composite type s.comp depends on type s.mood`},
		{"schema s", "cannot drop schema s because other objects depend on it", `type s.mood depends on schema s
table s.a depends on schema s
column r of table t depends on type s.a
table s.b depends on schema s
default value for column z of table t depends on sequence s.b_id_seq
view s.v depends on schema s
view s.v2 depends on schema s
view s.v3 depends on schema s
type s.d depends on schema s
column x of table t depends on type s.d
type s.comp depends on schema s`},
		{"column s.a.b", "cannot drop column b of table s.a because other objects depend on it", `constraint b_b on table s.b depends on column b of table s.a`},
		{"column s.a.id", "cannot drop column id of table s.a because other objects depend on it", `constraint b_a_fkey on table s.b depends on column id of table s.a
view s.v depends on column id of table s.a
view s.v2 depends on view s.v`},
		{"index s.a_pkey", "cannot drop index s.a_pkey because constraint a_pkey on table s.a requires it", ""},
		{"constraint s.a.a_pkey", "cannot drop constraint a_pkey on table s.a because other objects depend on it", `constraint b_a_fkey on table s.b depends on index s.a_pkey`},
		{"sequence s.b_id_seq", "cannot drop sequence s.b_id_seq because other objects depend on it", `default value for column id of table s.b depends on sequence s.b_id_seq
default value for column z of table t depends on sequence s.b_id_seq`},
		{"sequence t_y_seq", "cannot drop sequence t_y_seq because column y of table t requires it", ""},
		{"table s.b", "cannot drop table s.b because other objects depend on it", `default value for column z of table t depends on sequence s.b_id_seq
view s.v3 depends on table s.b`},
		{"table s.a,table s.b", "cannot drop desired object(s) because other objects depend on them", `default value for column z of table t depends on sequence s.b_id_seq
view s.v3 depends on table s.b
column r of table t depends on type s.a
view s.v depends on table s.a
view s.v2 depends on view s.v`},
		{"view s.v", "cannot drop view s.v because other objects depend on it", `view s.v2 depends on view s.v`},
		{"view s.v2,view s.v", "", ""},
		{"type s.d", "cannot drop type s.d because other objects depend on it", `column x of table t depends on type s.d`},
	} {
		objects := refs(t, s, strings.Split(c.drop, ",")...)
		_, err := s.PlanDrop(samplePath, objects, false)
		if c.message == "" {
			if err != nil {
				t.Errorf("DROP %s: %v", c.drop, err)
			}
			continue
		}
		if e := pgerror.From(err); e.Code != pgerror.DependentObjectsStillExist || e.Message != c.message || e.Detail != c.detail {
			t.Errorf("DROP %s: %s\n%s\nwant %s\n%s", c.drop, e.Message, e.Detail, c.message, c.detail)
		}
		if c.detail == "" {
			continue
		}
		// CASCADE says the same objects.
		d, err := s.PlanDrop(samplePath, objects, true)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(c.detail, "\n")
		for i, l := range lines {
			lines[i] = "drop cascades to " + l[:strings.Index(l, " depends on ")]
		}
		if want := strings.Join(lines, "\n"); len(lines) > 1 && d.Notice.Detail != want || len(lines) == 1 && d.Notice.Message != want {
			t.Errorf("DROP %s CASCADE: %s\n%s\nwant %s", c.drop, d.Notice.Message, d.Notice.Detail, want)
		}
	}
}

// TestExecuteDrop: after every cascade the catalog is whole, in memory and in the store.
func TestExecuteDrop(t *testing.T) {
	for _, drop := range []string{
		"table s.a", "type s.mood", "schema s", "column s.a.b", "column s.a.id", "constraint s.a.a_pkey", "sequence s.b_id_seq",
		"table s.b", "table s.a,table s.b", "view s.v", "type s.d", "table t", "column public.t.y",
	} {
		t.Run(drop, func(t *testing.T) {
			n := dropNode(t)
			n.edit(func(e *catalog.Editor) error {
				d, err := e.Snapshot().PlanDrop(samplePath, refs(t, e.Snapshot(), strings.Split(drop, ",")...), true)
				if err != nil {
					return err
				}
				return e.ExecuteDrop(d, func(_, tab *catalog.Table) error {
					var err error
					tab.Storage, err = e.NewStorage()
					return err
				})
			})
			before := dump(t, n.snapshot())
			checkWhole(t, n.snapshot())
			n = n.restart()
			if after := dump(t, n.snapshot()); after != before {
				t.Errorf("after restart:\n%s\nbefore:\n%s", after, before)
			}
			checkWhole(t, n.snapshot())
		})
	}
}

// dump prints what the catalogs show.
func dump(t *testing.T, s *catalog.Snapshot) string {
	var b strings.Builder
	for _, rel := range []string{"pg_class", "pg_attribute", "pg_index", "pg_constraint", "pg_attrdef", "pg_depend", "pg_type", "pg_namespace"} {
		for _, r := range virtualRows(t, s, rel) {
			b.WriteString(rel + " " + strings.Join(r, "|") + "\n")
		}
	}
	return b.String()
}

// checkWhole checks that nothing points at what is not there.
func checkWhole(t *testing.T, s *catalog.Snapshot) {
	t.Helper()
	known := func(id catalog.OID) bool {
		typ, _ := s.TypeOrRow(id)
		return id < 16384 || s.TableByID(id) != nil || typ != nil
	}
	for _, tab := range s.Tables() {
		if s.SchemaByID(tab.Schema) == nil {
			t.Errorf("%s: no schema", tab.Name)
		}
		for _, c := range tab.Columns {
			if !c.Dropped && (!known(c.Type.OID) || c.Sequence != 0 && s.TableByID(c.Sequence) == nil) {
				t.Errorf("%s.%s: type %d, sequence %d", tab.Name, c.Name, c.Type.OID, c.Sequence)
			}
			for _, id := range c.DependsOn {
				if !known(id) {
					t.Errorf("%s.%s depends on %d", tab.Name, c.Name, id)
				}
			}
		}
		for _, fk := range tab.ForeignKeys {
			if _, ix := s.IndexByID(fk.RefIndex); s.TableByID(fk.RefTable) == nil || ix == nil {
				t.Errorf("%s: foreign key %s", tab.Name, fk.Name)
			}
		}
		for _, id := range tab.ReferencedBy {
			if s.TableByID(id) == nil {
				t.Errorf("%s: referenced by %d", tab.Name, id)
			}
		}
		if tab.View != nil {
			for _, id := range tab.View.DependsOn {
				if !known(id) {
					t.Errorf("%s depends on %d", tab.Name, id)
				}
			}
		}
		if q := tab.Sequence; q != nil && q.OwnerTable != 0 && s.TableByID(q.OwnerTable) == nil {
			t.Errorf("%s: owner table %d", tab.Name, q.OwnerTable)
		}
	}
}
