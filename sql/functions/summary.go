package functions

import (
	bin "encoding/binary"
	"math"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Summaries are what counter_agg, time_weight, stats_agg and the like give: bytea
// values that other functions read and rollup joins. They may lie in tables, so their
// bytes are a format (docs/formats/summaries.md): a letter for the kind, a version,
// fields in little endian, counts as varints.

// summaryKind is the first byte of a summary.
type summaryKind byte

const (
	counterSummary    summaryKind = 'C' // counter_agg
	gaugeSummary      summaryKind = 'G' // gauge_agg
	weightSummary     summaryKind = 'W' // time_weight
	percentileSummary summaryKind = 'P' // percentile_agg, uddsketch
	stateSummary      summaryKind = 'S' // state_agg

	statsSummary       summaryKind = 'D' // stats_agg of one column
	pairStatsSummary   summaryKind = 'E' // stats_agg of two
	candlestickSummary summaryKind = 'K' // candlestick_agg, candlestick
	digestSummary      summaryKind = 'T' // tdigest
	hyperLogLogSummary summaryKind = 'H' // hyperloglog, approx_count_distinct
	timevectorSummary  summaryKind = 'V' // timevector, lttb
	heartbeatSummary   summaryKind = 'L' // heartbeat_agg
)

const summaryVersion = 1

var summaryNames = map[summaryKind]string{
	counterSummary: "counter_agg", gaugeSummary: "gauge_agg", weightSummary: "time_weight", percentileSummary: "percentile_agg", stateSummary: "state_agg",
	statsSummary: "stats_agg", pairStatsSummary: "stats_agg", candlestickSummary: "candlestick_agg", digestSummary: "tdigest",
	hyperLogLogSummary: "hyperloglog", timevectorSummary: "timevector", heartbeatSummary: "heartbeat_agg",
}

// summaryWriter appends the fields of a summary.
type summaryWriter struct{ b []byte }

func newSummary(kind summaryKind) *summaryWriter {
	return &summaryWriter{b: []byte{byte(kind), summaryVersion}}
}

func (w *summaryWriter) byte(v byte)     { w.b = append(w.b, v) }
func (w *summaryWriter) int(v int64)     { w.b = bin.LittleEndian.AppendUint64(w.b, uint64(v)) }
func (w *summaryWriter) float(v float64) { w.int(int64(math.Float64bits(v))) }
func (w *summaryWriter) count(v uint64)  { w.b = bin.AppendUvarint(w.b, v) }
func (w *summaryWriter) signed(v int64)  { w.b = bin.AppendVarint(w.b, v) }

func (w *summaryWriter) text(s string) {
	w.count(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *summaryWriter) datum() types.Datum { return types.NewBinary(string(w.b)) }

// summaryReader takes them apart; after an error it yields zeros.
type summaryReader struct {
	b    string
	kind summaryKind
	bad  bool
}

// readSummary opens a summary of one of the kinds, or fails with 22023.
func readSummary(d types.Datum, kinds ...summaryKind) (*summaryReader, error) {
	for _, k := range kinds {
		if len(d.S) >= 2 && d.S[0] == byte(k) && d.S[1] == summaryVersion {
			return &summaryReader{b: d.S[2:], kind: k}, nil
		}
	}
	names := ""
	for i, k := range kinds {
		if i > 0 {
			names += " or "
		}
		names += summaryNames[k]
	}
	return nil, pgerror.New(pgerror.InvalidParameterValue, "the argument is no summary made by %s", names)
}

// end reports whether the summary was read well and to its end.
func (r *summaryReader) end() error {
	if r.bad || len(r.b) > 0 {
		return pgerror.New(pgerror.InvalidParameterValue, "the summary made by %s is damaged", summaryNames[r.kind])
	}
	return nil
}

func (r *summaryReader) byte() byte {
	if len(r.b) < 1 {
		r.bad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *summaryReader) int() int64 {
	if len(r.b) < 8 {
		r.bad = true
		return 0
	}
	v := bin.LittleEndian.Uint64([]byte(r.b[:8]))
	r.b = r.b[8:]
	return int64(v)
}

func (r *summaryReader) float() float64 { return math.Float64frombits(uint64(r.int())) }

func (r *summaryReader) count() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.bad = true
	return 0
}

func (r *summaryReader) signed() int64 {
	u := r.count()
	v := int64(u >> 1)
	if u&1 != 0 {
		v = ^v
	}
	return v
}

func (r *summaryReader) text() string {
	n := r.count()
	if n > uint64(len(r.b)) {
		r.bad = true
		return ""
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

// summaryFunc registers a function over summaries. returns is its result; get reads
// the summary and gives NULL with ok false.
func summaryFunc(name, doc string, returns types.OID, kinds []summaryKind, get func(r *summaryReader) (types.Datum, error), example Example) *Scalar {
	return register(Scalar{
		Name: name, Args: typesOf(oids{types.Bytea}), Returns: types.Of(returns), Strict: true, Volatility: Immutable, Doc: doc, Examples: []Example{example},
		Eval: func(_ *Context, args []types.Datum) (types.Datum, error) {
			r, err := readSummary(args[0], kinds...)
			if err != nil {
				return types.Null, err
			}
			return get(r)
		},
	})
}
