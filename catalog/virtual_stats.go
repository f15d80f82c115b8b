package catalog

import "github.com/tidemarkdb/tidemark/sql/types"

// emitStats emits a table's rows of pg_stats.
func emitStats(s *Snapshot, t *Table, schema types.Datum, emit emitFunc) error {
	return eachColumnStats(s, t, func(c *Column, cs *ColumnStats) error {
		common, bounds := statArray(c, cs.Common), statArray(c, cs.Bounds)
		return emit([]types.Datum{
			schema, dText(t.Name), dText(c.Name), dBool(false), dReal(cs.NullFraction), dInt4(int(cs.Width)), dReal(cs.Distinct),
			common, statReals(cs.Frequencies), bounds, statCorrelation(cs), types.Null, types.Null, types.Null,
		})
	})
}

func init() {
	virtual("pg_statistic", func(v VirtualEnv, emit emitFunc) error {
		for _, t := range v.Snapshot.Tables() {
			err := eachColumnStats(v.Snapshot, t, func(c *Column, cs *ColumnStats) error { return emit(statisticRow(t, c, cs)) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// statisticSlot is one of the five kinds of statistics in a row of pg_statistic.
type statisticSlot struct {
	kind            int
	numbers, values types.Datum
}

// The kinds of statistics slots (pg_statistic.h).
const (
	statisticCommon      = 1
	statisticHistogram   = 2
	statisticCorrelation = 3
)

func statisticRow(t *Table, c *Column, cs *ColumnStats) []types.Datum {
	const slots = 5
	list := make([]statisticSlot, 0, slots)
	if len(cs.Common) > 0 {
		list = append(list, statisticSlot{statisticCommon, statReals(cs.Frequencies), statArray(c, cs.Common)})
	}
	if len(cs.Bounds) > 0 {
		list = append(list, statisticSlot{statisticHistogram, types.Null, statArray(c, cs.Bounds)})
	}
	if cs.Correlation != nil {
		list = append(list, statisticSlot{statisticCorrelation, types.BuildArray(types.Float4, []types.Datum{dReal(*cs.Correlation)}), types.Null})
	}
	list = append(list, make([]statisticSlot, slots-len(list))...)
	row := []types.Datum{dOid(t.ID), dInt2(int(c.Num)), dBool(false), dReal(cs.NullFraction), dInt4(int(cs.Width)), dReal(cs.Distinct)}
	for _, s := range list {
		row = append(row, dInt2(s.kind))
	}
	for range 2 * slots { // operators and collations: the column type's own
		row = append(row, dOid(0))
	}
	for _, s := range list {
		row = append(row, s.numbers)
	}
	for _, s := range list {
		row = append(row, s.values)
	}
	return row
}

func eachColumnStats(s *Snapshot, t *Table, fn func(c *Column, cs *ColumnStats) error) error {
	st := s.Stats(t.ID)
	if st == nil {
		return nil
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if cs := st.Columns[c.Num]; cs != nil && !c.Dropped {
			if err := fn(c, cs); err != nil {
				return err
			}
		}
	}
	return nil
}

// statArray shows values as an array of the column's type; arrays of arrays
// are not shown.
func statArray(c *Column, values StatValues) types.Datum {
	if info := types.Lookup(c.Type.OID); len(values) == 0 || info == nil || info.Elem != 0 {
		return types.Null
	}
	return types.BuildArray(c.Type.OID, values)
}

func statReals(values []float64) types.Datum {
	if len(values) == 0 {
		return types.Null
	}
	out := make([]types.Datum, len(values))
	for i, v := range values {
		out[i] = dReal(v)
	}
	return types.BuildArray(types.Float4, out)
}

func statCorrelation(cs *ColumnStats) types.Datum {
	if cs.Correlation == nil {
		return types.Null
	}
	return dReal(*cs.Correlation)
}
