package functions

import (
	"cmp"
	"slices"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// heartbeats are when something was alive between start and end: for a while (live)
// after each of its signs. Spans are sorted and neither overlap nor touch; the last one
// may reach beyond the end, which it does not count, but for what joins behind.
type heartbeats struct {
	start, end, live int64
	spans            []timeSpan
	signs            []int64 // not yet among the spans
}

type timeSpan struct{ from, to int64 }

// spread makes spans of the signs.
func (h *heartbeats) spread() {
	slices.Sort(h.signs)
	for _, at := range h.signs {
		h.spans = append(h.spans, timeSpan{at, at + h.live})
	}
	h.signs = nil
	h.unite()
}

// unite joins spans that overlap or touch.
func (h *heartbeats) unite() {
	slices.SortFunc(h.spans, func(a, b timeSpan) int { return cmp.Compare(a.from, b.from) })
	out := h.spans[:0]
	for _, s := range h.spans {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	h.spans = out
}

func (h *heartbeats) join(o *heartbeats) error {
	if h.live != o.live {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine heartbeats that keep alive for different times")
	}
	h.start, h.end = min(h.start, o.start), max(h.end, o.end)
	h.signs = append(h.signs, o.signs...)
	h.spans = append(h.spans, o.spans...)
	h.unite()
	return nil
}

// alive are the spans up to the end.
func (h *heartbeats) alive() []timeSpan {
	out := slices.Clone(h.spans)
	for i := range out {
		out[i].to = min(out[i].to, h.end)
	}
	return out
}

// dead are the spans between start and end in which nothing was alive.
func (h *heartbeats) dead() (out []timeSpan) {
	at := h.start
	for _, s := range h.alive() {
		if s.from > at {
			out = append(out, timeSpan{at, s.from})
		}
		at = s.to
	}
	if at < h.end {
		out = append(out, timeSpan{at, h.end})
	}
	return out
}

func (h *heartbeats) datum() types.Datum {
	h.spread()
	w := newSummary(heartbeatSummary)
	for _, v := range []int64{h.start, h.end, h.live} {
		w.int(v)
	}
	w.count(uint64(len(h.spans)))
	for _, s := range h.spans {
		w.int(s.from)
		w.int(s.to)
	}
	return w.datum()
}

func readHeartbeats(r *summaryReader) (*heartbeats, error) {
	h := &heartbeats{}
	for _, v := range []*int64{&h.start, &h.end, &h.live} {
		*v = r.int()
	}
	for left := r.count(); left > 0 && !r.bad; left-- {
		h.spans = append(h.spans, timeSpan{r.int(), r.int()})
	}
	return h, r.end()
}

// shortSpan is an interval in microseconds, 0 if it is longer than times can be apart.
func shortSpan(v types.IntervalValue) int64 {
	days, micros := v.Span()
	if days < 0 || days > 300_000*366 {
		return 0
	}
	return days*types.MicrosPerDay + micros
}

// newHeartbeats takes the signs, the start, the length, and how long a sign keeps alive.
func newHeartbeats() *joined[heartbeats] {
	return &joined[heartbeats]{
		join: (*heartbeats).join, datum: (*heartbeats).datum,
		size: func(h *heartbeats) int64 { return 80 + 16*int64(cap(h.spans)) + 8*int64(cap(h.signs)) },
		update: func(s *joined[heartbeats], groups []uint32, args []Value, n int) error {
			return eachRow(groups, args, n, func(g uint32, i int) error {
				var d [4]types.Datum
				for k, a := range args {
					d[k] = types.DatumAt(a.Array, i&mask(a))
				}
				at, start := d[0].I, d[1].I
				length, live := shortSpan(d[2].Interval()), shortSpan(d[3].Interval())
				end := start + length
				switch {
				case types.IsTimestampInfinite(start) || length <= 0 || end < start || live <= 0:
					return pgerror.New(pgerror.InvalidParameterValue, "heartbeat_agg needs a finite start and positive lengths")
				case at < start || at >= end:
					return pgerror.New(pgerror.InvalidParameterValue, "a heartbeat lies outside of the aggregated range")
				}
				h := s.of(g)
				if h.live != 0 && (h.start != start || h.end != end || h.live != live) {
					return pgerror.New(pgerror.InvalidParameterValue, "the range and liveness of heartbeat_agg must not change between calls")
				}
				h.start, h.end, h.live = start, end, live
				if h.signs = append(h.signs, at); len(h.signs) >= 1024 {
					h.spread()
				}
				return nil
			})
		},
	}
}

// heartbeatExample is heartbeat_agg from 00:00 for an hour of signs at 00:05, 00:10 and 00:40 that keep alive for 10 minutes.
const heartbeatExample = `'\x4c010060e80a47ea020000047ce147ea02000046c32300000000020003ca1c47ea020000ec6e5247ea02000078f59947ea020000beb8bd47ea0200'::bytea`

var _ = func() bool {
	register(Aggregate{
		Name: "heartbeat_agg", Args: typesOf(oids{types.Timestamptz, types.Timestamptz, types.Interval, types.Interval}), Returns: types.Of(types.Bytea), SkipNulls: true,
		Params: params("heartbeat", "agg_start", "agg_duration", "heartbeat_liveness"),
		Doc:    "Sums up when something was alive within a range of time: for a while after each sign, for uptime, dead_ranges and others.",
		New:    func(*Context, Signature) Accumulator { return newHeartbeats() },
	})
	get := func(name, doc string, returns types.OID, want string, of func(h *heartbeats) types.Datum) {
		summaryFunc(name, doc, returns, []summaryKind{heartbeatSummary}, func(r *summaryReader) (types.Datum, error) {
			h, err := readHeartbeats(r)
			if err != nil {
				return types.Null, err
			}
			return of(h), nil
		}, ex(name+"("+heartbeatExample+")", want))
	}
	total := func(spans []timeSpan) types.Datum {
		var micros int64
		for _, s := range spans {
			micros += s.to - s.from
		}
		return span(0, micros)
	}
	get("uptime", "How long there was life.", types.Interval, "00:25:00", func(h *heartbeats) types.Datum { return total(h.alive()) })
	get("downtime", "How long there was no life.", types.Interval, "00:35:00", func(h *heartbeats) types.Datum { return total(h.dead()) })
	get("num_live_ranges", "The number of spans with life.", types.Int8, "2", func(h *heartbeats) types.Datum { return types.NewInt8(int64(len(h.spans))) })
	get("num_gaps", "The number of spans without life.", types.Int8, "3", func(h *heartbeats) types.Datum { return types.NewInt8(int64(len(h.dead()))) })
	open := func(d types.Datum) (*heartbeats, error) {
		r, err := readSummary(d, heartbeatSummary)
		if err != nil {
			return nil, err
		}
		return readHeartbeats(r)
	}
	register(Scalar{
		Name: "live_at", Args: typesOf(oids{types.Bytea, types.Timestamptz}), Returns: types.Of(types.Bool), Strict: true, Volatility: Immutable,
		Doc: "Whether there was life at a time.", Examples: []Example{ex("live_at("+heartbeatExample+", '2026-01-01 00:12+00')", "t")},
		Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
			h, err := open(args[0])
			if err != nil {
				return types.Null, err
			}
			at := args[1].I
			return types.NewBool(slices.ContainsFunc(h.alive(), func(s timeSpan) bool { return s.from <= at && at < s.to })), nil
		},
	})
	ranges := func(name, doc, want string, of func(h *heartbeats) []timeSpan) {
		register(TableFunc{
			Name: name, Args: typesOf(oids{types.Bytea}), Strict: true, Volatility: Immutable,
			Columns: []Column{column("start", types.Timestamptz), column("end", types.Timestamptz)}, Doc: doc, Examples: []Example{ex("* FROM "+name+"("+heartbeatExample+") LIMIT 1", want)},
			Open: func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
				h, err := open(args[0])
				if err != nil {
					return nil, err
				}
				var rows [][]types.Datum
				for _, s := range of(h) {
					rows = append(rows, []types.Datum{types.NewInt8(s.from), types.NewInt8(s.to)})
				}
				return rowsOf(rows), nil
			},
		})
	}
	ranges("live_ranges", "When there was life.", "2026-01-01 00:05:00+00|2026-01-01 00:20:00+00", (*heartbeats).alive)
	ranges("dead_ranges", "When there was no life.", "2026-01-01 00:00:00+00|2026-01-01 00:05:00+00", (*heartbeats).dead)
	return true
}()
