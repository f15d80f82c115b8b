// Package cattest makes catalog snapshots for tests of the layers above the
// catalog, without a store.
//
//	b := cattest.New()
//	b.AddTable(cattest.Table("t", "id int8 key", "name text null"))
//	snap := b.Snapshot()
package cattest

import (
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// New returns a builder of snapshots that starts with an empty schema public.
func New() *catalog.Builder { return catalog.NewBuilder() }

// Table describes a table by columns of the form "name type [key] [not null] [unique]":
// the key columns are the primary key, which clusters the table; a unique
// column has an index "{table}_{column}_key". It panics on what it does not
// understand, since its texts are part of tests.
func Table(name string, columns ...string) *catalog.Table {
	t := &catalog.Table{Name: name}
	var key []catalog.IndexColumn
	var unique []catalog.Index
	for i, text := range columns {
		words := strings.Fields(text)
		col := catalog.Column{Num: int16(i + 1), Name: words[0]}
		var typ []string
		for j := 1; j < len(words); j++ {
			switch words[j] {
			case "key":
				col.NotNull = true
				key = append(key, catalog.IndexColumn{Num: col.Num})
			case "not":
				col.NotNull = true
				j++
			case "null":
			case "unique":
				unique = append(unique, catalog.Index{
					Name: name + "_" + col.Name + "_key", Unique: true,
					Columns: []catalog.IndexColumn{{Num: col.Num}},
				})
			default:
				typ = append(typ, words[j])
			}
		}
		var err error
		if col.Type, err = types.ParseTypeName(strings.Join(typ, " "), nil); err != nil {
			panic(err)
		}
		t.Columns = append(t.Columns, col)
	}
	if key != nil {
		t.Clustered = true
		t.Indexes = append(t.Indexes, catalog.Index{Name: name + "_pkey", Columns: key, Unique: true, Primary: true})
	}
	t.Indexes = append(t.Indexes, unique...)
	return t
}
