package executor

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/tsengine"
)

// tagCond is a condition of a scan on tags alone.
type tagCond struct {
	cond  *scalar // over the table's columns
	tags  []int   // that it reads, by their places in Layout.Tags
	equal expr.Expr
}

// compileTags prepares the conditions on tags.
func (s *seriesScan) compileTags(r *run) error {
	for _, e := range s.node.Tags {
		c := tagCond{equal: equalTo(e)}
		var err error
		if c.cond, err = r.compile(e); err != nil {
			return err
		}
		expr.Walk(e, func(x expr.Expr) bool {
			if o, ok := x.(*expr.Ordinal); ok {
				if tag := slices.Index(s.layout.Tags, o.Index); !slices.Contains(c.tags, tag) {
					c.tags = append(c.tags, tag)
				}
			}
			return true
		})
		s.tags = append(s.tags, c)
	}
	return nil
}

// equalTo is the value of a condition tag = value; nil if it is another one. The
// planner has seen to it that equal values have equal bytes.
func equalTo(e expr.Expr) expr.Expr {
	c, ok := e.(*expr.Call)
	if !ok || c.Op != "=" || len(c.Args) != 2 {
		return nil
	}
	for i, a := range c.Args {
		o, isColumn := a.(*expr.Ordinal)
		value := c.Args[1-i]
		switch value.(type) {
		case *expr.Const, *expr.Param:
			if isColumn && o.Typ.OID == value.Type().OID && plan.ExactTag(o.Typ) {
				return value
			}
		}
	}
	return nil
}

// matching finds the series whose tags meet the conditions; nil stands for all.
// Where they cannot be found the rows that are read are filtered (filterTags).
func (s *seriesScan) matching(ctx context.Context) ([]uint64, error) {
	conds := make([]tsengine.TagCondition, len(s.tags))
	var failed error // of a condition for some value, which need not be one of a row's
	for i := range s.tags {
		t := &s.tags[i]
		conds[i] = tsengine.TagCondition{Tags: t.tags, Select: func(values []arrow.Array, n int, sel []int32) ([]int32, error) {
			cols := make([]arrow.Array, len(s.node.Table.Columns))
			for k, o := range s.layout.Tags {
				cols[o] = values[k]
			}
			sel, failed = t.cond.selection(s.env, cols, n, sel)
			return sel, failed
		}}
		if t.equal != nil {
			d, err := s.env.constant(t.equal)
			if err != nil {
				return nil, err
			}
			if d.IsNull() {
				return []uint64{}, nil
			}
			conds[i].Equal = &d
		}
	}
	joined := s.joined()
	if len(conds) == 0 && len(s.layout.Tags) == 1 {
		return s.ofValues(ctx, joined)
	}
	conds = append(conds, joined...)
	series, all, ok, err := s.layout.MatchSeries(ctx, s.env.reader(), s.env.Blocks, conds)
	if failed != nil {
		ok, err = false, nil
	}
	if err == nil && !ok {
		s.tagsLeft = len(s.tags) > 0 // rows without a partner need not be left out
		return nil, nil
	}
	s.tagsLeft = false
	if all {
		s.matched = int64(len(series))
		return nil, err
	}
	return series, err
}

// joined are the conditions of joins whose build sides are read.
func (s *seriesScan) joined() (out []tsengine.TagCondition) {
	for _, f := range s.filters {
		if c, ok := f.condition(); ok {
			out = append(out, c)
		}
	}
	return out
}

// manySeries is from how many series on it is looked whether they are all there are:
// reading all is cheaper then.
const manySeries = 1000

// ofValues finds the series of a table with one tag, whose values name them; nil stands
// for all.
func (s *seriesScan) ofValues(ctx context.Context, conds []tsengine.TagCondition) (series []uint64, err error) {
	for i, c := range conds {
		found := make([]uint64, 0, len(c.In))
		for k := range c.In {
			id, ok, err := s.layout.Series(ctx, s.env.reader(), c.In[k:k+1])
			if err != nil {
				return nil, err
			}
			if ok {
				found = append(found, id)
			}
		}
		slices.Sort(found)
		if i == 0 {
			series = found
		} else {
			series = common(series, found)
		}
	}
	if len(series) < manySeries {
		return series, nil
	}
	all, err := s.layout.AllSeries(ctx, s.env.reader(), s.env.Blocks)
	if err != nil || len(all) > len(series) {
		return series, err
	}
	s.matched = int64(len(all))
	return nil, nil
}

// filterTags leaves those of the scanner's present rows whose tags meet the conditions.
func (s *seriesScan) filterTags(ctx context.Context, rows int) (left int, err error) {
	for i := range s.tags {
		cols := make([]arrow.Array, len(s.node.Table.Columns))
		for _, tag := range s.tags[i].tags {
			o := s.layout.Tags[tag]
			if cols[o], err = s.scanner.Coded(ctx, o); err != nil {
				break
			}
		}
		if err == nil {
			s.sel, err = s.tags[i].cond.selection(s.env, cols, rows, s.sel[:0])
		}
		releaseAll(cols)
		if err != nil {
			return 0, err
		}
		if len(s.sel) < rows {
			if s.stats != nil {
				s.stats.RowsRemoved += int64(rows - len(s.sel))
			}
			s.scanner.Select(s.sel)
			rows = len(s.sel)
		}
		if rows == 0 {
			break
		}
	}
	return rows, nil
}

// common is what two ascending lists of series have in common; nil stands for all.
func common(a, b []uint64) []uint64 {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	out := []uint64{}
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			out = append(out, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return out
}
