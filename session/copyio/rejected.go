package copyio

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// batchLines remembers the lines of the rows of the last batch, so that a row
// that violates a constraint can be shown.
type batchLines struct {
	text []byte
	ends []int // of each row's line in text
	last []int64
	row  int // the rejected row, -1 for none
	late bool
}

func (b *batchLines) reset() {
	b.text, b.ends, b.last, b.row = b.text[:0], b.ends[:0], b.last[:0], -1
}

// add notes the line of a row and the number of its last line.
func (b *batchLines) add(line []byte, number int64) {
	b.text = append(b.text, line...)
	b.ends = append(b.ends, len(b.text))
	b.last = append(b.last, number)
}

// rowError adds the line of the rejected row of a batch, if there is one, to the
// error that the rows' consumer returned.
func (d *Decoder) rowError(err error, b *batchLines) error {
	if b.row < 0 || b.row >= len(b.ends) {
		return err
	}
	e := pgerror.From(err)
	if e.Where != "" {
		return err
	}
	d.line = b.last[b.row]
	if b.late || d.opts.Format == Binary {
		return d.lineError(e, nil)
	}
	start := 0
	if b.row > 0 {
		start = b.ends[b.row-1]
	}
	return d.lineError(e, b.text[start:b.ends[b.row]])
}
