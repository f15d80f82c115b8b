package chunk

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// DecodeCoded makes the coded column (types.IsCoded) of a chunk of strings that is a
// dictionary, by the chunk's own words, of which each is copied once. ok is false if it
// has another encoding, or more than most words.
func DecodeCoded(alloc memory.Allocator, dt arrow.DataType, src []byte, most int) (a arrow.Array, ok bool, err error) {
	p, err := parse(src)
	if err != nil || p.Encoding != Dictionary || dt.ID() != arrow.STRING {
		return nil, false, err
	}
	payload, err := unstage(p.Compression, p.payload)
	if err != nil {
		return nil, false, err
	}
	d := decoder{alloc: alloc, dt: dt, enc: p.Encoding, rows: p.Rows, values: p.Rows, in: input{b: payload}}
	if p.HasNulls {
		if err := d.readValidity(p.validity); err != nil {
			return nil, false, err
		}
		defer d.valid.Release()
	}
	count := d.in.length(d.values)
	if d.in.err != nil || count == 0 || count > most {
		return nil, false, d.in.err
	}
	if a, err = d.coded(count); err != nil {
		return nil, false, err
	}
	if len(d.in.b) != 0 {
		a.Release()
		return nil, false, corrupt("%d bytes after the values", len(d.in.b))
	}
	return a, true, nil
}

// coded reads count words and the codes.
func (d *decoder) coded(count int) (arrow.Array, error) {
	words := stringSink{offsets: make([]int32, count+1)}
	decodePlain(count, &d.in, &words)
	s := scratch.Get().(*[]int64)
	defer scratch.Put(s)
	if cap(*s) < d.values {
		*s = make([]int64, d.values)
	}
	wide := (*s)[:d.values]
	decodeNested(wide, &d.in)
	if d.in.err != nil {
		return nil, d.in.err
	}
	buf := d.buffer(4 * d.rows)
	out := view[int32](buf.Bytes(), d.rows)
	for i, c := range wide {
		if c < 0 || c >= int64(count) {
			buf.Release()
			return nil, corrupt("word %d of %d", c, count)
		}
		out[i] = int32(c)
	}
	valid := d.valid
	if d.values < d.rows {
		spread(out, valid.Bytes(), d.values)
		valid.Retain()
	} else {
		valid = nil
	}
	list := array.NewData(d.dt, count, []*memory.Buffer{
		nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(words.offsets)), memory.NewBufferBytes(words.data),
	}, nil, 0, 0)
	defer list.Release()
	return types.NewCoded(d.rows, valid, d.rows-d.values, buf, list), nil
}
