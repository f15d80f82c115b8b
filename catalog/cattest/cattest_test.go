package cattest_test

import (
	"testing"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/catalog/cattest"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func TestSnapshot(t *testing.T) {
	b := cattest.New()
	a := b.AddTable(cattest.Table("a", "id int8 key", "v numeric(10,2) not null", "u text unique"))
	fk := cattest.Table("b", "id int4 key", "a int8")
	fk.ForeignKeys = []catalog.ForeignKey{{Name: "b_a_fkey", Columns: []int16{2}, RefTable: a.ID, RefColumns: []int16{1}}}
	b.AddTable(fk)
	s := b.Snapshot()
	got := s.Resolve([]string{"pg_catalog", "public"}, "", "a")
	if got == nil || len(got.ReferencedBy) != 1 || got.ReferencedBy[0] != fk.ID {
		t.Fatalf("a = %+v", got)
	}
	if got.Columns[1].Type.String() != "numeric(10,2)" || got.Columns[2].Type != types.Of(types.Text) {
		t.Errorf("columns = %+v", got.Columns)
	}
	if tab, ix := s.Index(catalog.PublicOID, "a_pkey"); tab != got || !ix.Primary {
		t.Errorf("a_pkey = %v, %v", tab, ix)
	}
	if c := s.Resolve(nil, "pg_catalog", "pg_class"); c == nil || c.Columns[1].Name != "relname" {
		t.Errorf("pg_class = %+v", c)
	}
}
