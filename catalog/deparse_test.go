package catalog_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/catalog/cattest"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestDefinitionsLikePostgres compares pg_get_indexdef, pg_get_constraintdef,
// regclass and format_type with PostgreSQL's.
func TestDefinitionsLikePostgres(t *testing.T) {
	s := sample(t)
	o := oracleIDs{t}
	for _, r := range oracle(t, "indexdef") {
		id := o.class(strings.TrimPrefix(r[0], "sales."))
		for i, want := range r[1:] {
			got, ok := catalog.IndexDef(s, samplePath, id, i/2, i > 0)
			if strings.Contains(want, "(1)::numeric") { // inner parentheses are the deparser's
				want = strings.NewReplacer("(1)::", "1::", "(5)::", "5::").Replace(want)
			}
			if !ok || got != want {
				t.Errorf("%s:\n%s\nwant\n%s", r[0], got, want)
			}
		}
	}
	for _, r := range oracle(t, "constraintdef") {
		for i, want := range r[1:] {
			got, ok := catalog.ConstraintDef(s, samplePath, o.constraint(r[0]), i == 1)
			want = strings.NewReplacer("(0)::", "0::", "(qty IS NULL) OR (customer_id > 0)", "qty IS NULL OR customer_id > 0").Replace(want)
			if !ok || got != want {
				t.Errorf("%s: %s, want %s", r[0], got, want)
			}
		}
	}
	reg := &catalog.RegResolver{Snapshot: s, Path: samplePath}
	for _, r := range oracle(t, "regclass") {
		if strings.Contains(r[1], "pg_toast") {
			continue
		}
		id, _ := strconv.ParseUint(r[0], 10, 32)
		if got, ok := reg.RegOut(types.Regclass, uint32(id)); !ok || got != r[1] {
			t.Errorf("regclass of %d: %q, want %q", id, got, r[1])
		}
		if got, err := reg.RegIn(types.Regclass, r[1]); err != nil || got != uint32(id) {
			t.Errorf("%q::regclass: %d, %v", r[1], got, err)
		}
	}
	for _, r := range oracle(t, "format_type") {
		tab := s.Table(s.Schema("sales").ID, strings.TrimPrefix(r[0], "sales."))
		if tab == nil {
			continue // an index
		}
		for _, c := range tab.Columns {
			if got := catalog.FormatType(s, samplePath, c.Type); c.Name == r[1] && got != r[2] {
				t.Errorf("%s.%s: %s, want %s", r[0], r[1], got, r[2])
			}
		}
	}
}

func TestRegResolver(t *testing.T) {
	s := sample(t)
	reg := &catalog.RegResolver{Snapshot: s, Path: samplePath}
	for _, c := range []struct {
		typ     types.OID
		in, out string // out is the error's text if it is one
	}{
		{types.Regclass, "pg_class", "pg_class"},
		{types.Regclass, "pg_catalog.pg_class", "pg_class"},
		{types.Regclass, "PG_Class", "pg_class"},
		{types.Regclass, `"PG_Class"`, `relation "PG_Class" does not exist`},
		{types.Regclass, "orders", `relation "orders" does not exist`},
		{types.Regclass, "nosuch.orders", `schema "nosuch" does not exist`},
		{types.Regclass, "tidemark.sales.orders", "sales.orders"},
		{types.Regclass, "other.sales.orders", `cross-database references are not implemented: "other.sales.orders"`},
		{types.Regclass, "a.b.c.d", "improper relation name (too many dotted names): a.b.c.d"},
		{types.Regclass, "", "invalid name syntax"},
		{types.Regclass, "a..b", "invalid name syntax"},
		{types.Regclass, "information_schema.tables", "information_schema.tables"},
		{types.Regclass, "-", "-"},
		{types.Regtype, "int4", "integer"},
		{types.Regtype, "sales.order_status", "sales.order_status"},
		{types.Regtype, "sales.order_status[]", "sales.order_status[]"},
		{types.Regtype, "sales.orders", "sales.orders"},
		{types.Regtype, "nosuch", `type "nosuch" does not exist`},
		{types.Regnamespace, "sales", "sales"},
		{types.Regnamespace, "nosuch", `schema "nosuch" does not exist`},
		{types.Regrole, "postgres", "postgres"},
		{types.Regrole, "nosuch", `role "nosuch" does not exist`},
		{types.Regproc, "array_in", "array_in"},
		{types.Regproc, "pg_catalog.array_in", "array_in"},
		{types.Regproc, "nosuch", `function "nosuch" does not exist`},
		{types.Regcollation, `"C"`, `"C"`},
	} {
		id, err := reg.RegIn(c.typ, c.in)
		got := "-"
		if err != nil {
			got = err.Error()
		} else if id != 0 {
			got, _ = reg.RegOut(c.typ, id)
		}
		if got != c.out {
			t.Errorf("%q::%s = %q, want %q", c.in, types.Format(types.Of(c.typ)), got, c.out)
		}
	}
}

func TestIndexDefCollation(t *testing.T) {
	b := cattest.New()
	tab := cattest.Table("t", "a text", "b text")
	tab.Columns[1].Collation = "C"
	tab.Indexes = []catalog.Index{{Name: "i", Columns: []catalog.IndexColumn{
		{Num: 1}, {Num: 1, Collation: "C"}, {Num: 1, Collation: "default"}, {Num: 2}, {Num: 2, Collation: "default"}, {Expr: "a || b", ExprType: types.Of(types.Text)},
	}}}
	b.AddTable(tab)
	got, _ := catalog.IndexDef(b.Snapshot(), samplePath, tab.Indexes[0].ID, 0, true)
	if want := `CREATE INDEX i ON t USING btree (a, a COLLATE "C", a, b, b COLLATE "default", (a || b))`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
