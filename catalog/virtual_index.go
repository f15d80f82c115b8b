package catalog

import "github.com/tidemarkdb/tidemark/sql/types"

func init() {
	// By the table rather than by the index: psql asks for a table's indexes.
	virtual("pg_index", func(v VirtualEnv, emit emitFunc) error {
		for _, t := range v.Snapshot.Tables() {
			if err := emitIndexes(v.Snapshot, t, emit); err != nil {
				return err
			}
		}
		return nil
	}).byOID(1, func(v VirtualEnv, id OID, emit emitFunc) error {
		if t := v.Snapshot.TableByID(id); t != nil {
			return emitIndexes(v.Snapshot, t, emit)
		}
		return nil
	})
}

func emitIndexes(s *Snapshot, t *Table, emit emitFunc) error {
	for i := range t.Indexes {
		if err := emit(indexRow(s, t, &t.Indexes[i])); err != nil {
			return err
		}
	}
	return nil
}

// Bits of indoption.
const (
	indoptionDesc       = 1
	indoptionNullsFirst = 2
)

func indexRow(s *Snapshot, t *Table, ix *Index) []types.Datum {
	n := len(ix.Columns)
	keys := make([]int16, n, n+len(ix.Include))
	collations, classes, opts := make([]OID, n), make([]OID, n), make([]int16, n)
	for i := range ix.Columns {
		c := &ix.Columns[i]
		keys[i] = c.Num
		typ := indexColumnType(t, c).OID
		classes[i] = s.indexOpclass(c, typ).id
		switch {
		case c.Collation != "":
			collations[i] = collationByName(c.Collation)
		case c.Num != 0:
			collations[i] = s.columnCollation(&t.Columns[c.Num-1])
		default:
			collations[i] = s.facts(typ).collation
		}
		if c.Desc {
			opts[i] |= indoptionDesc
		}
		if c.NullsFirst {
			opts[i] |= indoptionNullsFirst
		}
	}
	keys = append(keys, ix.Include...)
	return []types.Datum{
		dOid(ix.ID), dOid(t.ID), dInt2(len(keys)), dInt2(n), dBool(ix.Unique), dBool(ix.NullsNotDistinct), dBool(ix.Primary), dBool(false),
		dBool(!ix.Deferrable), dBool(false), dBool(ix.State == IndexPublic), dBool(false), dBool(ix.State != IndexDeleteOnly), dBool(true), dBool(false),
		vector(types.Int2, keys), vector(types.Oid, collations), vector(types.Oid, classes), vector(types.Int2, opts),
		dNullText(ix.expressions()), dNullText(ix.Predicate),
	}
}
