package executor

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// keyValues are values of a type many of which are equal without being the same.
func keyValues(t *testing.T, typ types.Type, texts ...string) []types.Datum {
	out := []types.Datum{types.Null}
	for _, s := range texts {
		d, err := types.Parse(typ, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

// TestKeyTable: ids are what comparing with all earlier keys gives, for every
// form of the table.
func TestKeyTable(t *testing.T) {
	values := map[types.OID][]types.Datum{}
	for oid, texts := range map[types.OID][]string{
		types.Bool: {"t", "f"}, types.Int2: {"-1", "0", "5"}, types.Int4: {"-1", "0", "7"}, types.Int8: {"-1", "0", "4294967295"}, types.Oid: {"0", "4294967295"},
		types.Float4: {"0", "-0", "NaN", "1.5"}, types.Float8: {"0", "-0", "NaN", "-1"}, types.Text: {"", "a", "ab", "a\x01"}, types.UUID: {"00000000-0000-0000-0000-000000000001"},
		types.Numeric:  {"1", "1.0", "1.00", "10", "NaN", "100000000000000000000.0", "100000000000000000000", "0", "0.000"},
		types.Interval: {"1 month", "30 days", "720 hours", "1 day"}, types.JSONB: {`{"a":1}`, `{"a":1.0}`, "null"}, types.Int4Array: {"{}", "{1}", "{1,NULL}"},
	} {
		values[oid] = keyValues(t, types.Of(oid), texts...)
	}
	values[types.Bpchar] = []types.Datum{types.Null, types.NewString("a"), types.NewString("a  "), types.NewString("")}
	rng := rand.New(rand.NewPCG(1, 1))
	for _, oids := range [][]types.OID{
		{types.Bool},
		{types.Int2},
		{types.Oid},
		{types.Float4},
		{types.Float8},
		{types.Text},
		{types.UUID},
		{types.Numeric},
		{types.Bpchar},
		{types.JSONB},
		{types.Int4, types.Int8},
		{types.Int8, types.Float8},
		{types.Int2, types.Bool, types.Int4, types.Oid},
		{types.Int8, types.Float4, types.Bool},
		{types.Text, types.Text},
		{types.Int4, types.Text},
		{types.Numeric, types.Interval},
		{types.Bpchar, types.JSONB, types.Int4Array},
		{types.Interval, types.Int8},
	} {
		for _, nullEqual := range [][]bool{nil, allEqual(len(oids))} {
			checkKeyTable(t, rng, oids, nullEqual, values)
		}
	}
}

func checkKeyTable(t *testing.T, rng *rand.Rand, oids []types.OID, nullEqual []bool, values map[types.OID][]types.Datum) {
	ts := make([]types.Type, len(oids))
	for i, o := range oids {
		ts[i] = types.Of(o)
	}
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	table := newKeyTable(ts, nullEqual)
	words := make([]wordCoder, len(ts))
	var known [][]types.Datum
	for range 30 {
		n := 1 + rng.IntN(40)
		rows := make([][]types.Datum, n)
		bs := newBuilders(&Env{Alloc: alloc}, ts)
		for i := range rows {
			for _, o := range oids {
				rows[i] = append(rows[i], values[o][rng.IntN(len(values[o]))])
			}
			bs.appendRow(rows[i])
		}
		cols := bs.arrays()
		bs.release()
		hasher := keyHasher{types: ts}
		hashes := slices.Clone(hasher.hash(cols, n))
		for i := range cols {
			if rng.IntN(3) > 0 {
				cols[i] = words[i].code(alloc, cols[i])
			}
		}
		if !slices.Equal(hashes, hasher.hash(cols, n)) {
			t.Fatalf("%v: other hashes when coded", oids)
		}
		absent := table.lookup(cols, n, nil)
		var again []arrow.Array
		again = append(again, cols...)
		ids := table.insert(again, n, nil)
		before := len(known)
		for i, row := range rows {
			want := noKey
			if nullEqual != nil || !hasNull(row) {
				want = uint32(indexOfKey(ts, known, row))
				if want == noKey {
					want = uint32(len(known))
					known = append(known, row)
				}
			}
			if ids[i] != want {
				t.Fatalf("%v, row %v: id %d, want %d", oids, row, ids[i], want)
			}
			if int(want) >= before {
				want = noKey
			}
			if absent[i] != want {
				t.Fatalf("%v, row %v: lookup %d, want %d", oids, row, absent[i], want)
			}
		}
		releaseAll(cols)
	}
}

func hasNull(row []types.Datum) bool {
	for _, d := range row {
		if d.IsNull() {
			return true
		}
	}
	return false
}

// indexOfKey is the position of an equal key, -1 if there is none.
func indexOfKey(ts []types.Type, known [][]types.Datum, row []types.Datum) int {
next:
	for i, k := range known {
		for c := range row {
			if !sameDatum(ts[c], k[c], row[c]) {
				continue next
			}
		}
		return i
	}
	return -1
}
