package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Trace collects what the names of a query stand for, by their places in its
// text. Stored queries (views) are kept right with it when objects are renamed.
// What views inside of the query consist of is not traced.
type Trace struct {
	// Tables are the relations that FROM names, by the offset of the name.
	Tables map[int]*catalog.Table
	// Types are the user-defined types named, by the offset of the name.
	Types map[int]types.OID
	// Stars are the columns that "*" and "x.*" of select lists stand for.
	Stars map[int][]StarColumn
	// Calls are calls in FROM that stand for queries, whose text is to be put in their place.
	Calls map[int]string
	// Functions are the user's functions that are called, by the offset of the name.
	Functions map[int]*catalog.Function
	// Columns are the columns of relations that are read.
	Columns map[catalog.ColumnRef]bool
}

// StarColumn is a column that a star stands for: Relation is the name under
// which its relation is visible, "" for a column of a join without a name.
type StarColumn struct{ Relation, Column string }

func (t *Trace) reset() {
	*t = Trace{Tables: map[int]*catalog.Table{}, Types: map[int]types.OID{}, Stars: map[int][]StarColumn{}, Calls: map[int]string{}, Functions: map[int]*catalog.Function{}, Columns: map[catalog.ColumnRef]bool{}}
}

func (b *Binder) traceTable(offset int, t *catalog.Table) {
	if b.trace != nil {
		b.trace.Tables[offset] = t
	}
}

func (b *Binder) traceType(offset int, oid types.OID) {
	if b.trace == nil || types.Lookup(oid) != nil {
		return
	}
	b.trace.Types[offset] = oid
}

func (b *Binder) traceFunction(offset int, f *catalog.Function) {
	if b.trace != nil && offset >= 0 {
		b.trace.Functions[offset] = f
	}
}

func (b *Binder) traceColumn(item *nsItem, i int) {
	if b.trace == nil {
		return
	}
	switch {
	case item.view != nil:
		b.trace.Columns[catalog.ColumnRef{Relation: item.view.ID, Column: int16(i + 1)}] = true
	case item.cols == nil && item.table != nil:
		b.trace.Columns[catalog.ColumnRef{Relation: item.table.ID, Column: item.table.Columns[i].Num}] = true
	case item.cols[i].value == nil:
		if info := b.MD.Cols[item.cols[i].id]; info.Table != 0 && info.Num > 0 {
			b.trace.Columns[catalog.ColumnRef{Relation: info.Table, Column: info.Num}] = true
		}
	}
}

func (b *Binder) traceStar(s *scope, item *nsItem, i, offset int) {
	if b.trace == nil {
		return
	}
	c := StarColumn{item.alias, item.colName(i)}
	if item.alias == "" && item.cols != nil && item.cols[i].value == nil {
		for _, it := range s.items { // the name of the joined relation it comes from
			if it == item || !it.relVisible || it.alias == "" {
				continue
			}
			for k := range it.numCols() {
				if col := it.col(k); col.value == nil && col.id == item.cols[i].id && it.colName(k) != "" {
					c = StarColumn{it.alias, it.colName(k)}
				}
			}
		}
	}
	b.trace.Stars[offset] = append(b.trace.Stars[offset], c)
}
