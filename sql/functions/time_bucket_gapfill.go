package functions

import (
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// time_bucket_gapfill is time_bucket whose buckets the planner completes
// (logical.GapFill); locf, interpolate, nocb and fill are columns of that node.

// The names by which the planner knows them.
const (
	GapFillName     = "time_bucket_gapfill"
	LocfName        = "locf"
	InterpolateName = "interpolate"
	NextName        = "nocb"
	FillName        = "fill"
)

// BucketWalk walks over the buckets of a function of a time (Scalar.Steps) that cuts it
// to the start of one.
type BucketWalk struct {
	step stepFunc
	last int64 // value of the type
}

// NewBucketWalk makes a walk of a function and its arguments; that of the time is NULL.
func NewBucketWalk(c *Context, fn *Scalar, args []types.Datum) (*BucketWalk, error) {
	step, err := fn.Steps.At(c, args)
	last := map[types.OID]int64{
		types.Int2: math.MaxInt16, types.Int4: math.MaxInt32, types.Int8: math.MaxInt64, types.Date: types.DateInfinity - 1,
	}[fn.Args[fn.Steps.Of-1].OID]
	if last == 0 {
		last = endTimestamp - 1
	}
	return &BucketWalk{step, last}, err
}

// Start is the start of the bucket of a value.
func (w *BucketWalk) Start(t int64) (int64, error) {
	start, _, _, err := w.step(t)
	return start, err
}

// Next is the start of the bucket after the one that starts at t. Steps may end within a
// bucket, as where the offset of a time zone changes.
func (w *BucketWalk) Next(t int64) (int64, error) {
	for x := t; ; {
		_, lo, hi, err := w.step(x)
		switch {
		case err != nil:
			return 0, err
		case lo < hi && hi > w.last, lo >= hi && x > w.last/2:
			return 0, errTimestampRange
		case lo >= hi:
			return 0, pgerror.Unsupported("filling buckets of months with an offset")
		}
		next, _, _, err := w.step(hi)
		if err != nil || next > t {
			return next, err
		}
		x = hi
	}
}

// gapBucketing is that of time_bucket_gapfill.
func gapBucketing(oid types.OID, args []types.Datum) (bucketing, error) {
	width := args[0]
	b := bucketing{min: math.MinInt64, max: math.MaxInt64}
	switch oid {
	case types.Int2:
		b = bucketing{min: math.MinInt16, max: math.MaxInt16}
	case types.Int4:
		b = bucketing{min: math.MinInt32, max: math.MaxInt32}
	case types.Int8:
	default:
		b, err := timeBucketing(width.Interval(), nil, oid == types.Date)
		if err == nil && len(args) > 2 && args[2].P == types.PhysString {
			b.zone, err = types.ZoneForName(args[2].S)
		}
		return b, err
	}
	if b.period = width.Int(); b.period <= 0 {
		return b, errBucketPeriod
	}
	return b, nil
}

var _ = func() bool {
	plan := func(oid types.OID) func(args []types.Datum) (bucketing, error) {
		return func(args []types.Datum) (bucketing, error) { return gapBucketing(oid, args) }
	}
	add := func(args oids, names []Param, returns types.OID, b body, examples ...Example) {
		register(Scalar{
			Name: GapFillName, Args: typesOf(args), Defaults: 2, Returns: types.Of(returns), Volatility: Immutable, Monotone: 2, Params: names,
			Steps: bucketSteps(plan(returns)),
			Doc: "As time_bucket; as a GROUP BY key it makes a group also of each bucket from start to before finish that has no rows. " +
				"These are given, or are the bounds of the time in WHERE.",
			Examples: examples, Kernel: b.Kernel, Eval: b.Eval,
		})
	}
	names := []Param{{"bucket_width", ""}, {"ts", ""}, {"start", "NULL"}, {"finish", "NULL"}}
	integer := func(oid types.OID, b body, examples ...Example) {
		add(oids{oid, oid, oid, oid}, names, oid, b, examples...)
	}
	integer(types.Int2, bucketBody[int16](2, plan(types.Int2)), ex("time_bucket_gapfill(10::smallint, 27::smallint)", "20"))
	integer(types.Int4, bucketBody[int32](2, plan(types.Int4)), ex("time_bucket_gapfill(10, 27, 0, 100)", "20"))
	integer(types.Int8, bucketBody[int64](2, plan(types.Int8)), ex("time_bucket_gapfill(10::bigint, 27::bigint)", "20"))
	add(oids{types.Interval, types.Date, types.Date, types.Date}, names, types.Date, bucketBody[int32](2, plan(types.Date)),
		ex("time_bucket_gapfill(interval '1 week', date '2026-03-04')", "2026-03-02"))
	for _, oid := range []types.OID{types.Timestamp, types.Timestamptz} {
		add(oids{types.Interval, oid, oid, oid}, names, oid, bucketBody[int64](2, plan(oid)),
			ex("time_bucket_gapfill(interval '1 hour', timestamp '2026-03-04 10:17:03')", "2026-03-04 10:00:00"))
	}
	add(oids{types.Interval, types.Timestamptz, types.Text, types.Timestamptz, types.Timestamptz},
		[]Param{{"bucket_width", ""}, {"ts", ""}, {"timezone", ""}, {"start", "NULL"}, {"finish", "NULL"}}, types.Timestamptz,
		bucketBody[int64](3, plan(types.Timestamptz)),
		ex("time_bucket_gapfill(interval '1 day', timestamptz '2026-03-04 10:17:03+00', 'Europe/Berlin')", "2026-03-03 23:00:00+00"))

	outside := func(name string) func(*Context, []types.Datum) (types.Datum, error) {
		return func(*Context, []types.Datum) (types.Datum, error) {
			return types.Null, pgerror.New(pgerror.FeatureNotSupported, "%s can only be used in an aggregation query with time_bucket_gapfill", name)
		}
	}
	register(Scalar{
		Name: LocfName, Args: typesOf(oids{types.AnyElement, types.AnyElement, types.Bool}), Defaults: 2, Returns: types.Of(types.AnyElement), Volatility: Volatile,
		Params:   []Param{{"value", ""}, {"prev", "NULL"}, {"treat_null_as_missing", "false"}},
		Doc:      "With time_bucket_gapfill: the value, in buckets without rows that of the bucket before (last observation carried forward), at first prev.",
		Examples: []Example{ex("locf(1)", "ERROR 0A000: locf can only be used in an aggregation query with time_bucket_gapfill")}, Eval: outside(LocfName),
	})
	register(Scalar{
		Name: NextName, Args: typesOf(oids{types.AnyElement}), Returns: types.Of(types.AnyElement), Volatility: Volatile, Params: params("value"),
		Doc:      "With time_bucket_gapfill: the value, in buckets without rows that of the next row (next observation carried backward).",
		Examples: []Example{ex("nocb(1)", "ERROR 0A000: nocb can only be used in an aggregation query with time_bucket_gapfill")}, Eval: outside(NextName),
	})
	register(Scalar{
		Name: FillName, Args: typesOf(oids{types.AnyCompatible, types.AnyCompatible}), Returns: types.Of(types.AnyCompatible), Volatility: Volatile, Params: params("value", "missing"),
		Doc:      "With time_bucket_gapfill: the value, in buckets without rows a constant. For that also the words PREV, NEXT and LINEAR may stand, as in interpolate.",
		Examples: []Example{ex("fill(1, 2)", "ERROR 0A000: fill can only be used in an aggregation query with time_bucket_gapfill")}, Eval: outside(FillName),
	})
	for _, oid := range []types.OID{types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric} {
		register(Scalar{
			Name: InterpolateName, Args: typesOf(oids{oid, types.Record, types.Record}), Defaults: 2, Returns: types.Of(oid), Volatility: Volatile,
			Params:   []Param{{"value", ""}, {"prev", "NULL"}, {"next", "NULL"}},
			Doc:      "With time_bucket_gapfill: the value, in buckets without rows one on the line between the values before and after; prev and next are (time, value) beyond the ends.",
			Examples: []Example{ex("interpolate(1)", "ERROR 0A000: interpolate can only be used in an aggregation query with time_bucket_gapfill")}, Eval: outside(InterpolateName),
		})
	}
	return true
}()
