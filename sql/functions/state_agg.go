package functions

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// states is the way of a state over time: each span lasts until the next begins, the
// last one until the last time seen.
type states struct {
	integer bool
	spans   []stateSpan
	end     int64
}

type stateSpan struct {
	start int64
	state string // an integer as its text
}

// finish is when span i ends.
func (s *states) finish(i int) int64 {
	if i+1 < len(s.spans) {
		return s.spans[i+1].start
	}
	return s.end
}

// step notes a state at a time that is not before the others.
func (s *states) step(at int64, state string) {
	if n := len(s.spans); n == 0 || s.spans[n-1].state != state {
		s.spans = append(s.spans, stateSpan{at, state})
	}
	s.end = at
}

func (s *states) join(o *states) error {
	if s.integer != o.integer {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine states that are texts with states that are integers")
	}
	if o.spans[0].start < s.end {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine summaries with overlapping time ranges")
	}
	for _, span := range o.spans {
		s.step(span.start, span.state)
	}
	s.end = o.end
	return nil
}

func (s *states) datum() types.Datum {
	w := newSummary(stateSummary)
	w.byte(map[bool]byte{false: 't', true: 'i'}[s.integer])
	w.int(s.end)
	w.count(uint64(len(s.spans)))
	for _, span := range s.spans {
		w.int(span.start)
		w.text(span.state)
	}
	return w.datum()
}

func readStates(r *summaryReader) (*states, error) {
	s := &states{integer: r.byte() == 'i'}
	s.end = r.int()
	for n := r.count(); n > 0 && !r.bad; n-- {
		start := r.int()
		s.spans = append(s.spans, stateSpan{start, r.text()})
	}
	if len(s.spans) == 0 {
		r.bad = true
	}
	return s, r.end()
}

// statesOf opens a summary of state_agg.
func statesOf(d types.Datum) (*states, error) {
	r, err := readSummary(d, stateSummary)
	if err != nil {
		return nil, err
	}
	return readStates(r)
}

// stateAgg is state_agg: the states of each group, sorted by time at the end.
type stateAgg struct {
	integer bool
	lists   [][]stateSpan
	bytes   int64
}

var _ = func() bool {
	for _, name := range []string{"state_agg", "compact_state_agg"} {
		for _, at := range []types.OID{types.Timestamptz, types.Timestamp} {
			for _, state := range []types.OID{types.Text, types.Int8} {
				register(Aggregate{
					Name: name, Args: typesOf(oids{at, state}), Returns: types.Of(types.Bytea), SkipNulls: true, Params: params("ts", "value"),
					Doc: "Sums up the way of a state over time, for duration_in, into_values and state_timeline.",
					New: func(*Context, Signature) Accumulator { return &stateAgg{integer: state == types.Int8} },
				})
			}
		}
	}
	return true
}()

// Resize implements Accumulator.
func (s *stateAgg) Resize(n int) { s.lists = grow(s.lists, n) }

// Bytes implements Accumulator.
func (s *stateAgg) Bytes() int64 { return int64(cap(s.lists))*24 + s.bytes }

// Update implements Accumulator.
func (s *stateAgg) Update(_ *Context, groups []uint32, args []Value, n int) error {
	t := fixedValues[int64](args[0].Array)
	tm, v := mask(args[0]), args[1]
	return eachRow(groups, args, n, func(g uint32, i int) error {
		d := types.DatumAt(v.Array, i&mask(v)).Clone()
		state := d.S
		if s.integer {
			state = strconv.FormatInt(d.I, 10)
		}
		if types.IsTimestampInfinite(t[i&tm]) {
			return pgerror.New(pgerror.DatetimeValueOutOfRange, "the time of a state must be finite")
		}
		s.lists[g] = append(s.lists[g], stateSpan{t[i&tm], state})
		s.bytes += 48 + int64(len(state))
		return nil
	})
}

