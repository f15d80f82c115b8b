package rowstore

import (
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/rowstore/rowcodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// handleKind says what a table's handle is.
type handleKind uint8

const (
	handleRowID  handleKind = iota // a hidden row id, 8 bytes
	handleInt                      // an int2, int4 or int8 primary key, 8 bytes
	handleCommon                   // the coded primary key columns
)

// Layout is how one version of a table lies in keys and values: everything
// that can be prepared from its descriptor. It is read-only and may be shared
// and kept as long as the descriptor is valid.
type Layout struct {
	Table *catalog.Table

	rowPrefix []byte
	handle    handleKind
	pk        []keyColumn // clustered primary key
	encoder   *rowcodec.Encoder
	// large lists the stored columns whose values may lie in overflow keys.
	large   []rowcodec.Column
	indexes []indexLayout
	// rowIDShards is over how many parts hidden row ids are spread.
	rowIDShards int
}

// keyColumn is a column of an index or clustered primary key.
type keyColumn struct {
	keycodec.Column
	ordinal int // -1 for an expression
	typ     types.Type
}

// indexLayout is how an index's entries lie. The clustered primary key has none.
type indexLayout struct {
	position int // in Table.Indexes
	index    *catalog.Index
	prefix   []byte
	columns  []keyColumn
	// intHandle: handles have 8 bytes.
	intHandle bool
	// restored encodes the columns that are kept in the entry's value, because
	// the key does not give them back or because they are INCLUDE columns; nil if
	// there are none.
	restored *rowcodec.Encoder
}

// NewLayout prepares a table's layout.
func NewLayout(t *catalog.Table) *Layout {
	l := &Layout{Table: t, rowPrefix: keycodec.AppendKind(nil, t.Storage, keycodec.KindRow)}
	if t.Clustered && len(t.Indexes) > 0 && t.Indexes[0].Primary {
		l.pk = keyColumns(t, &t.Indexes[0])
		l.handle = handleCommon
		if len(l.pk) == 1 && isIntHandle(l.pk[0].typ) {
			l.handle = handleInt
		}
	}
	l.rowIDShards = RowIDShards(t)
	l.encoder = rowcodec.NewEncoder(l.storedColumns())
	for _, c := range l.encoder.Columns() {
		if c.Kind.IsBytes() {
			l.large = append(l.large, c)
		}
	}
	for i := range t.Indexes {
		if i == 0 && l.handle != handleRowID {
			continue
		}
		x := newIndexLayout(t, i)
		x.intHandle = l.handle != handleCommon
		l.indexes = append(l.indexes, x)
	}
	return l
}

func isIntHandle(t types.Type) bool {
	return t.OID == types.Int8 || t.OID == types.Int4 || t.OID == types.Int2
}

func keyColumns(t *catalog.Table, ix *catalog.Index) []keyColumn {
	out := make([]keyColumn, len(ix.Columns))
	for i, c := range ix.Columns {
		k := keyColumn{ordinal: int(c.Num) - 1, typ: c.ExprType}
		if k.ordinal >= 0 {
			k.typ = t.Columns[k.ordinal].Type
		}
		k.Column = keycodec.NewColumn(k.typ, c.Desc, c.NullsFirst)
		out[i] = k
	}
	return out
}

// storedColumns are the columns inside of the row's value.
func (l *Layout) storedColumns() []rowcodec.Column {
	out := make([]rowcodec.Column, 0, len(l.Table.Columns))
	for i := range l.Table.Columns {
		c := &l.Table.Columns[i]
		if c.Dropped || l.handle == handleInt && l.pk[0].ordinal == i {
			continue
		}
		out = append(out, rowColumn(c, i))
	}
	return out
}

func rowColumn(c *catalog.Column, ordinal int) rowcodec.Column {
	p := c.Type.Phys()
	return rowcodec.Column{ID: uint32(c.Num), Ordinal: ordinal, Kind: rowcodec.KindOf(p), Phys: p}
}

func newIndexLayout(t *catalog.Table, position int) indexLayout {
	ix := &t.Indexes[position]
	x := indexLayout{
		position: position,
		index:    ix,
		prefix:   keycodec.AppendIndex(nil, t.Storage, ix.Storage),
		columns:  keyColumns(t, ix),
	}
	restore := len(ix.Include) > 0
	var ordinals []int
	for i := range x.columns {
		if k := &x.columns[i]; k.ordinal >= 0 {
			restore = restore || !k.Lossless()
			ordinals = append(ordinals, k.ordinal)
		}
	}
	if !restore {
		return x
	}
	for _, num := range ix.Include {
		ordinals = append(ordinals, int(num)-1)
	}
	slices.Sort(ordinals)
	var columns []rowcodec.Column
	for _, o := range slices.Compact(ordinals) {
		columns = append(columns, rowColumn(&t.Columns[o], o))
	}
	x.restored = rowcodec.NewEncoder(columns)
	return x
}

// index returns the layout of an index, nil for the clustered primary key.
func (l *Layout) index(ix *catalog.Index) *indexLayout {
	for i := range l.indexes {
		if l.indexes[i].index == ix || l.indexes[i].index.ID == ix.ID {
			return &l.indexes[i]
		}
	}
	return nil
}

// HasHiddenRowID reports whether rows are keyed by a hidden row id.
func (l *Layout) HasHiddenRowID() bool { return l.handle == handleRowID }

// Covers reports whether a scan of the index gives the columns (ordinals)
// without reading the rows.
func (l *Layout) Covers(ix *catalog.Index, output []int) bool {
	x := l.index(ix)
	if x == nil {
		return true
	}
	for _, o := range output {
		if kind, _ := l.source(x, o); kind == sourceNone {
			return false
		}
	}
	return true
}

// sourceKind says where a scan takes a column from.
type sourceKind uint8

const (
	sourceNone      sourceKind = iota
	sourceRow                  // the row's value, or the restored columns of an index entry
	sourceHandle               // the integer handle
	sourceKey                  // an index key column
	sourceHandleKey            // a column of a common handle
)

// source finds a column in the entries of an index; at is the key column.
func (l *Layout) source(x *indexLayout, ordinal int) (kind sourceKind, at int) {
	if l.handle == handleInt && l.pk[0].ordinal == ordinal {
		return sourceHandle, 0
	}
	if x.restored != nil {
		for _, c := range x.restored.Columns() {
			if c.Ordinal == ordinal {
				return sourceRow, 0
			}
		}
	} else {
		for i := range x.columns {
			if x.columns[i].ordinal == ordinal {
				return sourceKey, i
			}
		}
	}
	if l.handle == handleCommon {
		for i := range l.pk {
			if l.pk[i].ordinal == ordinal && l.pk[i].Lossless() {
				return sourceHandleKey, i
			}
		}
	}
	return sourceNone, 0
}
