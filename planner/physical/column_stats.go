package physical

import (
	"math"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// defaultDistinct is assumed of a column of which nothing is known.
const defaultDistinct = 200

// columnFacts is what the planner knows of a column of a table.
type columnFacts struct {
	stats    *catalog.ColumnStats // nil: never analyzed
	rows     float64              // of the table
	distinct float64              // 0 if unknown
	nulls    float64              // part of the rows
	typ      types.Type
}

// facts finds what is known of a column, also through projections and joins,
// which pass column ids on.
func (b *Builder) facts(id expr.ColumnID) columnFacts {
	c := &b.md.Cols[id]
	out := columnFacts{typ: c.Type}
	if c.Table == 0 || b.cat == nil {
		return out
	}
	t := b.cat.TableByID(c.Table)
	if t == nil || t.Kind == catalog.KindVirtual {
		return out
	}
	out.rows = b.tableRows(t)
	if s := b.cat.Stats(t.ID); s != nil {
		out.stats = s.Columns[c.Num]
	}
	if out.stats != nil {
		out.nulls = out.stats.NullFraction
		out.distinct = math.Min(out.stats.DistinctCount(out.rows), out.rows)
	}
	if out.distinct == 0 && uniqueColumn(t, c.Num) {
		out.distinct = out.rows
	}
	if c.Type.OID == types.Bool && out.distinct == 0 {
		out.distinct = 2
	}
	return out
}

func uniqueColumn(t *catalog.Table, num int16) bool {
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if ix.Unique && len(ix.Columns) == 1 && ix.Columns[0].Num == num && ix.Predicate == "" {
			return true
		}
	}
	return false
}

// distinctOf estimates the distinct values of a column, 0 if unknown.
func (b *Builder) distinctOf(id expr.ColumnID) float64 { return b.facts(id).distinct }

// operandFacts are the facts of a comparison's operand that is a column, up to
// casts that keep different values different.
func (b *Builder) operandFacts(e expr.Expr) (columnFacts, bool) {
	c, ok := stripCasts(e).(*expr.Column)
	if !ok {
		return columnFacts{}, false
	}
	return b.facts(c.ID), true
}

// stripCasts looks through relabelling and through conversions between numbers
// and between times, for estimates only.
func stripCasts(e expr.Expr) expr.Expr {
	for {
		c, ok := e.(*expr.Cast)
		if !ok || c.Kind != expr.CastRelabel && (c.Kind != expr.CastFunc || !hasScalar(c.Typ) || !hasScalar(c.Arg.Type())) {
			return e
		}
		e = c.Arg
	}
}

// groups estimates the number of groups of rows rows: the product of the
// keys' distinct values, for the keys of one table at most a tenth of its rows
// (they are seldom independent) but not less than the largest, and of these
// what so many rows are expected to have (Cardenas' formula).
func (b *Builder) groups(keys []logical.Item, rows float64) float64 {
	type relation struct {
		table        catalog.OID
		name         string
		product, max float64
		tuples       float64
		keys         int
	}
	var rels []relation
	n := 1.0
	for _, k := range keys {
		e := stripCasts(k.Expr)
		c, ok := e.(*expr.Column)
		if !ok {
			n *= b.expressionGroups(e)
			continue
		}
		f := b.facts(c.ID)
		d := f.distinct
		if d == 0 {
			d = defaultDistinct
		}
		if f.nulls > 0 {
			d++
		}
		info := &b.md.Cols[c.ID]
		if info.Table == 0 {
			n *= d
			continue
		}
		at := -1
		for i := range rels {
			if rels[i].table == info.Table && rels[i].name == info.Rel {
				at = i
			}
		}
		if at < 0 {
			at = len(rels)
			rels = append(rels, relation{table: info.Table, name: info.Rel, product: 1, tuples: f.rows})
		}
		r := &rels[at]
		r.product *= d
		r.max = math.Max(r.max, d)
		r.keys++
	}
	for _, r := range rels {
		limit := r.tuples
		if r.keys > 1 {
			limit = math.Max(limit*0.1, r.max)
		}
		if limit > 0 {
			r.product = math.Min(r.product, limit)
		}
		n *= r.product
	}
	return math.Max(1, math.Min(draws(n, rows), rows))
}

// distinctRows estimates the distinct rows among rows rows.
func (b *Builder) distinctRows(cols []expr.ColumnID, rows float64) float64 {
	keys := make([]logical.Item, len(cols))
	for i, id := range cols {
		keys[i] = logical.Item{ID: id, Expr: b.md.Col(id)}
	}
	return b.groups(keys, rows)
}

// draws is how many of n equally likely values rows rows are expected to have.
func draws(n, rows float64) float64 {
	if n <= 1 {
		return 1
	}
	if rows >= 50*n {
		return n
	}
	return n * -math.Expm1(rows*math.Log1p(-1/n))
}

// expressionGroups estimates the distinct values of an expression: of one
// column by computing it for the column's known values, else by its columns.
func (b *Builder) expressionGroups(e expr.Expr) float64 {
	if d := b.sampledGroups(e); d > 0 {
		return d
	}
	n := 1.0
	cols := logical.Columns(e)
	cols.Each(func(id expr.ColumnID) {
		if d := b.distinctOf(id); d > 0 {
			n *= d
		} else {
			n *= defaultDistinct
		}
	})
	return n
}
