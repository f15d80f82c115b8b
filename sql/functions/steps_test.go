package functions

import (
	"math/rand"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestSteps compares the ranges that Steps tell with the results within them, in zones
// whose offsets change by hours, half hours, at midnight, and by a day.
func TestSteps(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kolkata"}
	interval := func(months, days int32, micros int64) types.Datum {
		return types.IntervalValue{Months: months, Days: days, Micros: micros}.Datum()
	}
	ts := types.NewInt8
	text := types.NewString
	widths := []types.Datum{ts(1), ts(2), ts(7), ts(60), ts(3600), ts(86400)}
	spans := []types.Datum{interval(0, 0, 1), interval(0, 0, 7_000_000), interval(0, 0, 60_000_000), interval(0, 1, 0), interval(0, 7, 5), interval(0, 0, 90*60_000_000)}
	months := append([]types.Datum{interval(1, 0, 0), interval(5, 0, 0), interval(12, 0, 0)}, spans...)
	origins := []types.Datum{ts(0), ts(-1), ts(123456789012345)}
	var units []types.Datum
	for _, u := range []string{"microsecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century"} {
		units = append(units, text(u))
	}
	var names []types.Datum
	for _, z := range zones {
		names = append(names, text(z))
	}
	args := map[string][][]types.Datum{
		EpochFloorName: {nil, widths, {ts(1), ts(60)}}, EpochRoundName: {nil, widths}, EpochInt4Name: {nil, widths}, EpochInt8Name: {nil, widths},
		"date_bin": {spans, nil, origins}, "date_trunc": {units, nil, names}, "date": {nil},
		"time_bucket": {months, nil, origins},
	}
	random := rand.New(rand.NewSource(1))
	pick := func(list []types.Datum) types.Datum { return list[random.Intn(len(list))] }
	seen := map[string]int{}
	for name := range args {
		for _, fn := range Scalars(name) {
			if fn.Steps == nil || fn.Args[fn.Steps.Of-1].OID != types.Timestamp && fn.Args[fn.Steps.Of-1].OID != types.Timestamptz {
				continue
			}
			for range 1000 {
				zone, err := types.ZoneForName(zones[random.Intn(len(zones))])
				if err != nil {
					t.Fatal(err)
				}
				c := &Context{IO: &types.IO{TimeZone: zone}}
				list := make([]types.Datum, len(fn.Args))
				for i := range list {
					if i == fn.Steps.Of-1 {
						continue
					}
					switch list[i] = pick(args[name][min(i, len(args[name])-1)]); {
					case fn.Args[i].OID == types.Interval && i == len(list)-1 && i > 1:
						list[i] = pick(months)
					case fn.Args[i].OID == types.Text && i == 2:
						list[i] = pick(names)
					case fn.Args[i].OID == types.Timestamptz && i > 2:
						list[i] = pick(origins)
					}
				}
				checkSteps(t, c, fn, list, random, seen)
			}
		}
	}
	for name := range args {
		if seen[name] == 0 {
			t.Errorf("no range of %s was seen", name)
		}
	}
}

func checkSteps(t *testing.T, c *Context, fn *Scalar, list []types.Datum, random *rand.Rand, seen map[string]int) {
	t.Helper()
	at := int64(random.Intn(4_000_000_000_000_000) - 2_000_000_000_000_000)
	switch random.Intn(8) {
	case 0:
		at = time.Hour.Microseconds() * int64(random.Intn(2_000_000)-1_000_000)
	case 1: // around 1970
		at = -unixEpochMicros + int64(random.Intn(200_000_000)-100_000_000)
	case 2: // around the end of the table of zones
		at = 15_778_000_000_000_000 + int64(random.Intn(100_000_000_000_000))
	case 3:
		at = []int64{types.TimestampInfinity, types.TimestampNegInfinity, minTimestamp, endTimestamp - 1}[random.Intn(4)]
	}
	value := func(x int64) (types.Datum, error) {
		list[fn.Steps.Of-1] = types.NewInt8(x)
		return fn.Eval(c, list)
	}
	step, err := fn.Steps.At(c, list)
	if err != nil {
		return
	}
	want, wantErr := value(at)
	got, lo, hi, err := step(at)
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("%s%v of %d: %v instead of %v", fn.Name, list, at, err, wantErr)
	}
	if err != nil {
		return
	}
	if got != want.Int() {
		t.Fatalf("%s%v of %d: %d instead of %d", fn.Name, list, at, got, want.Int())
	}
	if lo >= hi {
		return
	}
	if at < lo || at >= hi {
		t.Fatalf("%s%v: %d is not in [%d, %d)", fn.Name, list, at, lo, hi)
	}
	if hi-lo > 1 {
		seen[fn.Name]++
	}
	lo, hi = max(lo, minTimestamp), min(hi, endTimestamp)
	for _, x := range []int64{lo, hi - 1, lo + random.Int63n(hi-lo)} {
		if d, err := value(x); err != nil || d.Int() != got {
			t.Fatalf("%s%v in %v: %d of %d, %d (%v) of %d, which is in [%d, %d)", fn.Name, list, c.IO.TimeZone, got, at, d.Int(), err, x, lo, hi)
		}
	}
}
