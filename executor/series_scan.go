package executor

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine"
	"github.com/tidemarkdb/tidemark/tsengine/block"
)

// seriesScan reads a time-series table. At the first Next the bounds of the
// time and the series are computed and the partitions found. The columns of the
// filter are decoded first, the others only for the rows that pass.
type seriesScan struct {
	env    *Env
	node   *plan.SeriesScan
	schema *arrow.Schema
	layout *tsengine.Layout
	tags   []tagCond
	// filters are of joins above, which know the tags of the series that they want.
	filters []*tagFilter
	filter  *scalar // nil for none
	first   []int   // positions of the columns that the filter reads
	use     columnUse
	stats   *NodeStats
	from    Operator  // yields the tags of the series; nil if the plan names them
	keys    []*scalar // over its columns

	shared  *sharedScan        // of a worker: scanner reads one morsel
	known   *tsengine.ScanSpec // what to read, if that was found already
	scanner *tsengine.Scanner
	figures block.Figures
	matched int64 // series named, -1 if all are read
	opened  bool
	sel     []int32
	// tagsLeft: series could not be found by the conditions on tags, which rows are to meet.
	tagsLeft bool
}

func (r *run) newSeriesScan(n *plan.SeriesScan) (Operator, error) {
	s := &seriesScan{env: r.env, node: n, schema: schemaOf(n.Cols), layout: seriesLayoutOf(n.Table), use: r.uses[n], stats: r.statsOf(n), matched: -1, filters: r.tagFiltersOf(n)}
	var err error
	if n.Parallel && r.shared != nil {
		s.shared, r.shared.leaf = r.shared, s
	} else if s.known = r.series[n]; s.known == nil && n.SeriesFrom != nil {
		if s.keys, err = r.compileAll(n.SeriesKeys); err != nil {
			return nil, err
		}
		if s.from, err = r.build(n.SeriesFrom); err != nil {
			return nil, err
		}
	}
	if err = s.compileTags(r); err == nil {
		err = s.compileFilter(r)
	}
	switch {
	case err != nil:
		return nil, err
	case n.PerSeries:
		return &seriesLast{seriesScan: s}, nil
	case n.ByTime:
		return &seriesByTime{seriesScan: s}, nil
	}
	return s, nil
}

// compileFilter prepares the scan's condition and finds the columns it reads.
func (s *seriesScan) compileFilter(r *run) (err error) {
	n := s.node
	if n.Filter == nil {
		return nil
	}
	if s.filter, err = r.compile(n.Filter); err != nil {
		return err
	}
	seen := make([]bool, len(n.Cols))
	expr.Walk(n.Filter, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Ordinal:
			seen[e.Index] = true
		case *expr.Subplan: // its arguments are expressions over our columns
			for _, a := range e.Args {
				expr.Walk(a, func(x expr.Expr) bool {
					if o, ok := x.(*expr.Ordinal); ok {
						seen[o.Index] = true
					}
					return true
				})
			}
		}
		return true
	})
	for i, ok := range seen {
		if ok {
			s.first = append(s.first, i)
		}
	}
	return nil
}

func (s *seriesScan) Schema() *arrow.Schema { return s.schema }

func (s *seriesScan) Close() error {
	if s.scanner != nil {
		s.scanner.Close()
		s.scanner = nil
	}
	if s.stats != nil && s.opened {
		s.stats.addSeries(s.matched, &s.figures)
		s.stats = nil
	}
	s.opened = true
	if s.from != nil {
		return s.from.Close()
	}
	return nil
}

func (s *seriesScan) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		rows, err := s.advance(ctx)
		if err != nil {
			return nil, err
		}
		batch, err := s.batch(ctx, rows)
		if batch != nil || err != nil {
			return batch, storedError(err)
		}
	}
}

// advance moves the scanner to the next rows; io.EOF behind the last.
func (s *seriesScan) advance(ctx context.Context) (rows int, err error) {
	if s.shared != nil {
		return s.advanceShared(ctx)
	}
	if !s.opened {
		s.opened = true
		if err := s.open(ctx); err != nil {
			return 0, err
		}
	}
	return s.advanceScanner(ctx)
}

func (s *seriesScan) advanceScanner(ctx context.Context) (rows int, err error) {
	if s.scanner == nil {
		return 0, io.EOF
	}
	if err := checkContext(ctx); err != nil {
		return 0, err
	}
	rows, err = s.scanner.Next(ctx)
	if errors.Is(err, io.EOF) {
		return 0, io.EOF
	}
	return rows, storedError(err)
}

