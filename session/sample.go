package session

import (
	"context"
	"math/rand/v2"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// sampleRows is how many rows ANALYZE looks at: 300 for each of PostgreSQL's
// 100 histogram buckets.
const sampleRows = 30000

// sampleTable counts a table's rows and estimates its columns' statistics from
// a uniform sample (Vitter's algorithm R).
func (s *Session) sampleTable(ctx context.Context, snap *catalog.Snapshot, target *vacuumTarget) (*catalog.TableStats, error) {
	t := target.table
	var names []string
	for _, k := range target.columns {
		names = append(names, catalog.QuoteIdent(t.Columns[k].Name))
	}
	stmts, err := parser.Parse("SELECT " + strings.Join(names, ", ") + " FROM " +
		catalog.QuoteIdent(snap.SchemaByID(t.Schema).Name) + "." + catalog.QuoteIdent(t.Name))
	if err != nil {
		return nil, err
	}
	var rows [][]types.Datum
	total := int64(0)
	err = s.queryBatches(ctx, stmts[0].Stmt, func(batch arrow.RecordBatch) error {
		for i := range int(batch.NumRows()) {
			total++
			at := int64(len(rows))
			if at == sampleRows {
				if at = rand.Int64N(total); at >= sampleRows {
					continue
				}
			} else {
				rows = append(rows, make([]types.Datum, len(names)))
			}
			for c, col := range batch.Columns()[:len(names)] {
				rows[at][c] = types.Null
				if !col.IsNull(i) {
					rows[at][c] = types.DatumAt(col, i).Clone()
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	stats := &catalog.TableStats{Rows: float64(total), Columns: map[int16]*catalog.ColumnStats{}}
	for c, k := range target.columns {
		if len(rows) > 0 {
			stats.Columns[t.Columns[k].Num] = columnStats(rows, c, float64(total), t.Columns[k].Type)
		}
	}
	return stats, nil
}

// columnStats estimates a column's statistics from sampled rows of a table of
// total rows, as PostgreSQL's compute_scalar_stats.
func columnStats(rows [][]types.Datum, c int, total float64, typ types.Type) *catalog.ColumnStats {
	type value struct {
		i int64
		s string
	}
	counts := map[value]int{}
	nulls, width := 0, 0
	for _, row := range rows {
		d := row[c]
		if d.IsNull() {
			nulls++
			continue
		}
		width += len(d.S)
		counts[value{d.I, d.S}]++
	}
	present := len(rows) - nulls
	out := &catalog.ColumnStats{NullFraction: float64(nulls) / float64(len(rows))}
	if present == 0 {
		return out
	}
	out.Width = int32(width / present)
	switch typ.Phys() {
	case types.PhysString, types.PhysBinary:
	case types.PhysBool:
		out.Width = 1
	case types.PhysInt16:
		out.Width = 2
	case types.PhysInt32, types.PhysUint32, types.PhysFloat32:
		out.Width = 4
	default:
		out.Width = 8
	}
	single := 0
	for _, n := range counts {
		if n == 1 {
			single++
		}
	}
	n, d, f1 := float64(present), float64(len(counts)), float64(single)
	population := total * (1 - out.NullFraction)
	switch {
	case single == present:
		out.Distinct = -(1 - out.NullFraction) // every value differs
		return out
	case single == 0 || population <= n:
		out.Distinct = d // the sample has them all
	default: // Haas and Stokes' Duj1
		out.Distinct = min(n*d/(n-f1+f1*n/population), population)
	}
	if out.Distinct > 0.1*total {
		out.Distinct = -out.Distinct / total
	}
	return out
}
