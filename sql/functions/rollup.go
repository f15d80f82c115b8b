package functions

import (
	"cmp"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// rollup joins summaries of one kind.
var _ = func() bool {
	for _, name := range []string{"rollup", "rolling"} {
		register(Aggregate{
			Name: name, Args: typesOf(oids{types.Bytea}), Returns: types.Of(types.Bytea), SkipNulls: true,
			Doc: "Joins summaries of one kind, as counter_agg, time_weight, percentile_agg, stats_agg and others make them.",
			New: func(*Context, Signature) Accumulator { return &rollup{} },
		})
	}
	return true
}()

// rollup keeps the summaries of each group: those of times are joined in the order of
// time, which is known at the end.
type rollup struct {
	lists [][]types.Datum
	bytes int64
}

// Resize implements Accumulator.
func (s *rollup) Resize(n int) { s.lists = grow(s.lists, n) }

// Bytes implements Accumulator.
func (s *rollup) Bytes() int64 { return int64(cap(s.lists))*24 + s.bytes }

// Update implements Accumulator.
func (s *rollup) Update(_ *Context, groups []uint32, args []Value, n int) error {
	v := args[0]
	return eachRow(groups, args[:1], n, func(g uint32, i int) error {
		return s.add(int(g), types.DatumAt(v.Array, i&mask(v)).Clone())
	})
}

// add takes a summary; one that does not mind the order is joined at once.
func (s *rollup) add(g int, d types.Datum) error {
	if len(s.lists[g]) > 0 && len(d.S) > 0 && joinsInAnyOrder(summaryKind(d.S[0])) {
		joined, err := joinSummaries([]types.Datum{s.lists[g][0], d})
		if err != nil {
			return err
		}
		s.bytes += int64(len(joined.S) - len(s.lists[g][0].S))
		s.lists[g][0] = joined
		return nil
	}
	s.lists[g] = append(s.lists[g], d)
	s.bytes += int64(len(d.S)) + 48
	return nil
}

// Merge implements Accumulator.
func (s *rollup) Merge(_ *Context, other Accumulator, from, to int) error {
	for _, d := range other.(*rollup).lists[from] {
		if err := s.add(to, d); err != nil {
			return err
		}
	}
	return nil
}

// Append implements Accumulator.
func (s *rollup) Append(_ *Context, group int, b array.Builder) error {
	if len(s.lists[group]) == 0 {
		b.AppendNull()
		return nil
	}
	d, err := joinSummaries(s.lists[group])
	if err != nil {
		return err
	}
	types.AppendDatum(b, d)
	return nil
}

// joinsInAnyOrder reports whether summaries of a kind need not be joined in the order of time.
func joinsInAnyOrder(kind summaryKind) bool {
	switch kind {
	case percentileSummary, statsSummary, pairStatsSummary, candlestickSummary, digestSummary, hyperLogLogSummary, heartbeatSummary:
		return true
	}
	return false
}

// joinSummaries joins summaries of one kind.
func joinSummaries(list []types.Datum) (types.Datum, error) {
	kind := summaryKind(0)
	if len(list[0].S) > 0 {
		kind = summaryKind(list[0].S[0])
	}
	switch kind {
	case counterSummary, gaugeSummary:
		return joinInTime(list, kind, readCounter, func(c *counter) int64 { return c.first.time }, (*counter).join, (*counter).datum)
	case weightSummary:
		return joinInTime(list, kind, readWeight, func(w *timeWeight) int64 { return w.first.time }, (*timeWeight).join, (*timeWeight).datum)
	case stateSummary:
		return joinInTime(list, kind, readStates, func(s *states) int64 { return s.spans[0].start }, (*states).join, (*states).datum)
	case timevectorSummary:
		return joinInTime(list, kind, readTimevector, func(pts *[]point) int64 { return (*pts)[0].time }, joinTimevectors,
			func(pts *[]point) types.Datum { return timevectorDatum(*pts) })
	case percentileSummary:
		return joinInTime(list, kind, readSketch, nil, (*sketch).join, (*sketch).datum)
	case statsSummary, pairStatsSummary:
		return joinInTime(list, kind, readStats, nil, (*stats).join, (*stats).datum)
	case candlestickSummary:
		return joinInTime(list, kind, readCandlestick, nil, (*candlestick).join, (*candlestick).datum)
	case digestSummary:
		return joinInTime(list, kind, readDigest, nil, (*digest).join, (*digest).datum)
	case hyperLogLogSummary:
		return joinInTime(list, kind, readHyperLogLog, nil, (*hyperLogLog).join, (*hyperLogLog).datum)
	case heartbeatSummary:
		return joinInTime(list, kind, readHeartbeats, nil, (*heartbeats).join, (*heartbeats).datum)
	}
	return types.Null, pgerror.New(pgerror.InvalidParameterValue, "the argument is no summary")
}

// joinInTime reads summaries, orders them by their start, if there is one, and joins each to the first.
func joinInTime[T any](list []types.Datum, kind summaryKind, read func(*summaryReader) (*T, error), start func(*T) int64, join func(a, b *T) error, datum func(*T) types.Datum) (types.Datum, error) {
	all := make([]*T, len(list))
	for i, d := range list {
		r, err := readSummary(d, kind)
		if err != nil {
			return types.Null, err
		}
		if all[i], err = read(r); err != nil {
			return types.Null, err
		}
	}
	if start != nil {
		slices.SortStableFunc(all, func(a, b *T) int { return cmp.Compare(start(a), start(b)) })
	}
	for _, x := range all[1:] {
		if err := join(all[0], x); err != nil {
			return types.Null, err
		}
	}
	return datum(all[0]), nil
}
