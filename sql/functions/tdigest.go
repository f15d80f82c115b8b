package functions

import (
	"cmp"
	"math"
	"slices"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// digest estimates percentiles of floats, exactest at both ends: a merging t-digest
// (Dunning and Ertl, "Computing Extremely Accurate Quantiles Using t-Digests", 2019).
// Values are gathered, sorted, and joined to centroids (mean, weight) from left to right;
// how much a centroid may weigh is the step of a scale that is quadratic at both ends:
// k(q) = size * sqrt(q/2) up to the middle, and mirrored. Up to size values are kept as
// they are while they are few enough for the scale.
type digest struct {
	size      int
	centroids []centroid // sorted by mean
	waiting   []centroid // not yet among the centroids
	n, sum    float64
	min, max  float64
}

type centroid struct{ mean, weight float64 }

const maxDigestSize = 1 << 16

func newDigest(size int) *digest {
	return &digest{size: size, min: math.Inf(1), max: math.Inf(-1)}
}

func (d *digest) add(v float64) { d.gather(centroid{v, 1}, v, v) }

func (d *digest) gather(c centroid, lowest, highest float64) {
	d.n += c.weight
	d.sum += c.mean * c.weight
	d.min, d.max = min(d.min, lowest), max(d.max, highest)
	if d.waiting = append(d.waiting, c); len(d.waiting) >= 5*d.size {
		d.compress()
	}
}

// limit is the part of all values up to which a centroid that begins at step k may reach.
func (d *digest) limit(k float64) float64 {
	x := k / float64(d.size)
	if x >= 0.5 {
		return 1 - 2*(1-x)*(1-x)
	}
	return 2 * x * x
}

// compress sorts what waits among the centroids and joins them as the scale allows.
func (d *digest) compress() {
	if len(d.waiting) == 0 {
		return
	}
	all := append(d.waiting, d.centroids...)
	slices.SortStableFunc(all, func(a, b centroid) int { return cmp.Compare(a.mean, b.mean) })
	total := 0.0
	for _, c := range all {
		total += c.weight
	}
	out := make([]centroid, 0, min(len(all), 2*d.size))
	k, cur, before := 1.0, all[0], 0.0
	most := d.limit(k) * total
	for _, c := range all[1:] {
		if before+cur.weight+c.weight <= most {
			cur.weight += c.weight
			cur.mean += (c.mean - cur.mean) * c.weight / cur.weight
			continue
		}
		before += cur.weight
		out = append(out, cur)
		cur = c
		for k++; k < float64(d.size) && d.limit(k)*total <= before; k++ {
		}
		most = d.limit(k) * total
	}
	d.centroids, d.waiting = append(out, cur), nil
}

func (d *digest) join(o *digest) error {
	if d.size != o.size {
		return pgerror.New(pgerror.InvalidParameterValue, "cannot combine t-digests of different sizes")
	}
	for _, list := range [][]centroid{o.centroids, o.waiting} {
		for _, c := range list {
			d.gather(c, o.min, o.max)
		}
	}
	return nil
}

// slope is how much the value grows over a centroid: half of the way between its neighbours.
func (d *digest) slope(i int) float64 {
	c := d.centroids
	switch last := len(c) - 1; {
	case last == 0:
		return 0
	case i == 0:
		return c[1].mean - c[0].mean
	case i == last:
		return c[last].mean - c[last-1].mean
	}
	return (c[i+1].mean - c[i-1].mean) / 2
}

// percentile estimates the value below which a part of all values lies.
func (d *digest) percentile(part float64) float64 {
	rank, before := part*d.n, 0.0
	switch {
	case part <= 0:
		return d.min
	case part >= 1:
		return d.max
	}
	i := 0
	for i < len(d.centroids)-1 && rank >= before+d.centroids[i].weight {
		before += d.centroids[i].weight
		i++
	}
	c := d.centroids[i]
	v := c.mean + ((rank-before)/c.weight-0.5)*d.slope(i)
	return max(d.min, min(d.max, v))
}

// rank estimates which part of all values lies below v: what percentile inverts.
func (d *digest) rank(v float64) float64 {
	switch {
	case v < d.min:
		return 0
	case v > d.max:
		return 1
	}
	before := 0.0
	for i, c := range d.centroids {
		slope := d.slope(i)
		if upper := c.mean + slope/2; v < upper || i == len(d.centroids)-1 {
			part := 0.5
			if slope > 0 {
				part = max(0, min(1, (v-c.mean)/slope+0.5))
			}
			return (before + part*c.weight) / d.n
		}
		before += c.weight
	}
	return 1
}

func (d *digest) datum() types.Datum {
	d.compress()
	w := newSummary(digestSummary)
	w.count(uint64(d.size))
	for _, v := range []float64{d.n, d.sum, d.min, d.max} {
		w.float(v)
	}
	w.count(uint64(len(d.centroids)))
	for _, c := range d.centroids {
		w.float(c.mean)
		w.float(c.weight)
	}
	return w.datum()
}

func readDigest(r *summaryReader) (*digest, error) {
	size := r.count()
	if size < 1 || size > maxDigestSize {
		r.bad = true
		return nil, r.end()
	}
	d := newDigest(int(size))
	for _, v := range []*float64{&d.n, &d.sum, &d.min, &d.max} {
		*v = r.float()
	}
	for left := r.count(); left > 0 && !r.bad; left-- {
		d.centroids = append(d.centroids, centroid{r.float(), r.float()})
	}
	r.bad = r.bad || len(d.centroids) == 0
	return d, r.end()
}

func newDigests() *joined[digest] {
	return &joined[digest]{
		join: (*digest).join, datum: (*digest).datum,
		size: func(d *digest) int64 { return 112 + 16*int64(cap(d.centroids)+cap(d.waiting)) },
		update: func(s *joined[digest], groups []uint32, args []Value, n int) error {
			sizes, v := fixedValues[int32](args[0].Array), fixedValues[float64](args[1].Array)
			sm, vm := mask(args[0]), mask(args[1])
			return eachRow(groups, args[:2], n, func(g uint32, i int) error {
				size, x := int(sizes[i&sm]), v[i&vm]
				switch {
				case size < 1 || size > maxDigestSize:
					return pgerror.New(pgerror.InvalidParameterValue, "a t-digest has 1 to %d buckets", maxDigestSize)
				case math.IsNaN(x) || math.IsInf(x, 0):
					return pgerror.New(pgerror.InvalidParameterValue, "a t-digest takes finite values only")
				case s.states[g] == nil:
					s.states[g] = newDigest(size)
				case s.states[g].size != size:
					return pgerror.New(pgerror.InvalidParameterValue, "the size of a t-digest must not change between calls")
				}
				s.states[g].add(x)
				return nil
			})
		},
	}
}

// digestExample is tdigest(100, x) of the numbers from 1 to 4.
const digestExample = `'\x54016400000000000010400000000000002440000000000000f03f000000000000104004000000000000f03f000000000000f03f0000000000000040000000000000f03f0000000000000840000000000000f03f0000000000001040000000000000f03f'::bytea`

var _ = func() bool {
	register(Aggregate{
		Name: "tdigest", Args: typesOf(oids{types.Int4, types.Float8}), Returns: types.Of(types.Bytea), SkipNulls: true, Params: params("buckets", "value"),
		Doc: "Sketches the distribution of values, for approx_percentile: exactest at the ends, with up to a number of buckets.",
		New: func(*Context, Signature) Accumulator { return newDigests() },
	})
	get := func(name, doc, want string, of func(d *digest) float64) {
		summaryFunc(name, doc, types.Float8, []summaryKind{digestSummary}, func(r *summaryReader) (types.Datum, error) {
			d, err := readDigest(r)
			if err != nil {
				return types.Null, err
			}
			return types.NewFloat64(of(d)), nil
		}, ex(name+"("+digestExample+")", want))
	}
	get("min_val", "The least of the values of a t-digest.", "1", func(d *digest) float64 { return d.min })
	get("max_val", "The greatest of the values of a t-digest.", "4", func(d *digest) float64 { return d.max })
	return true
}()
