package executor

import "github.com/apache/arrow-go/v18/arrow"

// mergePos is a place among the right rows, with the keys of its chunk at hand.
type mergePos struct {
	chunkAt
	keys byteView
	data arrow.Array // of keys; nil if the chunk's are not at hand
}

// keyAt is the key of the row at p.
func (j *mergeJoin) keyAt(p *mergePos) ([]byte, error) {
	if p.data == nil {
		c, err := j.rows.chunk(p.chunk)
		if err != nil {
			return nil, err
		}
		p.data = c.Column(int(c.NumCols()) - 1)
		p.data.Retain()
		p.keys.offsets, p.keys.data = byteValues(p.data)
	}
	return p.keys.at(p.row), nil
}

// move goes to another place.
func (p *mergePos) move(to chunkAt) {
	if p.data != nil && to.chunk != p.chunk {
		p.drop()
	}
	p.chunkAt = to
}

// drop lets go of the chunk's keys.
func (p *mergePos) drop() {
	if p.data != nil {
		p.data.Release()
		p.data = nil
	}
}
