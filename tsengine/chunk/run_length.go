package chunk

import "encoding/binary"

// RunLength: the number of runs, their values and their lengths, both nested
// integers.

func runsOf(values []int64) (of, lengths []int64) {
	for i, v := range values {
		if i == 0 || v != values[i-1] {
			of, lengths = append(of, v), append(lengths, 0)
		}
		lengths[len(lengths)-1]++
	}
	return of, lengths
}

// runLengthSize bounds the size from above, by what frames take: runs of runs
// would be looked for without end else.
func runLengthSize(values []int64) int {
	of, lengths := runsOf(values)
	return uvarintBytes(uint64(len(of))) + 2 + min(frameSize(of), deltaSize(of)) + frameSize(lengths)
}

func appendRunLength(dst []byte, values []int64) []byte {
	of, lengths := runsOf(values)
	dst = binary.AppendUvarint(dst, uint64(len(of)))
	return appendFlat(appendFlat(dst, of), lengths)
}

// appendFlat is appendNested without runs of runs.
func appendFlat(dst []byte, values []int64) []byte {
	enc := Frame
	if deltaSize(values) < frameSize(values) {
		enc = Delta
	}
	return appendInts(append(dst, byte(enc)), enc, values)
}

// readRuns reads the runs of n values.
func readRuns(n int, in *input) (of, lengths []int64) {
	runs := in.length(n)
	of, lengths = make([]int64, runs), make([]int64, runs)
	decodeFlat(of, in)
	decodeFlat(lengths, in)
	left := int64(n)
	for _, l := range lengths {
		if l <= 0 || l > left {
			in.fail("a run of %d values, %d are left", l, left)
			return nil, nil
		}
		left -= l
	}
	if left != 0 {
		in.fail("%d values without a run", left)
	}
	return of, lengths
}

// decodeFlat keeps runs from nesting: input may say anything.
func decodeFlat(dst []int64, in *input) {
	enc := Encoding(in.byte())
	if enc != Frame && enc != Delta {
		in.fail("%s inside of runs", enc)
		return
	}
	decodeInts(dst, enc, in)
}

func decodeRunLength(dst []int64, in *input) {
	of, lengths := readRuns(len(dst), in)
	if in.err != nil {
		return
	}
	for r, v := range of {
		run := dst[:lengths[r]]
		for i := range run {
			run[i] = v
		}
		dst = dst[lengths[r]:]
	}
}

// decodeRunLengthRanges is decodeRunLength of the rows of ranges alone, of n.
func decodeRunLengthRanges(dst []int64, n int, ranges []Range, in *input) {
	of, lengths := readRuns(n, in)
	if in.err != nil {
		return
	}
	r, end := -1, 0 // the run, and the row behind it
	for _, want := range ranges {
		for at := want.From; at < want.To; {
			for at >= end {
				r++
				end += int(lengths[r])
			}
			to := min(want.To, end)
			out := dst[:to-at]
			for i := range out {
				out[i] = of[r]
			}
			dst, at = dst[to-at:], to
		}
	}
}

// EachRun calls fn for each run of a chunk of integers that is constant or
// run-length encoded and has no NULLs, and reports whether src is one:
// aggregates over such a chunk need not expand it.
func EachRun(src []byte, fn func(value int64, rows int)) (bool, error) {
	p, err := parse(src)
	if err != nil || p.HasNulls || p.Encoding != Constant && p.Encoding != RunLength {
		return false, err
	}
	payload, err := unstage(p.Compression, p.payload)
	if err != nil {
		return false, err
	}
	in := input{b: payload}
	if p.Encoding == Constant {
		if p.Rows > 0 {
			if v := in.varint(); in.err == nil {
				fn(v, p.Rows)
			}
		}
		return in.err == nil, in.err
	}
	of, lengths := readRuns(p.Rows, &in)
	for r, v := range of {
		if in.err == nil {
			fn(v, int(lengths[r]))
		}
	}
	return in.err == nil, in.err
}
