package planner_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/catalog/statistics"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// stats gives tables the statistics of made-up rows, a line a column:
//
//	TABLE.COLUMN rows=1000000 distinct=100 [nulls=0.1] [skew=0.5]
//
// The column holds 1 to distinct (dates: days from 1992-01-01, texts: the
// numbers) in equal shares, but for skew, the share of the value 1.
func (e *env) stats(input string) error {
	for line := range strings.Lines(input) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		table, column, _ := strings.Cut(fields[0], ".")
		t := e.snapshot().Resolve([]string{"public"}, "", table)
		if t == nil || t.Column(column) == nil {
			return fmt.Errorf("no column %s", fields[0])
		}
		args := map[string]float64{}
		for _, f := range fields[1:] {
			name, value, _ := strings.Cut(f, "=")
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return err
			}
			args[name] = v
		}
		c := t.Column(column)
		next := &catalog.TableStats{Rows: args["rows"], Bytes: int64(args["bytes"]), Columns: map[int16]*catalog.ColumnStats{}}
		if old := e.snapshot().Stats(t.ID); old != nil {
			for num, cs := range old.Columns {
				next.Columns[num] = cs
			}
		}
		sample, err := madeUp(c.Type, args)
		if err != nil {
			return err
		}
		next.Columns[c.Num] = statistics.Column(sample, nil, c.Type, args["rows"], statistics.DefaultTarget)
		e.b.SetStats(t.ID, next)
		e.snap = nil
	}
	return nil
}

func madeUp(typ types.Type, args map[string]float64) ([]types.Datum, error) {
	n := min(int(args["rows"]), 30000)
	distinct := int(args["distinct"])
	out := make([]types.Datum, n)
	for i := range out {
		part := float64(i) / float64(n)
		value := 1 + i%distinct
		if distinct > n {
			value = 1 + int(float64(i)/float64(n)*float64(distinct))
		}
		switch {
		case part < args["nulls"]:
			out[i] = types.Null
			continue
		case part < args["nulls"]+args["skew"]:
			value = 1
		}
		text := strconv.Itoa(value)
		if typ.OID == types.Date {
			d, err := types.Parse(typ, "1992-01-01", nil)
			if err != nil {
				return nil, err
			}
			d.I += int64(value)
			out[i] = d
			continue
		}
		d, err := types.Parse(typ, text, nil)
		if err != nil {
			return nil, err
		}
		out[i] = d.Clone()
	}
	return out, nil
}
