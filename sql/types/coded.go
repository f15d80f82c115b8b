package types

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A coded column is an Arrow dictionary array of strings: each row is the place of
// its value among the column's words, which are distinct and not NULL; rows that are
// NULL are so in the array's own bitmap. Its Go type is *array.Dictionary, so that
// who knows plain columns only must not see it: Plain makes one of it.
//
// Invariant: a coded column has a word if it has a row, and all codes are places of
// words, those of NULLs too.

var codedTypes = map[arrow.Type]*arrow.DictionaryType{
	arrow.STRING: {IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String},
	arrow.BINARY: {IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.Binary},
}

// CodedType is the type of coded columns of strings of type t.
func CodedType(t arrow.DataType) *arrow.DictionaryType { return codedTypes[t.ID()] }

// IsCoded reports whether a column is coded.
func IsCoded(a arrow.Array) bool { return a.DataType().ID() == arrow.DICTIONARY }

// Words are a coded column's words. They stay the column's.
func Words(a arrow.Array) arrow.Array { return a.(*array.Dictionary).Dictionary() }

// WordsOf names the words of a coded column: columns that share them have the same.
func WordsOf(a arrow.Array) arrow.ArrayData { return a.Data().Dictionary() }

// Codes are the places of a coded column's rows among its words.
func Codes(a arrow.Array) []int32 {
	d := a.Data()
	if d.Len() == 0 {
		return nil
	}
	b := d.Buffers()[1].Bytes()[4*d.Offset():]
	_ = b[4*d.Len()-1]
	return unsafe.Slice((*int32)(unsafe.Pointer(&b[0])), d.Len())
}

// TakeCoded makes the coded column of the given rows of a coded one; row -1 gives NULL.
func TakeCoded(alloc memory.Allocator, a arrow.Array, rows []int32) arrow.Array {
	codes, n := Codes(a), len(rows)
	buf := newAligned(alloc, 4*n)
	out := arrow.Int32Traits.CastFromBytes(buf.Bytes())
	missing := int32(0)
	for i, r := range rows {
		missing |= r
		if r >= 0 {
			out[i] = codes[r]
		} else {
			out[i] = 0
		}
	}
	var valid *memory.Buffer
	nulls := 0
	if missing < 0 || a.NullN() > 0 {
		valid, nulls = takeValid(alloc, a, rows, n)
	}
	return NewCoded(n, valid, nulls, buf, WordsOf(a))
}

// NewCoded makes a coded column of n rows. It takes valid, which may be nil, and
// codes over; words stay the caller's.
func NewCoded(n int, valid *memory.Buffer, nulls int, codes *memory.Buffer, words arrow.ArrayData) arrow.Array {
	d := array.NewDataWithDictionary(CodedType(words.DataType()), n, []*memory.Buffer{valid, codes}, nulls, 0, words.(*array.Data))
	defer d.Release()
	if valid != nil {
		valid.Release()
	}
	codes.Release()
	return array.NewDictionaryData(d)
}

// shortWord is the longest word that is copied by one store of so many bytes.
const shortWord = 16

// Plain makes a coded column plain: the one way to the values for who does not know
// codes. The column stays the caller's; what is plain already is retained.
func Plain(alloc memory.Allocator, a arrow.Array) arrow.Array {
	if !IsCoded(a) {
		a.Retain()
		return a
	}
	return TakeWords(alloc, a, nil)
}

// TakeWords makes the plain column of the given rows of a coded one, nil for all.
func TakeWords(alloc memory.Allocator, a arrow.Array, rows []int32) arrow.Array {
	codes := Codes(a)
	if rows != nil {
		all := codes
		codes = make([]int32, len(rows))
		for i, r := range rows {
			codes[i] = all[r]
		}
	}
	n := len(codes)
	var valid *memory.Buffer
	nulls := 0
	if a.NullN() > 0 {
		valid, nulls = takeValid(alloc, a, rows, n)
	}
	offsets := newAligned(alloc, 4*(n+1))
	values := newWordTable(Words(a)).spell(alloc, codes, valid, arrow.Int32Traits.CastFromBytes(offsets.Bytes()))
	buffers := []*memory.Buffer{valid, offsets, values}
	d := array.NewData(a.DataType().(*arrow.DictionaryType).ValueType, n, buffers, nil, nulls, 0)
	defer d.Release()
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	return array.MakeFromData(d)
}

