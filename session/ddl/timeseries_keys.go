package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Unique keys of a time-series table are the time column and all tags: the engine
// finds a point by its series and time, and indexes are descriptors only.

// keyTags are the tags that a table's keys suggest when it was given none: the other
// columns of a unique key with the time column; nil if there is no such key.
func keyTags(t *catalog.Table) []int16 {
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if !ix.Unique || !indexHas(ix, t.TimeSeries.Time) {
			continue
		}
		var tags []int16
		for _, c := range ix.Columns {
			if c.Num != 0 && c.Num != t.TimeSeries.Time {
				tags = append(tags, c.Num)
			}
		}
		return tags
	}
	return nil
}

func indexHas(ix *catalog.Index, num int16) bool {
	return slices.ContainsFunc(ix.Columns, func(c catalog.IndexColumn) bool { return c.Num == num })
}

// checkSeriesKeys refuses unique keys that the engine cannot enforce.
func checkSeriesKeys(t *catalog.Table) error {
	for i := range t.Indexes {
		if err := checkSeriesKey(t, &t.Indexes[i]); err != nil {
			return err
		}
	}
	return nil
}

func checkSeriesKey(t *catalog.Table, ix *catalog.Index) error {
	ts := t.TimeSeries
	if !ix.Unique {
		return nil
	}
	if ix.Predicate != "" {
		return pgerror.Unsupported("a partial unique index on a time-series table")
	}
	if ts.Hypertable && !indexHas(ix, ts.Time) {
		return pgerror.New(badUniqueIndex, "cannot create a unique index without the column %q (used in partitioning)", t.Columns[ts.Time-1].Name).
			WithHint("If you're creating a hypertable on a table with a primary key, ensure the partitioning column is part of the primary or composite key.")
	}
	for _, c := range ix.Columns {
		switch {
		case c.Num == 0:
			return pgerror.Unsupported("a unique index over expressions on a time-series table")
		case c.Num != ts.Time && !slices.Contains(ts.Tags, c.Num):
			return pgerror.Unsupported("a unique key of a time-series table with column %q, which is no tag", t.Columns[c.Num-1].Name).
				WithHint("A unique key consists of the time column and the tags: %s.", keyColumnNames(t))
		}
	}
	for _, num := range append([]int16{ts.Time}, ts.Tags...) {
		if indexHas(ix, num) {
			continue
		}
		what := "tag"
		if num == ts.Time {
			what = "time column"
		}
		return pgerror.Unsupported("a unique key of a time-series table without the %s %q", what, t.Columns[num-1].Name).
			WithHint("A unique key consists of the time column and the tags: %s.", keyColumnNames(t))
	}
	return nil
}

func keyColumnNames(t *catalog.Table) string {
	var names []string
	for _, num := range append(slices.Clone(t.TimeSeries.Tags), t.TimeSeries.Time) {
		names = append(names, catalog.QuoteIdent(t.Columns[num-1].Name))
	}
	return strings.Join(names, ", ")
}

// addSeriesIndex stores next, whose index at pos is new. Nothing is built; the rows
// of a new unique key are checked.
func addSeriesIndex(ctx context.Context, env *Env, next *catalog.Table, pos int) error {
	ix := &next.Indexes[pos]
	if err := checkSeriesKey(next, ix); err != nil {
		return err
	}
	if ix.Unique {
		if err := checkUniquePoints(ctx, env, next, ix, nil); err != nil {
			return err
		}
	}
	return env.Editor.UpdateTable(next)
}

// checkUniquePoints fails with 23505 if two rows of t have the same values in
// the columns of a unique index; values, if given, are what becomes of t's columns.
func checkUniquePoints(ctx context.Context, env *Env, t *catalog.Table, ix *catalog.Index, values []string) error {
	var names, cols, notNull []string
	for _, c := range ix.Columns {
		name := catalog.QuoteIdent(t.Columns[c.Num-1].Name)
		names = append(names, name)
		if values != nil {
			name = "(" + values[c.Num-1] + ")"
		}
		cols = append(cols, name)
		if !ix.NullsNotDistinct {
			notNull = append(notNull, name+" IS NOT NULL")
		}
	}
	keys := strings.Join(cols, ", ")
	where := ""
	if len(notNull) > 0 {
		where = " WHERE " + strings.Join(notNull, " AND ")
	}
	text := "SELECT " + keys + " FROM " + qualifiedName(env, t) + where +
		" GROUP BY " + keys + " HAVING count(*) > 1 LIMIT 1"
	stmt, err := parseQuery(text)
	if err != nil {
		return err
	}
	var key []string
	err = executor.AtLatest(env.Txn, func() error {
		return env.Query(ctx, stmt, func(batch arrow.RecordBatch) error {
			for i, col := range batch.Columns() {
				d := types.DatumAt(col, 0)
				key = append(key, string(types.AppendText(nil, t.Columns[ix.Columns[i].Num-1].Type, d, env.PlanOptions().IO)))
			}
			return nil
		})
	})
	if err != nil || key == nil {
		return err
	}
	return pgerror.New(pgerror.UniqueViolation, "could not create unique index %q", ix.Name).
		WithDetail("Key (%s)=(%s) is duplicated.", strings.Join(names, ", "), strings.Join(key, ", ")).WithConstraint(ix.Name)
}

func parseQuery(text string) (ast.Statement, error) {
	stmts, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	return stmts[0].Stmt, nil
}
