package rowstore

import (
	"encoding/binary"
	"math/big"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// chunkColumn is a column of TiDB's chunk encoding:
//
//	rows uint32, NULLs uint32, [a bit for each row that has a value], [end offsets int64, one more than rows], values
//
// all little-endian. The bits are left out if there is no NULL, the offsets for
// values of fixed width.
type chunkColumn struct {
	rows    int
	bits    []byte
	offsets []byte
	data    []byte
	width   int
}

// chunk decodes rows in the chunk encoding: several of them, one column after
// another.
func (d *pushedDecoder) chunk(b []byte) (ok bool, err error) {
	columns := make([]chunkColumn, len(d.p.wire))
	for i := range columns {
		if b, err = columns[i].read(b, d.p.wire[i].width()); err != nil {
			return false, err
		}
		if columns[i].rows != columns[0].rows {
			return false, errPushedRow
		}
	}
	for row := range columns[0].rows {
		d.begin()
		for i := range columns {
			c := &d.p.wire[i]
			if c.at < 0 {
				continue
			}
			if ok, err = d.cell(c, &columns[i], row); !ok || err != nil {
				return false, err
			}
		}
		d.end()
	}
	return true, nil
}

// decimalWidth is the size of a decimal in a chunk.
const decimalWidth = 40

// width is that of a column's values in chunks, 0 for bytes.
func (c *wireColumn) width() int {
	switch c.form {
	case wireInt:
		return 8
	case wireDecimal:
		return decimalWidth
	}
	return 0
}

func (c *chunkColumn) read(b []byte, width int) (rest []byte, err error) {
	if len(b) < 8 {
		return nil, errPushedRow
	}
	c.rows, c.width = int(binary.LittleEndian.Uint32(b)), width
	nulls := binary.LittleEndian.Uint32(b[4:])
	b = b[8:]
	cut := func(n int) (out []byte) {
		if n < 0 || n > len(b) {
			err = errPushedRow
			return nil
		}
		out, b = b[:n], b[n:]
		return out
	}
	if nulls > 0 {
		c.bits = cut((c.rows + 7) / 8)
	}
	size := c.rows * width
	if width == 0 && err == nil {
		if c.offsets = cut(8 * (c.rows + 1)); err == nil {
			size = int(int64(binary.LittleEndian.Uint64(c.offsets[8*c.rows:])))
		}
	}
	if err == nil {
		c.data = cut(size)
	}
	return b, err
}

// cell appends a row's value.
func (d *pushedDecoder) cell(w *wireColumn, c *chunkColumn, row int) (ok bool, err error) {
	if c.bits != nil && c.bits[row>>3]&(1<<(row&7)) == 0 {
		d.p.vectors[w.at].appendNulls(1)
		return true, nil
	}
	switch c.width {
	case 8:
		return true, d.integer(w, int64(binary.LittleEndian.Uint64(c.data[8*row:])))
	case decimalWidth:
		x, err := chunkDecimal(c.data[decimalWidth*row:][:decimalWidth])
		if err != nil {
			return false, err
		}
		return true, d.decimal(w, x)
	}
	from, to := binary.LittleEndian.Uint64(c.offsets[8*row:]), binary.LittleEndian.Uint64(c.offsets[8*row+8:])
	if from > to || to > uint64(len(c.data)) {
		return false, errPushedRow
	}
	return d.stored(w, c.data[from:to])
}

// chunkDecimal reads TiDB's MyDecimal: digits before and after the point, those
// that are shown, whether it is negative, and nine numbers of nine digits.
func chunkDecimal(b []byte) (types.Decimal, error) {
	whole, frac := int(b[0]), int(b[1])
	words := (whole+8)/9 + (frac+8)/9
	if words > 9 {
		return types.Decimal{}, errPushedRow
	}
	sum, billion := new(big.Int), big.NewInt(1_000_000_000)
	for i := range words {
		sum.Mul(sum, billion)
		sum.Add(sum, big.NewInt(int64(binary.LittleEndian.Uint32(b[4+4*i:]))))
	}
	if b[3] != 0 {
		sum.Neg(sum)
	}
	d := types.DecimalFromBig(sum, (frac+8)/9*9)
	return d.Trunc(frac), nil
}
