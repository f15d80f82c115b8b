package session

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/catalog/statistics"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// rowsPerTarget is how many rows ANALYZE looks at for each unit of the
// statistics target. 300 makes a histogram's groups equal within half their
// size with a probability of 99% for tables of up to a million rows, and hardly
// less beyond (Chaudhuri, Motwani and Narasayya, SIGMOD 1998; PostgreSQL's number).
const rowsPerTarget = 300

// reservoir is a uniform sample of the rows offered to it (Vitter's algorithm
// R), in columns.
type reservoir struct {
	size    int
	offered int64
	columns [][]types.Datum
	places  []int64 // of the rows in the table, parallel to the columns
	// sketches see every row offered; nil for none, and in it for columns that have none.
	sketches []*statistics.Sketch
}

func newReservoir(size, columns int) *reservoir {
	return &reservoir{size: size, columns: make([][]types.Datum, columns)}
}

// add offers the rows of a batch.
func (r *reservoir) add(batch arrow.RecordBatch) {
	cols := batch.Columns()[:len(r.columns)]
	for c, sketch := range r.sketches {
		if sketch != nil {
			sketch.Add(cols[c])
		}
	}
	for i := range int(batch.NumRows()) {
		r.offered++
		at := int64(len(r.places))
		if at == int64(r.size) {
			if at = rand.Int64N(r.offered); at >= int64(r.size) {
				continue
			}
		} else {
			r.places = append(r.places, 0)
			for c := range r.columns {
				r.columns[c] = append(r.columns[c], types.Null)
			}
		}
		r.places[at] = r.offered
		for c, col := range cols {
			r.columns[c][at] = types.Null
			if !col.IsNull(i) {
				r.columns[c][at] = sampled(types.DatumAt(col, i))
			}
		}
	}
}

// sampled copies a value out of a batch. Of wide ones a part is enough: they are
// only counted, and 30,000 whole ones might not fit in memory.
func sampled(d types.Datum) types.Datum {
	if len(d.S) > statistics.MaxWidth {
		d.S = d.S[:statistics.MaxWidth+1]
	}
	return d.Clone()
}

// column gives the sampled values of a column in the order of the table.
func (r *reservoir) column(c int, order []int) []types.Datum {
	out := make([]types.Datum, len(order))
	for i, at := range order {
		out[i] = r.columns[c][at]
	}
	return out
}

// order lists the sampled rows in the order of the table.
func (r *reservoir) order() []int {
	out := make([]int, len(r.places))
	for i := range out {
		out[i] = i
	}
	slices.SortFunc(out, func(a, b int) int { return cmp.Compare(r.places[a], r.places[b]) })
	return out
}

// sampleTable makes the statistics of a table's columns from a sample, and counts
// its rows or, of a large table, estimates them.
func (s *Session) sampleTable(ctx context.Context, snap *catalog.Snapshot, target *vacuumTarget) (*catalog.TableStats, error) {
	t := target.table
	want := s.settings.statisticsTarget
	rows := newReservoir(rowsPerTarget*want, len(target.columns))
	total, ok, err := s.sampleLarge(ctx, snap, target, rows)
	if err == nil && !ok {
		rows.sketches = make([]*statistics.Sketch, len(target.columns))
		for c, k := range target.columns {
			rows.sketches[c] = statistics.NewSketch(t.Columns[k].Type)
		}
		err = s.readTable(ctx, snap, target, rows)
		total = float64(rows.offered)
	}
	if err != nil {
		return nil, err
	}
	stats := &catalog.TableStats{Rows: total, Sampled: int64(len(rows.places)), Columns: map[int16]*catalog.ColumnStats{}}
	size, err := s.server.store.ApproximateSize(ctx, catalog.TableSpan(t))
	if err != nil {
		return nil, err
	}
	stats.Bytes = int64(size)
	if rows.offered == 0 {
		return stats, nil
	}
	if rows.sketches == nil {
		rows.sketches = make([]*statistics.Sketch, len(target.columns)) // of a part of the rows they would be wrong
	}
	order := rows.order()
	for c, k := range target.columns {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		col := &t.Columns[k]
		stats.Columns[col.Num] = statistics.Column(rows.column(c, order), rows.sketches[c], col.Type, stats.Rows, want)
	}
	return stats, nil
}

// sampleLarge offers rows of a large table to a sample that holds all of them; ok
// is false if the table has to be read.
func (s *Session) sampleLarge(ctx context.Context, snap *catalog.Snapshot, target *vacuumTarget, rows *reservoir) (total float64, ok bool, err error) {
	txn, err := s.openTxn(ctx, false)
	if err != nil {
		return 0, false, err
	}
	r := &running{account: executor.NewAccount("query", s.server.config.QueryMemoryLimit, s.memory)}
	defer r.close()
	s.prepareEnv(r, txn, snap, nil, 0)
	return executor.SampleRows(ctx, &r.env, target.table, target.columns, rows.size, rows.add)
}

// readTable offers all rows of a table to a sample.
func (s *Session) readTable(ctx context.Context, snap *catalog.Snapshot, target *vacuumTarget, rows *reservoir) error {
	var names []string
	for _, k := range target.columns {
		names = append(names, catalog.QuoteIdent(target.table.Columns[k].Name))
	}
	stmts, err := parser.Parse("SELECT " + strings.Join(names, ", ") + " FROM " +
		catalog.QuoteIdent(snap.SchemaByID(target.table.Schema).Name) + "." + catalog.QuoteIdent(target.table.Name))
	if err != nil {
		return err
	}
	return s.queryBatches(ctx, stmts[0].Stmt, "", func(batch arrow.RecordBatch) error {
		rows.add(batch)
		return nil
	})
}
