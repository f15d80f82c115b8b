package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// counter sums up a series of a counter, which only grows but may be reset to zero,
// or of a gauge, which goes up and down.
type counter struct {
	gauge                           bool
	first, second, beforeLast, last point
	resetSum                        float64 // what resets took away
	resets, changes, elements       uint64
}

// newCounter sums up points that are sorted by time.
func newCounter(pts []point, gauge bool) *counter {
	c := &counter{gauge: gauge, first: pts[0], second: pts[0], beforeLast: pts[0], last: pts[0], elements: 1}
	for i, p := range pts[1:] {
		if i == 0 {
			c.second = p
		}
		c.step(p)
		c.elements++
	}
	return c
}

// step notes the way from last to p.
func (c *counter) step(p point) {
	if p.value < c.last.value && !c.gauge {
		c.resetSum += c.last.value
		c.resets++
	}
	if p.value != c.last.value {
		c.changes++
	}
	c.beforeLast, c.last = c.last, p
}

// join adds a counter whose points lie behind c's.
func (c *counter) join(o *counter) error {
	if o.first.time <= c.last.time {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine summaries with overlapping time ranges")
	}
	if c.elements == 1 {
		c.second = o.first
	}
	before := c.last
	c.step(o.first)
	c.resetSum += o.resetSum
	c.resets += o.resets
	c.changes += o.changes
	c.elements += o.elements
	if c.beforeLast, c.last = o.beforeLast, o.last; o.elements == 1 {
		c.beforeLast = before
	}
	return nil
}

func (c *counter) delta() float64 { return c.last.value + c.resetSum - c.first.value }

// between is the growth from one point to the next.
func (c *counter) between(a, b point) float64 {
	if b.value < a.value && !c.gauge {
		return b.value
	}
	return b.value - a.value
}

func perSecond(growth float64, micros int64) (types.Datum, error) {
	return floatOrNull(growth/seconds(micros), micros > 0)
}

func (c *counter) rate() (types.Datum, error) {
	return perSecond(c.delta(), c.last.time-c.first.time)
}

func (c *counter) irate(a, b point) (types.Datum, error) {
	return perSecond(c.between(a, b), b.time-a.time)
}

func (c *counter) datum() types.Datum {
	kind := counterSummary
	if c.gauge {
		kind = gaugeSummary
	}
	w := newSummary(kind)
	for _, p := range []point{c.first, c.second, c.beforeLast, c.last} {
		w.int(p.time)
		w.float(p.value)
	}
	w.float(c.resetSum)
	w.count(c.resets)
	w.count(c.changes)
	w.count(c.elements)
	return w.datum()
}

func readCounter(r *summaryReader) (*counter, error) {
	c := &counter{gauge: r.kind == gaugeSummary}
	for _, p := range []*point{&c.first, &c.second, &c.beforeLast, &c.last} {
		p.time, p.value = r.int(), r.float()
	}
	c.resetSum, c.resets, c.changes, c.elements = r.float(), r.count(), r.count(), r.count()
	return c, r.end()
}

var _ = func() bool {
	agg := func(gauge bool, get func(c *counter) (types.Datum, error)) func(pts []point) (types.Datum, error) {
		return func(pts []point) (types.Datum, error) { return get(newCounter(pts, gauge)) }
	}
	whole := func(c *counter) (types.Datum, error) { return c.datum(), nil }
	pointAggregate("counter_agg", "Sums up a counter that may be reset, for rate, delta, irate_right and others.", types.Bytea, agg(false, whole))
	pointAggregate("gauge_agg", "Sums up a value that goes up and down, for rate, delta, irate_right and others.", types.Bytea, agg(true, whole))
	delta := func(c *counter) (types.Datum, error) { return types.NewFloat64(c.delta()), nil }
	pointAggregate("increase", "Gives by how much a counter that may be reset grew.", types.Float8, agg(false, delta))
	pointAggregate("delta", "Gives the difference between the last and the first value.", types.Float8, agg(true, delta))
	pointAggregate("rate", "Gives by how much a counter that may be reset grew each second.", types.Float8, agg(false, (*counter).rate))
	pointAggregate("irate", "Gives by how much a counter that may be reset grew each second from the last value but one to the last.", types.Float8,
		agg(false, func(c *counter) (types.Datum, error) { return c.irate(c.beforeLast, c.last) }))
	return true
}()

// counterExample is counter_agg of 10 at 00:00, 20 at 00:01, 5 at 00:02 and 15 at 00:04.
const counterExample = `'\x43010060e80a47ea0200000000000000244000e77b0e47ea02000000000000003440006e0f1247ea02000000000000001440007c361947ea02000000000000002e400000000000003440010304'::bytea`

var counterKinds = []summaryKind{counterSummary, gaugeSummary}

func counterFunc(name, doc string, returns types.OID, want string, get func(c *counter) (types.Datum, error)) {
	summaryFunc(name, doc, returns, counterKinds, func(r *summaryReader) (types.Datum, error) {
		c, err := readCounter(r)
		if err != nil {
			return types.Null, err
		}
		return get(c)
	}, ex(name+"("+counterExample+")", want))
}

var _ = func() bool {
	float := func(f func(c *counter) float64) func(c *counter) (types.Datum, error) {
		return func(c *counter) (types.Datum, error) { return types.NewFloat64(f(c)), nil }
	}
	number := func(f func(c *counter) uint64) func(c *counter) (types.Datum, error) {
		return func(c *counter) (types.Datum, error) { return types.NewInt8(int64(f(c))), nil }
	}
	counterFunc("delta", "By how much a counter grew, or a gauge changed.", types.Float8, "25", float((*counter).delta))
	counterFunc("increase", "By how much a counter grew, or a gauge changed.", types.Float8, "25", float((*counter).delta))
	counterFunc("rate", "By how much a counter grew each second.", types.Float8, "0.10416666666666667", (*counter).rate)
	counterFunc("time_delta", "The seconds from the first to the last value.", types.Float8, "240",
		float(func(c *counter) float64 { return seconds(c.last.time - c.first.time) }))
	counterFunc("idelta_left", "By how much a counter grew from its first value to the second.", types.Float8, "10",
		float(func(c *counter) float64 { return c.between(c.first, c.second) }))
	counterFunc("idelta_right", "By how much a counter grew from its last value but one to the last.", types.Float8, "10",
		float(func(c *counter) float64 { return c.between(c.beforeLast, c.last) }))
	counterFunc("irate_left", "By how much a counter grew each second from its first value to the second.", types.Float8, "0.16666666666666666",
		func(c *counter) (types.Datum, error) { return c.irate(c.first, c.second) })
	for _, name := range []string{"irate_right", "irate"} {
		counterFunc(name, "By how much a counter grew each second from its last value but one to the last.", types.Float8, "0.08333333333333333",
			func(c *counter) (types.Datum, error) { return c.irate(c.beforeLast, c.last) })
	}
	counterFunc("num_resets", "How often a counter was reset.", types.Int8, "1", number(func(c *counter) uint64 { return c.resets }))
	counterFunc("num_changes", "How often a counter or gauge changed.", types.Int8, "3", number(func(c *counter) uint64 { return c.changes }))
	counterFunc("num_elements", "The number of values with different times.", types.Int8, "4", number(func(c *counter) uint64 { return c.elements }))
	return true
}()