// batch makes the batch of the scanner's present rows, nil if none passes.
func (s *seriesScan) batch(ctx context.Context, rows int) (batch arrow.RecordBatch, err error) {
	cols := make([]arrow.Array, len(s.node.Cols))
	defer func() {
		if err != nil || batch == nil {
			releaseAll(cols)
		}
	}()
	if s.tagsLeft {
		if rows, err = s.filterTags(ctx, rows); rows == 0 || err != nil {
			return nil, err
		}
	}
	if s.filter != nil {
		for _, i := range s.first {
			if cols[i], err = s.column(ctx, i, !s.env.PlainStrings); err != nil {
				return nil, err
			}
		}
		if s.sel, err = s.filter.selection(s.env, cols, rows, s.sel[:0]); err != nil {
			return nil, err
		}
		if s.stats != nil {
			s.stats.RowsRemoved += int64(rows - len(s.sel))
		}
		if len(s.sel) == 0 {
			return nil, nil
		}
		if len(s.sel) < rows {
			rows = len(s.sel)
			if err = s.choose(ctx, cols); err != nil {
				return nil, err
			}
		} else {
			s.spell(cols)
		}
	}
	for i := range cols {
		if cols[i] == nil {
			if cols[i], err = s.column(ctx, i, s.mayBeCoded(i)); err != nil {
				return nil, err
			}
		}
	}
	return newBatch(s.schema, cols, rows), nil
}

// choose leaves the rows that have passed the filter, in the columns that it has read and
// in the scanner. Columns that lie in one block are taken from there.
func (s *seriesScan) choose(ctx context.Context, cols []arrow.Array) (err error) {
	if s.node.WithHandle || s.node.ByTime || !s.scanner.InPlace() {
		s.scanner.Select(s.sel)
	} else {
		for i := range cols {
			if cols[i] == nil {
				if cols[i], err = s.column(ctx, i, !s.env.PlainStrings); err != nil {
					return err
				}
			}
		}
	}
	for i, c := range cols {
		if c == nil {
			continue
		}
		a, err := s.taken(c, i)
		if err != nil {
			return err
		}
		c.Release()
		cols[i] = a
	}
	return nil
}

// column is an output column of the scanner's present rows, coded only if coded says so.
func (s *seriesScan) column(ctx context.Context, i int, coded bool) (arrow.Array, error) {
	switch {
	case i == len(s.node.Output):
		return s.scanner.Handles(), nil
	case coded:
		return s.scanner.Coded(ctx, s.node.Output[i])
	}
	return s.scanner.Column(ctx, s.node.Output[i])
}

// mayBeCoded reports whether a column of the output may be coded.
func (s *seriesScan) mayBeCoded(i int) bool { return s.use.coded != nil && s.use.coded[i] }

// taken are the chosen rows of column i, which the filter has read.
func (s *seriesScan) taken(a arrow.Array, i int) (arrow.Array, error) {
	switch {
	case s.use.unread != nil && s.use.unread[i]:
		return nullColumn(s.schema.Field(i).Type, len(s.sel)), nil
	case types.IsCoded(a) && !s.mayBeCoded(i):
		return types.TakeWords(s.env.Alloc, a, s.sel), nil
	}
	return take(s.env.Alloc, a, s.sel)
}

// spell makes those columns that the filter has read plain that may not be coded.
func (s *seriesScan) spell(cols []arrow.Array) {
	for _, i := range s.first {
		if types.IsCoded(cols[i]) && !s.mayBeCoded(i) {
			a := types.Plain(s.env.Alloc, cols[i])
			cols[i].Release()
			cols[i] = a
		}
	}
}

func (s *seriesScan) open(ctx context.Context) error {
	spec, err := s.spec(ctx)
	if err != nil || spec == nil {
		return err
	}
	s.scanner = tsengine.NewScanner(s.env.Alloc, s.env.reader(), *spec, &s.figures)
	return nil
}

// spec is what to read, nil for nothing.
func (s *seriesScan) spec(ctx context.Context) (*tsengine.ScanSpec, error) {
	if s.known != nil && len(s.joined()) == 0 {
		s.tagsLeft = s.known.TagsLeft
		return s.known, nil
	}
	b, err := s.bounds(ctx)
	if err != nil || b == nil {
		return nil, err
	}
	parts, err := s.layout.Partitions(ctx, s.env.reader(), s.env.Blocks, b.series, b.lower, b.upper)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	rows := s.env.batchRows()
	if s.node.Limit > 0 && s.node.Filter == nil && !s.tagsLeft {
		rows = int(min(int64(rows), s.node.Limit))
	}
	prune, err := s.pruner()
	if err != nil {
		return nil, err
	}
	return &tsengine.ScanSpec{
		Layout: s.layout, Partitions: parts, Series: b.series, Lower: b.lower, Upper: b.upper,
		Ordered: s.node.Ordered, Reverse: s.node.Reverse, BatchRows: rows, Prune: prune, Cache: s.env.Blocks,
		Counted: !s.node.WithHandle && !s.node.ByTime && !s.node.PerSeries, TagsLeft: s.tagsLeft,
	}, nil
}