// wordTable are words as bytes: word i is bytes[ends[i]:ends[i+1]].
type wordTable struct {
	ends  []int32
	bytes []byte
}

func newWordTable(words arrow.Array) wordTable {
	var w wordTable
	switch words := words.(type) {
	case *array.String:
		w.ends = words.ValueOffsets()
	case *array.Binary:
		w.ends = words.ValueOffsets()
	default:
		panic(fmt.Sprintf("types: no words in %T", words))
	}
	if b := words.Data().Buffers()[2]; b != nil {
		w.bytes = b.Bytes()
	}
	return w
}

// spell writes the words of codes one behind the other, and where they end to ends.
func (w wordTable) spell(alloc memory.Allocator, codes []int32, valid *memory.Buffer, ends []int32) *memory.Buffer {
	size := 0
	ends[0] = 0
	for i, c := range codes {
		if valid == nil || bitutil.BitIsSet(valid.Bytes(), i) {
			size += int(w.ends[c+1] - w.ends[c])
		}
		ends[i+1] = int32(size)
	}
	buf := newAligned(alloc, size+shortWord)
	out := buf.Bytes()
	for i, c := range codes {
		from, to := int(w.ends[c]), int(w.ends[c+1])
		switch {
		case ends[i] == ends[i+1]: // NULL, or nothing to write
		case to-from <= shortWord && len(w.bytes)-from >= shortWord:
			*(*[shortWord]byte)(out[ends[i]:]) = *(*[shortWord]byte)(w.bytes[from:])
		default:
			copy(out[ends[i]:], w.bytes[from:to])
		}
	}
	buf.ResizeNoShrink(size)
	return buf
}

// takeValid is the bitmap of the given rows, nil for all, of a; nil without NULLs.
// Row -1 is NULL.
func takeValid(alloc memory.Allocator, a arrow.Array, rows []int32, n int) (valid *memory.Buffer, nulls int) {
	valid = newAligned(alloc, int(bitutil.BytesForBits(int64(n))))
	bits := valid.Bytes()
	clear(bits)
	for i := range n {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		if r >= 0 && a.IsValid(r) {
			bitutil.SetBit(bits, i)
		} else {
			nulls++
		}
	}
	if nulls == 0 {
		valid.Release()
		return nil, 0
	}
	return valid, nulls
}

func newAligned(alloc memory.Allocator, size int) *memory.Buffer {
	b := memory.NewResizableBuffer(alloc)
	b.Resize(size)
	return b
}

// NewBatch makes a batch of n rows of columns, which stay the caller's. A column may
// be coded where the schema has strings, and plain where it has codes: the batch's
// schema says what it is.
func NewBatch(schema *arrow.Schema, cols []arrow.Array, n int) arrow.RecordBatch {
	return array.NewRecordBatch(schemaOfColumns(schema, cols), cols, int64(n))
}

func schemaOfColumns(schema *arrow.Schema, cols []arrow.Array) *arrow.Schema {
	var fields []arrow.Field
	for i, c := range cols {
		want := schema.Field(i).Type
		if (want.ID() == arrow.DICTIONARY) == IsCoded(c) {
			continue
		}
		if fields == nil {
			fields = schema.Fields()
		}
		fields[i].Type = c.DataType()
	}
	if fields == nil {
		return schema
	}
	return arrow.NewSchema(fields, nil)
}

// PlainBatch is Plain for a batch, which it takes over.
func PlainBatch(alloc memory.Allocator, b arrow.RecordBatch) arrow.RecordBatch {
	coded := false
	for _, c := range b.Columns() {
		coded = coded || IsCoded(c)
	}
	if !coded {
		return b
	}
	defer b.Release()
	cols := make([]arrow.Array, b.NumCols())
	for i, c := range b.Columns() {
		cols[i] = Plain(alloc, c)
	}
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	return NewBatch(b.Schema(), cols, int(b.NumRows()))
}
