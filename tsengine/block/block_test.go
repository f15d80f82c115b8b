package block

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/cockroachdb/datadriven"

	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// sampleDelta is a delta of three rows, with operations or without.
func sampleDelta(t testing.TB, ops bool) []byte {
	alloc := memory.NewGoAllocator()
	fb := array.NewFloat64Builder(alloc)
	fb.AppendValues([]float64{1.5, 0, -2}, []bool{true, false, true})
	sb := array.NewStringBuilder(alloc)
	sb.AppendValues([]string{"a", "a", "bc"}, nil)
	columns := []Column{{ID: 2, Type: arrow.PrimitiveTypes.Float64}, {ID: 3, Type: arrow.BinaryTypes.String}}
	in := NewInput(columns, []arrow.Array{fb.NewArray(), sb.NewArray()})
	rows := []Row{{Group: 7, Position: -5, Input: in}, {Group: 7, Position: -5, Input: in, Index: 1}, {Group: 1 << 63, Position: 9, Input: in, Index: 2}}
	if ops {
		rows[0].Op, rows[0].Sub = OpPut, 77
		rows[2].Op, rows[2].Sub = OpDelete, 78
	}
	b, err := BuildDelta(context.Background(), alloc, columns, rows, Order{TS: 100, Seq: 2})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testReading(alloc memory.Allocator) *reading {
	spec := All()
	return &reading{spec: &spec, alloc: alloc, figures: &Figures{}}
}

func sampleHeader() *header {
	return &header{
		extent: extent{rows: 3, minGroup: 7, maxGroup: 1 << 63, minPos: -5, maxPos: 9, ops: true}, number: 4, pages: 2,
		columns: []ColumnStats{
			{ID: 2, Encoding: chunk.ALP, Bytes: 20, Nulls: 1, HasRange: true, Min: 1, Max: 2, HasSum: true, Sum: 3},
			{ID: 3, Encoding: chunk.Plain, Bytes: 9, page: 1},
		},
	}
}

func sampleRun() *run {
	return &run{extent: extent{rows: 3, minGroup: 7, maxGroup: 8, minPos: -5, maxPos: 9}, age: 12, blocks: 1, bytes: 900}
}

// TestGolden keeps the bytes of what is stored: what was written once is read
// for ever.
func TestGolden(t *testing.T) {
	datadriven.RunTest(t, "testdata/golden", func(t *testing.T, d *datadriven.TestData) string {
		prefix := []byte("P")
		switch d.Cmd {
		case "delta":
			return hex.Dump(sampleDelta(t, d.HasArg("ops")))
		case "range-delete":
			return hex.Dump(sampleRangeDelete(t, d.HasArg("groups")))
		case "header":
			return hex.Dump(sampleHeader().append(nil))
		case "run":
			return hex.Dump(sampleRun().append(nil))
		case "keys":
			return fmt.Sprintf("delta  %x\nrun    %x\nheader %x\npage   %x\n", DeltaKey(prefix, Order{100, 2}), runKey(prefix, 5), headerKey(prefix, 5, 7, -1, 3), pageKey(prefix, 5, 3, 1))
		}
		return "no such command"
	})
}

func TestRoundTrip(t *testing.T) {
	h, err := readHeader(sampleHeader().append(nil))
	if err != nil || fmt.Sprint(h) != fmt.Sprint(sampleHeader()) {
		t.Errorf("header: %v, %v", h, err)
	}
	r, err := readRun(0, sampleRun().append(nil))
	if err != nil || *r != *sampleRun() {
		t.Errorf("run: %v, %v", r, err)
	}
	for _, ops := range []bool{false, true} {
		s, e, err := testReading(memory.DefaultAllocator).openDelta(nil, Order{100, 2}, sampleDelta(t, ops))
		if err != nil || e.rows != 3 || e.ops != ops || s.groups[2] != 1<<63 || s.positions[0] != -5 {
			t.Fatalf("delta: %v, %v", e, err)
		}
		if base := (Order{100, 2}).subBase(); !ops && (s.sub(0) != base || s.sub(1) != base+1<<seqBits) || ops && (s.sub(0) != 77 || s.op(2) != OpDelete) {
			t.Errorf("subs %v", s.subs)
		}
		a, err := s.column(context.Background(), &Column{ID: 3, Type: arrow.BinaryTypes.String})
		if err != nil || types.DatumAt(a.values, 2).S != "bc" {
			t.Errorf("column: %v, %v", a, err)
		}
	}
}

// TestCorrupt changes each byte of what is stored: the checksum tells.
func TestCorrupt(t *testing.T) {
	for name, b := range map[string][]byte{"delta": sampleDelta(t, true), "header": sampleHeader().append(nil), "run": sampleRun().append(nil), "range": sampleRangeDelete(t, true)} {
		for i := range b {
			bad := append([]byte(nil), b...)
			bad[i] ^= 0x40
			if err := readAny(name, bad); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s with byte %d changed: %v", name, i, err)
			}
		}
		if err := readAny(name, b[:len(b)-1]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s cut off: %v", name, err)
		}
	}
}

