package ddl

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ChunkSchema is where TimescaleDB has its chunks.
const ChunkSchema = "_timescaledb_internal"

// Chunk is a slice of a time-series table that holds points, as TimescaleDB's
// functions and views show it.
type Chunk struct {
	Table      catalog.OID
	Start, End int64 // in the time column's unit, End exclusive
}

// Relation is the chunk's name without its schema. TimescaleDB numbers chunks as they are
// made; here the number is the chunk's start, which stays.
func (c Chunk) Relation() string {
	sign := ""
	start := uint64(c.Start)
	if c.Start < 0 {
		sign, start = "m", -start
	}
	return fmt.Sprintf("_hyper_%d_%s%d_chunk", c.Table, sign, start)
}

// Name is the chunk's name.
func (c Chunk) Name() string { return ChunkSchema + "." + c.Relation() }

// ParseChunk reads a chunk's name and finds its table.
func ParseChunk(snap *catalog.Snapshot, name string) (*catalog.Table, Chunk, bool) {
	var id catalog.OID
	var number string
	rest := name
	if len(rest) > len(ChunkSchema) && rest[:len(ChunkSchema)+1] == ChunkSchema+"." {
		rest = rest[len(ChunkSchema)+1:]
	}
	if n, _ := fmt.Sscanf(rest, "_hyper_%d_%s", &id, &number); n != 2 || len(number) < len("_chunk") {
		return nil, Chunk{}, false
	}
	number = number[:len(number)-len("_chunk")]
	if number != "" && number[0] == 'm' {
		number = "-" + number[1:]
	}
	start, err := strconv.ParseInt(number, 10, 64)
	t := snap.TableByID(id)
	if err != nil || t == nil || t.TimeSeries == nil {
		return nil, Chunk{}, false
	}
	c := Chunk{Table: id}
	c.Start, c.End = t.TimeSeries.SliceAt(start)
	return t, c, c.Name() == name || c.Relation() == name
}

// queryFunc runs a statement and hands over its batches.
type queryFunc = func(ctx context.Context, stmt ast.Statement, fn func(batch arrow.RecordBatch) error) error

// Chunks lists the slices of a table that hold points and lie whole in the range
// that the arguments older_than and newer_than give, in the order of time.
func Chunks(ctx context.Context, query queryFunc, fn *functions.Context, snap *catalog.Snapshot, t *catalog.Table, args functions.SeriesArgs) ([]Chunk, error) {
	for _, name := range []string{"created_before", "created_after"} {
		if _, ok := args[name]; ok {
			return nil, pgerror.Unsupported("%s: chunks do not know when they were made;", name)
		}
	}
	older, newer := int64(math.MaxInt64), int64(math.MinInt64)
	var err error
	if a, ok := args["older_than"]; ok {
		if older, err = pointInTime(fn, t, "older_than", a); err != nil {
			return nil, err
		}
	}
	if a, ok := args["newer_than"]; ok {
		if newer, err = pointInTime(fn, t, "newer_than", a); err != nil {
			return nil, err
		}
	}
	var out []Chunk
	// Each step finds the first point behind the slice before.
	col := catalog.QuoteIdent(t.Columns[t.TimeSeries.Time-1].Name)
	table := nameIn(snap, t)
	for at := int64(math.MinInt64); ; {
		text := "SELECT min(" + col + ") FROM " + table
		if at != math.MinInt64 {
			text += " WHERE " + col + " >= " + timeLiteral(t, at)
		}
		first, err := oneValue(ctx, query, text)
		if err != nil || first.IsNull() {
			return out, err
		}
		c := Chunk{Table: t.ID}
		c.Start, c.End = t.TimeSeries.SliceAt(first.Int())
		if c.Start >= older {
			return out, nil
		}
		if c.Start >= newer && c.End <= older {
			out = append(out, c)
		}
		if c.End == math.MaxInt64 || c.End <= at {
			return out, nil
		}
		at = c.End
	}
}

// nameIn is a table's name as SQL, with its schema.
func nameIn(snap *catalog.Snapshot, t *catalog.Table) string {
	return catalog.QuoteIdent(snap.SchemaByID(t.Schema).Name) + "." + catalog.QuoteIdent(t.Name)
}

// oneValue runs a query for one value.
func oneValue(ctx context.Context, query queryFunc, text string) (types.Datum, error) {
	out := types.Null
	stmt, err := parseQuery(text)
	if err != nil {
		return out, err
	}
	err = query(ctx, stmt, func(batch arrow.RecordBatch) error {
		out = types.DatumAt(batch.Column(0), 0)
		return nil
	})
	return out, err
}

// CountPoints is how many points a table has.
func CountPoints(ctx context.Context, query queryFunc, snap *catalog.Snapshot, t *catalog.Table) (types.Datum, error) {
	return oneValue(ctx, query, "SELECT count(*) FROM "+nameIn(snap, t))
}

// pointInTime reads older_than and newer_than: an interval before now, or a time.
func pointInTime(fn *functions.Context, t *catalog.Table, param string, arg functions.SeriesArg) (int64, error) {
	col := t.Columns[t.TimeSeries.Time-1]
	days := func(ts int64) int64 {
		if col.Type.OID != types.Date {
			return ts
		}
		day, _ := types.SplitDay(ts)
		return day
	}
	if isIntegerType(col.Type.OID) {
		if !isIntegerType(arg.Type.OID) {
			return 0, pgerror.New(pgerror.InvalidParameterValue, "invalid time argument type %q", types.Format(arg.Type)).
				WithHint("Try casting the argument to %q.", types.Format(col.Type))
		}
		return arg.Value.Int(), nil
	}
	switch arg.Type.OID {
	case types.Interval:
		neg, err := types.DecodeInterval(arg.Value.S).Neg()
		if err != nil {
			return 0, err
		}
		now := fn.TxnStart.UnixMicro() - unixEpochMicros
		ts, err := types.TimestamptzAdd(now, neg, fn.IO)
		return days(ts), err
	case types.Timestamp, types.Timestamptz:
		return days(arg.Value.Int()), nil
	case types.Date:
		if col.Type.OID == types.Date {
			return arg.Value.Int(), nil
		}
		return types.DateToTimestamp(arg.Value.Int())
	case types.Text:
		d, err := types.Parse(col.Type, arg.Value.S, fn.IO)
		return d.Int(), err
	}
	return 0, pgerror.New(pgerror.InvalidParameterValue, "invalid time argument type %q for %s", types.Format(arg.Type), param).
		WithHint("Try casting the argument to %q.", types.Format(col.Type))
}

// unixEpochMicros is 2000-01-01 in microseconds since 1970.
const unixEpochMicros = 10957 * types.MicrosPerDay

// condition selects the points of a chunk.
func (c Chunk) condition(t *catalog.Table) string {
	col := catalog.QuoteIdent(t.Columns[t.TimeSeries.Time-1].Name)
	if c.End == math.MaxInt64 {
		return col + " >= " + timeLiteral(t, c.Start)
	}
	return col + " >= " + timeLiteral(t, c.Start) + " AND " + col + " < " + timeLiteral(t, c.End)
}

// timeLiteral is a time of a table as SQL that every session reads alike.
func timeLiteral(t *catalog.Table, v int64) string {
	typ := t.Columns[t.TimeSeries.Time-1].Type
	if isIntegerType(typ.OID) {
		return "'" + strconv.FormatInt(v, 10) + "'::bigint"
	}
	return "'" + string(types.AppendText(nil, typ, types.NewInt(typ.Phys(), v), types.DefaultIO())) + "'::" + types.Format(typ)
}