// Merge implements Accumulator.
func (s *stateAgg) Merge(_ *Context, other Accumulator, from, to int) error {
	for _, span := range other.(*stateAgg).lists[from] {
		s.lists[to] = append(s.lists[to], span)
		s.bytes += 48 + int64(len(span.state))
	}
	return nil
}

// Append implements Accumulator.
func (s *stateAgg) Append(_ *Context, group int, b array.Builder) error {
	list := s.lists[group]
	if len(list) == 0 {
		b.AppendNull()
		return nil
	}
	slices.SortStableFunc(list, func(a, b stateSpan) int { return cmp.Compare(a.start, b.start) })
	list = slices.CompactFunc(list, func(a, b stateSpan) bool { return a.start == b.start })
	out := states{integer: s.integer}
	for _, span := range list {
		out.step(span.start, span.state)
	}
	types.AppendDatum(b, out.datum())
	return nil
}

// stateExample is state_agg of START at 00:00, OK at 00:01, ERROR at 00:05 and OK at 00:06, last seen at 00:10.
const stateExample = `'\x53017400a6ab2e47ea0200040060e80a47ea020005535441525400e77b0e47ea0200024f4b0003ca1c47ea0200054552524f52008a5d2047ea0200024f4b'::bytea`

// stateArg is a state as an argument, as its text.
func stateArg(t types.Type, d types.Datum) string {
	if t.OID == types.Int8 {
		return strconv.FormatInt(d.I, 10)
	}
	return d.S
}

func span(from, to int64) types.Datum {
	days, micros := (to-from)/types.MicrosPerDay, (to-from)%types.MicrosPerDay
	return types.IntervalValue{Days: int32(days), Micros: micros}.Datum()
}

var _ = func() bool {
	for _, oid := range []types.OID{types.Text, types.Int8} {
		example := ex("duration_in("+stateExample+", 'OK')", "00:08:00")
		if oid == types.Int8 {
			example = ex("duration_in("+stateExample+", 7::bigint)", "00:00:00")
		}
		register(Scalar{
			Name: "duration_in", Args: typesOf(oids{types.Bytea, oid}), Returns: types.Of(types.Interval), Strict: true, Volatility: Immutable,
			Doc: "How long a state held.", Examples: []Example{example},
			EvalTyped: func(_ *Context, t Signature, args []types.Datum) (types.Datum, error) {
				s, err := statesOf(args[0])
				if err != nil {
					return types.Null, err
				}
				var micros int64
				for i, x := range s.spans {
					if x.state == stateArg(t.Args[1], args[1]) {
						micros += s.finish(i) - x.start
					}
				}
				return span(0, micros), nil
			},
		})
		registerDurationBetween(oid)
		example = ex("* FROM state_periods("+stateExample+", 'OK')", `2026-01-01 00:01:00+00|2026-01-01 00:05:00+00\n2026-01-01 00:06:00+00|2026-01-01 00:10:00+00`)
		if oid == types.Int8 {
			example = ex("* FROM state_periods("+stateExample+", 7::bigint)", "")
		}
		register(TableFunc{
			Name: "state_periods", Args: typesOf(oids{types.Bytea, oid}), Strict: true, Volatility: Immutable,
			Columns: []Column{column("start_time", types.Timestamptz), column("end_time", types.Timestamptz)},
			Doc:     "When a state held.", Examples: []Example{example},
			Open: func(_ *Context, t Signature, args []types.Datum) (RowSource, error) {
				s, err := statesOf(args[0])
				if err != nil {
					return nil, err
				}
				var rows [][]types.Datum
				for i, x := range s.spans {
					if x.state == stateArg(t.Args[1], args[1]) {
						rows = append(rows, []types.Datum{types.NewInt8(x.start), types.NewInt8(s.finish(i))})
					}
				}
				return rowsOf(rows), nil
			},
		})
	}
	register(TableFunc{
		Name: "state_timeline", Args: typesOf(oids{types.Bytea}), Strict: true, Volatility: Immutable,
		Columns: []Column{column("state", types.Text), column("start_time", types.Timestamptz), column("end_time", types.Timestamptz)},
		Doc:     "The states one after another.", Examples: []Example{ex("* FROM state_timeline("+stateExample+") LIMIT 1", "START|2026-01-01 00:00:00+00|2026-01-01 00:01:00+00")},
		Open: func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			s, err := statesOf(args[0])
			if err != nil {
				return nil, err
			}
			var rows [][]types.Datum
			for i, x := range s.spans {
				rows = append(rows, []types.Datum{types.NewString(x.state), types.NewInt8(x.start), types.NewInt8(s.finish(i))})
			}
			return rowsOf(rows), nil
		},
	})
	register(TableFunc{
		Name: "into_values", Args: typesOf(oids{types.Bytea}), Strict: true, Volatility: Immutable,
		Columns: []Column{column("state", types.Text), column("duration", types.Interval)},
		Doc:     "The states and how long each of them held.", Examples: []Example{ex("* FROM into_values("+stateExample+")", `ERROR|00:01:00\nOK|00:08:00\nSTART|00:01:00`)},
		Open: func(_ *Context, _ Signature, args []types.Datum) (RowSource, error) {
			s, err := statesOf(args[0])
			if err != nil {
				return nil, err
			}
			total := map[string]int64{}
			for i, x := range s.spans {
				total[x.state] += s.finish(i) - x.start
			}
			var rows [][]types.Datum
			for state, micros := range total {
				rows = append(rows, []types.Datum{types.NewString(state), span(0, micros)})
			}
			slices.SortFunc(rows, func(a, b []types.Datum) int { return cmp.Compare(a[0].S, b[0].S) })
			return rowsOf(rows), nil
		},
	})
	return true
}()

