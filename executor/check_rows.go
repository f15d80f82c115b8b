package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// RowTest is what the rows of a table must satisfy for a constraint to be added.
type RowTest struct {
	NotNull     []int // ordinals
	Checks      []plan.NamedCheck
	ForeignKeys []plan.ForeignKeyCheck
}

// CheckRows verifies that all rows of a table, as they are now, satisfy a
// test (ADD CONSTRAINT, VALIDATE CONSTRAINT, SET NOT NULL). It takes no row
// locks: the statement holds locks on the tables.
func CheckRows(ctx context.Context, env *Env, t *catalog.Table, test RowTest) error {
	rt, err := newDDLRun(env).newRowTest(t, &test)
	if err != nil {
		return err
	}
	err = eachBatch(ctx, env, t, liveColumns(t), func(cols []arrow.Array, _ arrow.Array, n int) error {
		return rt.batch(ctx, cols, n)
	})
	if err != nil {
		return err
	}
	return AtLatest(env.Txn, func() error {
		for _, f := range rt.foreignKeys {
			if err := f.finish(ctx, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// rowTest is a compiled RowTest.
type rowTest struct {
	env         *Env
	table       *catalog.Table
	notNull     []int
	checks      []namedCheck
	foreignKeys []*foreignKeyCheck
}

func (r *run) newRowTest(t *catalog.Table, test *RowTest) (*rowTest, error) {
	rt := &rowTest{env: r.env, table: t, notNull: test.NotNull}
	var err error
	if rt.checks, err = r.compileChecks(test.Checks); err != nil {
		return nil, err
	}
	for i := range test.ForeignKeys {
		f, err := newForeignKeyCheck(r.env, t, r.layout(test.ForeignKeys[i].Table), &test.ForeignKeys[i])
		if err != nil {
			return nil, err
		}
		f.noLock = true
		rt.foreignKeys = append(rt.foreignKeys, f)
	}
	return rt, nil
}

// batch tests rows given by their columns (by ordinal).
func (rt *rowTest) batch(ctx context.Context, cols []arrow.Array, n int) error {
	for _, o := range rt.notNull {
		if cols[o].NullN() > 0 {
			c := &rt.table.Columns[o]
			return pgerror.New(pgerror.NotNullViolation, "column %q of relation %q contains null values", c.Name, rt.table.Name).
				WithTable(rt.env.schemaName(rt.table), rt.table.Name).WithColumn(c.Name)
		}
	}
	im := &rowImages{cols: cols, n: n}
	for _, c := range rt.checks {
		i, err := c.firstFalse(rt.env, im, n, false)
		if err != nil {
			return err
		}
		if i < n {
			return pgerror.New(pgerror.CheckViolation, "check constraint %q of relation %q is violated by some row", c.name, rt.table.Name).
				WithTable(rt.env.schemaName(rt.table), rt.table.Name).WithConstraint(c.name)
		}
	}
	if len(rt.foreignKeys) == 0 {
		return nil
	}
	row := make([]types.Datum, len(cols))
	for _, f := range rt.foreignKeys {
		keys := map[string][]types.Datum{}
		for i := range n {
			for _, o := range f.columns {
				row[o] = types.DatumAt(cols[o], i)
			}
			if err := f.collect(row, nil, keys); err != nil {
				return err
			}
		}
		if err := f.verify(ctx, keys); err != nil {
			return err
		}
	}
	return nil
}