// seriesBounds are what a scan reads.
type seriesBounds struct {
	series       []uint64 // ascending; nil: all
	lower, upper int64
}

// bounds computes what the scan reads; nil means nothing.
func (s *seriesScan) bounds(ctx context.Context) (*seriesBounds, error) {
	b := &seriesBounds{lower: math.MinInt64, upper: math.MaxInt64}
	for _, x := range s.node.Lower {
		v, empty, err := s.timeBound(&x, 1)
		if err != nil || empty {
			return nil, err
		}
		b.lower = max(b.lower, v)
	}
	for _, x := range s.node.Upper {
		v, empty, err := s.timeBound(&x, -1)
		if err != nil || empty {
			return nil, err
		}
		b.upper = min(b.upper, v)
	}
	if from, ok := retainedFrom(s.env, s.node.Table); ok {
		b.lower = max(b.lower, from)
	}
	if b.lower > b.upper {
		return nil, nil
	}
	var err error
	switch {
	case s.from != nil:
		b.series, err = s.fromRows(ctx)
	case s.node.Series != nil:
		b.series, err = s.named(ctx)
	}
	if (len(s.tags) > 0 || len(s.joined()) > 0) && err == nil {
		var found []uint64
		found, err = s.matching(ctx)
		b.series = common(b.series, found)
	}
	if b.series == nil || err != nil {
		return b, err
	}
	s.matched = int64(len(b.series))
	if len(b.series) == 0 {
		return nil, nil
	}
	return b, nil
}

// timeBound computes a bound as an included one; step leads inwards. A NULL, and
// a bound that excludes all times, leave nothing to read.
func (s *seriesScan) timeBound(x *plan.Bound, step int64) (v int64, empty bool, err error) {
	d, err := s.env.constant(x.Value)
	if err != nil || d.IsNull() {
		return 0, true, err
	}
	v = d.Int()
	if x.Inclusive {
		return v, false, nil
	}
	if v == math.MaxInt64 && step > 0 || v == math.MinInt64 && step < 0 {
		return 0, true, nil
	}
	return v + step, false, nil
}

// named looks up the series that the scan names by their tags.
func (s *seriesScan) named(ctx context.Context) ([]uint64, error) {
	out := make([]uint64, 0, len(s.node.Series))
	tags := make([]types.Datum, len(s.layout.Tags))
next:
	for _, list := range s.node.Series {
		for i, e := range list {
			d, err := s.env.constant(e)
			if err != nil {
				return nil, err
			}
			if d.IsNull() {
				continue next
			}
			tags[i] = d
		}
		id, found, err := s.layout.Series(ctx, s.env.reader(), tags)
		if err != nil {
			return nil, err
		}
		if found {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// fromRows looks up the series whose tags are the rows of an operator.
func (s *seriesScan) fromRows(ctx context.Context) ([]uint64, error) {
	out := []uint64{}
	tags := make([]types.Datum, len(s.keys))
	err := drain(ctx, s.from, func(batch arrow.RecordBatch) error {
		defer batch.Release()
		n := int(batch.NumRows())
		cols, err := columns(s.env, s.keys, batch.Columns(), n)
		if err != nil {
			return err
		}
		defer releaseAll(cols)
	next:
		for i := range n {
			for k, c := range cols {
				if tags[k] = types.DatumAt(c, i); tags[k].IsNull() {
					continue next
				}
			}
			id, found, err := s.layout.Series(ctx, s.env.reader(), tags)
			if err != nil {
				return err
			}
			if found {
				out = append(out, id)
			}
		}
		return nil
	})
	slices.Sort(out)
	return slices.Compact(out), err
}

// retainedFrom is the first time that the table's retention leaves visible.
func retainedFrom(env *Env, t *catalog.Table) (int64, bool) {
	ts := t.TimeSeries
	if ts.Retention == 0 {
		return 0, false
	}
	now, ok := ts.Now(t.Columns[ts.Time-1].Type, env.Functions.StatementStart)
	return now - ts.Retention, ok
}