// registerDurationBetween registers duration_in of a range of time: all from a time on, or an
// interval from there.
func registerDurationBetween(state types.OID) {
	between := func(t Signature, args []types.Datum, end func(s *states) int64) (types.Datum, error) {
		s, err := statesOf(args[0])
		if err != nil {
			return types.Null, err
		}
		var micros int64
		for i, x := range s.spans {
			// Compared first: the distance of infinite times is no number.
			if from, to := max(x.start, args[2].Int()), min(s.finish(i), end(s)); from < to && x.state == stateArg(t.Args[1], args[1]) {
				micros += to - from
			}
		}
		return span(0, micros), nil
	}
	value, inAll, inPart := "'OK'", "00:06:00", "00:02:00"
	if state == types.Int8 {
		value, inAll, inPart = "7::bigint", "00:00:00", "00:00:00"
	}
	from := "duration_in(" + stateExample + ", " + value + ", timestamptz '2026-01-01 00:03+00'"
	register(Scalar{
		Name: "duration_in", Args: typesOf(oids{types.Bytea, state, types.Timestamptz}), Returns: types.Of(types.Interval), Strict: true, Volatility: Immutable,
		Doc: "How long a state held from a time on.", Examples: []Example{ex(from+")", inAll)},
		EvalTyped: func(_ *Context, t Signature, args []types.Datum) (types.Datum, error) {
			return between(t, args, func(s *states) int64 { return s.end })
		},
	})
	register(Scalar{
		Name: "duration_in", Args: typesOf(oids{types.Bytea, state, types.Timestamptz, types.Interval}), Returns: types.Of(types.Interval), Strict: true, Volatility: Immutable,
		Doc: "How long a state held within an interval from a time on.", Examples: []Example{ex(from+", interval '2 minutes')", inPart)},
		EvalTyped: func(_ *Context, t Signature, args []types.Datum) (types.Datum, error) {
			length := shortSpan(args[3].Interval())
			if length <= 0 {
				return types.Null, pgerror.New(pgerror.InvalidParameterValue, "the interval of duration_in must be greater than zero")
			}
			end := args[2].Int() + length
			if end < args[2].Int() {
				end = math.MaxInt64
			}
			return between(t, args, func(s *states) int64 { return end })
		},
	})
}
