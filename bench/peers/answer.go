package peers

import "github.com/apache/arrow-go/v18/arrow"

// wireAnswer keeps rows as bytes, one value behind the other.
type wireAnswer struct {
	width int
	bytes []byte
	ends  []int // of each value; -1 less its end for NULL
}

func (a *wireAnswer) add(values [][]byte) {
	a.width = len(values)
	for _, v := range values {
		a.bytes = append(a.bytes, v...)
		end := len(a.bytes)
		if v == nil {
			end = -1 - end
		}
		a.ends = append(a.ends, end)
	}
}

func (a *wireAnswer) rows() [][]string {
	var out [][]string
	from := 0
	for i, end := range a.ends {
		if i%a.width == 0 {
			out = append(out, make([]string, 0, a.width))
		}
		row, text := &out[len(out)-1], `\N`
		if end >= 0 {
			text, from = string(a.bytes[from:end]), end
		}
		*row = append(*row, text)
	}
	return out
}

// duckAnswer keeps Arrow batches.
type duckAnswer []arrow.RecordBatch

func (a duckAnswer) rows() [][]string {
	var out [][]string
	for _, b := range a {
		for i := range int(b.NumRows()) {
			row := make([]string, b.NumCols())
			for k, c := range b.Columns() {
				if row[k] = c.ValueStr(i); c.IsNull(i) {
					row[k] = `\N`
				}
			}
			out = append(out, row)
		}
		b.Release()
	}
	return out
}
