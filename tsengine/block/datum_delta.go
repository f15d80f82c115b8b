package block

import (
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// BuildDatumDelta is BuildDelta for new rows that are given as datums, as single
// rows are: value is the value of a row in columns[col].
func BuildDatumDelta(columns []Column, rows []Row, value func(r *Row, col int) types.Datum) ([]byte, error) {
	groups, positions := make([]uint64, len(rows)), make([]int64, len(rows))
	for i := range rows {
		groups[i], positions[i] = rows[i].Group, rows[i].Position
	}
	c := container{ids: make([]uint32, 0, 3+len(columns)), data: make([][]byte, 0, 3+len(columns))}
	c.addDelta(groups, positions, nil, nil)
	for k := range columns {
		b, err := chunk.AppendDatums(nil, columns[k].Type, len(rows), func(i int) types.Datum { return value(&rows[i], k) })
		if err != nil {
			return nil, err
		}
		c.add(columns[k].ID+firstColumn, b)
	}
	return c.append(nil), nil
}