func readAny(name string, b []byte) error {
	alloc := memory.NewGoAllocator()
	switch name {
	case "delta":
		s, _, err := testReading(alloc).openDelta(nil, Order{100, 2}, b)
		if err != nil {
			return err
		}
		for _, c := range []Column{{ID: 2, Type: arrow.PrimitiveTypes.Float64}, {ID: 3, Type: arrow.BinaryTypes.String}} {
			if _, err := s.column(context.Background(), &c); err != nil {
				return err
			}
		}
		return nil
	case "header":
		_, err := readHeader(b)
		return err
	case "range":
		c, err := readContainer(b)
		if err == nil {
			_, err = readRangeDelete(&c, nil, Order{100, 2})
		}
		return err
	}
	_, err := readRun(0, b)
	return err
}

// FuzzRead gives the decoders any bytes under a checksum that is right.
func FuzzRead(f *testing.F) {
	names := []string{"delta", "header", "run", "range"}
	for i, b := range [][]byte{sampleDelta(f, true), sampleHeader().append(nil), sampleRun().append(nil), sampleRangeDelete(f, true), sampleDelta(f, false)} {
		f.Add(uint8(i%4), b[5:])
	}
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		b := sealed(append([]byte{1, 0, 0, 0, 0}, body...), 0)
		if binary.LittleEndian.Uint32(b[1:]) == 0 && len(body) > 0 {
			return
		}
		// A range delete lies under the key of a delta too, which openDelta says.
		if err := readAny(names[kind%4], b); err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, errNoRows) {
			t.Fatal(err)
		}
	})
}

// TestResolvePoint goes through what operations do to a point.
func TestResolvePoint(t *testing.T) {
	for _, c := range []struct {
		name            string
		versions        string // op and sub, oldest first
		unique, keepOps bool
		want            string
	}{
		{"inserts stay", "i5 i6", false, false, "i5 i6"},
		{"a put replaces its row", "i5 i6 p5", false, false, "i5 i6"},
		{"a delete removes its row", "i5 i6 d5", false, false, "i6"},
		{"a row that got 0", "i0 i6 d5", false, false, "i6"},
		{"the exact row before that with 0", "i0 i5 d5", false, false, "i0"},
		{"put and delete", "i0 p5 d5", false, false, ""},
		{"a delete of nothing", "d5", false, false, ""},
		{"kept for older runs", "d5", false, true, "d5"},
		{"a put becomes the insert it replaces", "i5 p5", false, true, "i5"},
		{"a put without its row stays one", "p5", false, true, "p5"},
		{"a delete after a put of an older row", "p5 d5", false, true, "d5"},
		{"deleted twice", "i5 d5 d5", false, false, ""},
		{"the newest of a unique point", "i0 i0", true, false, "i0"},
		{"a unique point removed", "i0 d0", true, false, ""},
		{"a unique point removed, kept", "i0 d0", true, true, "d0"},
		{"a unique point put", "d0 p0", true, false, "i0"},
	} {
		var in []version
		for _, w := range words(c.versions) {
			in = append(in, version{op: map[byte]Op{'i': OpInsert, 'p': OpPut, 'd': OpDelete}[w[0]], sub: uint64(w[1] - '0')})
		}
		got := ""
		for i, v := range resolvePoint(in, c.unique, c.keepOps) {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprintf("%c%d", "ipd"[v.op], v.sub)
		}
		if got != c.want {
			t.Errorf("%s: %s gives %q, want %q", c.name, c.versions, got, c.want)
		}
	}
}

func words(s string) (out []string) {
	for len(s) >= 2 {
		out = append(out, s[:2])
		s = s[min(3, len(s)):]
	}
	return out
}

// TestPositions: steps give back the positions, the far ends included, and are
// all the same where groups begin together.
func TestPositions(t *testing.T) {
	const low, high = math.MinInt64, math.MaxInt64
	for _, c := range []struct {
		groups    []uint64
		positions []int64
	}{
		{[]uint64{1, 1, 1, 2, 2, 2, 3}, []int64{100, 160, 220, 100, 160, 220, 100}},
		{[]uint64{1, 1, 2, 3, 3, 3}, []int64{low, high, high, low, 0, high}},
		{[]uint64{5}, []int64{-3}},
	} {
		got := stepsOf(c.groups, c.positions)
		if c.positions[0] == 100 && fmt.Sprint(got) != "[100 60 60 60 60 60 60]" {
			t.Errorf("steps %v", got)
		}
		positionsOf(c.groups, got)
		if !slices.Equal(got, c.positions) {
			t.Errorf("%v come back as %v", c.positions, got)
		}
	}
}
