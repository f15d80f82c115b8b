package chunk

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Range is a range of rows of a chunk: [From, To).
type Range struct{ From, To int }

// DecodeRanges makes the array of the rows of some ranges, ascending and not
// empty, as Decode does of all. Of frames it unpacks those that have such rows, of runs
// these rows.
// ok is false if the chunk has NULLs or an encoding that is to be decoded as a whole.
func DecodeRanges(alloc memory.Allocator, dt arrow.DataType, src []byte, ranges []Range) (a arrow.Array, ok bool, err error) {
	p, err := parse(src)
	if err != nil || p.HasNulls || p.Encoding > ALP && p.Encoding != Raw && p.Encoding != DeltaFrames {
		return nil, false, err
	}
	rows, last := 0, 0
	for _, r := range ranges {
		if r.From < last || r.To <= r.From || r.To > p.Rows {
			return nil, false, corrupt("rows %d to %d of %d", r.From, r.To, p.Rows)
		}
		rows, last = rows+r.To-r.From, r.To
	}
	payload, err := unstage(p.Compression, p.payload)
	if err != nil {
		return nil, false, err
	}
	d := decoder{alloc: alloc, dt: dt, enc: p.Encoding, rows: rows, values: rows, in: input{b: payload}, ranges: ranges, of: p.Rows}
	a, err = d.decode()
	return a, err == nil, err
}

// ints fills dst, from the ranges if there are any.
func (d *decoder) ints(dst []int64, enc Encoding) {
	switch {
	case d.ranges == nil:
		decodeInts(dst, enc, &d.in)
	case enc == Frame || enc == DeltaFrames:
		d.intsOfFrames(dst, enc)
	case enc == Constant:
		decodeConstant(dst, &d.in)
	case enc == RunLength:
		decodeRunLengthRanges(dst, d.of, d.ranges, &d.in)
	default:
		s := scratch.Get().(*[]int64)
		defer scratch.Put(s)
		if cap(*s) < d.of {
			*s = make([]int64, d.of)
		}
		all := (*s)[:d.of]
		decodeInts(all, enc, &d.in)
		for _, r := range d.ranges {
			dst = dst[copy(dst, all[r.From:r.To]):]
		}
	}
}

// intsOfFrames fills dst and leaves the input behind the last frame.
func (d *decoder) intsOfFrames(dst []int64, enc Encoding) {
	var buf [frameRows]int64
	ranges, first := d.ranges, int64(0)
	for at := 0; at < d.of && d.in.err == nil; at += frameRows {
		end := min(d.of, at+frameRows)
		if len(ranges) == 0 || ranges[0].From >= end {
			first += skipFrame(end-at, enc, &d.in)
			continue
		}
		frame := buf[:end-at]
		if enc == Frame {
			decodeFrame(frame, &d.in)
		} else {
			first = decodeDeltaFrame(frame, first, &d.in)
		}
		for len(ranges) > 0 && ranges[0].From < end {
			from, to := max(ranges[0].From, at), min(ranges[0].To, end)
			dst = dst[copy(dst, frame[from-at:to-at]):]
			if ranges[0].To > end {
				break
			}
			ranges = ranges[1:]
		}
	}
}

// skipFrame passes over a frame of n values and returns its head, 0 if it has none.
func skipFrame(n int, enc Encoding, in *input) (head int64) {
	if enc == DeltaFrames {
		head = in.varint()
		n--
	}
	if n > 0 {
		in.varint()
		in.bytes(packedBytes(n, uint(in.byte())))
	}
	return head
}

// exceptions puts the bits of ALP's exceptions, whose positions ascend, to their
// places among the values of the ranges.
func (d *decoder) exceptions(dst []byte, size int, positions []int64, raw []byte) {
	ranges, before := d.ranges, 0 // before: values of the ranges that were passed
	for k, p := range positions {
		for len(ranges) > 0 && ranges[0].To <= int(p) {
			before += ranges[0].To - ranges[0].From
			ranges = ranges[1:]
		}
		if len(ranges) == 0 {
			return
		}
		if at := before + int(p) - ranges[0].From; int(p) >= ranges[0].From {
			copy(dst[at*size:(at+1)*size], raw[k*size:])
		}
	}
}

// rawRanges copies the raw bits of the ranges.
func (d *decoder) rawRanges(dst []byte, size int) {
	raw := d.in.bytes(d.of * size)
	if d.in.err != nil {
		return
	}
	for _, r := range d.ranges {
		dst = dst[copy(dst, raw[r.From*size:r.To*size]):]
	}
}
