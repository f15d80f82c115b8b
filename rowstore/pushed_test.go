package rowstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/pingcap/tipb/go-tipb"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pushdown"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// fakeStores answer what they were given.
type fakeStores struct {
	answers  []kv.CoprocessorReply
	program  tipb.DAGRequest
	reserved int64
}

func (f *fakeStores) Coprocess(_ context.Context, req kv.CoprocessorRequest) (kv.CoprocessorReplies, error) {
	return f, f.program.Unmarshal(req.Program)
}

func (f *fakeStores) Next(context.Context) (kv.CoprocessorReply, error) {
	if len(f.answers) == 0 {
		return kv.CoprocessorReply{}, io.EOF
	}
	r := f.answers[0]
	f.answers = f.answers[1:]
	return r, nil
}

func (f *fakeStores) Close() {}

func answer(t *testing.T, encode tipb.EncodeType, rows ...[]byte) kv.CoprocessorReply {
	t.Helper()
	resp := tipb.SelectResponse{EncodeType: encode}
	for _, r := range rows {
		resp.Chunks = append(resp.Chunks, tipb.Chunk{RowsData: r})
	}
	data, err := resp.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return kv.CoprocessorReply{Data: data, Spans: []kv.Span{{Start: kv.Key("a"), End: kv.Key("b")}}}
}

func compactBytes(s string) []byte {
	return append(binary.AppendVarint([]byte{flagCompact}, int64(len(s))), s...)
}

func varint(i int64) []byte { return binary.AppendVarint([]byte{flagVarint}, i) }

// readPushed reads answers to a scan of testTable's id, name and data.
func readPushed(t *testing.T, stores *fakeStores, spec PushedSpec) ([]string, error) {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	spec.Rules, spec.Eval = &pushdown.Rules{}, func(e expr.Expr) (types.Datum, error) { return e.(*expr.Const).Value, nil }
	spec.Scan.Table = testTable(true)
	spec.Reserve = func(n int64) error { stores.reserved += n; return nil }
	if spec.Schema == nil {
		spec.Scan.Output = []int{0, 1, 3}
		s, err := NewScanner(alloc, nil, spec.Scan)
		if err != nil {
			t.Fatal(err)
		}
		spec.Schema, spec.Types = s.Schema(), []types.Type{types.Of(types.Int4), types.Of(types.Text), types.Of(types.Bytea)}
		s.Close()
	}
	p, err := NewPushed(context.Background(), alloc, stores, spec)
	if err != nil {
		return nil, err
	}
	defer func() {
		p.Close()
		if stores.reserved != 0 {
			t.Errorf("%d bytes are still reserved", stores.reserved)
		}
	}()
	var out []string
	for {
		batch, rest, err := p.Next(context.Background())
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return out, err
		case batch == nil:
			out = append(out, fmt.Sprintf("left %s-%s", rest[0].Start, rest[0].End))
			continue
		}
		for i := range int(batch.NumRows()) {
			var row []string
			for _, c := range batch.Columns() {
				row = append(row, c.ValueStr(i))
			}
			out = append(out, strings.Join(row, " "))
		}
		batch.Release()
	}
}

func join(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// TestPushedRows reads answers of both encodings, one with a value that lies
// apart from its row, and a part that was not answered.
func TestPushedRows(t *testing.T) {
	stores := &fakeStores{answers: []kv.CoprocessorReply{
		answer(t, tipb.EncodeType_TypeDefault,
			join(varint(-1), compactBytes("a"), []byte{flagNil}, varint(2), []byte{flagNil}, compactBytes("\xff\x00\xffx")), nil,
			join(varint(3), compactBytes(""), compactBytes(""))),
		answer(t, tipb.EncodeType_TypeDefault, join(varint(4), compactBytes("\xff\x01\xa0\x8d\x06"), compactBytes(""))),
		{Spans: []kv.Span{{Start: kv.Key("b"), End: kv.Key("c")}}},
		answer(t, tipb.EncodeType_TypeChunk, chunkOf([]int64{5, 6}, []string{"x", "yz"})),
	}}
	rows, err := readPushed(t, stores, PushedSpec{Conditions: []expr.Expr{&expr.IsNull{Arg: &expr.Ordinal{Typ: types.Of(types.Int4)}, Not: true}}})
	if err != nil {
		t.Fatal(err)
	}
	want := "-1 a (null)\n2 (null) /3g=\n3  \nleft a-b\nleft b-c\n5 x (null)\n6 yz (null)"
	if got := strings.Join(rows, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if n := len(stores.program.Executors); n != 2 || stores.program.Executors[1].Selection == nil {
		t.Errorf("the program has %d executors", n)
	}
}

// chunkOf makes a chunk of integers, texts and NULLs.
func chunkOf(ints []int64, texts []string) []byte {
	head := func(nulls int) []byte {
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(len(ints))), uint32(nulls))
	}
	out := head(0)
	for _, i := range ints {
		out = binary.LittleEndian.AppendUint64(out, uint64(i))
	}
	out = append(out, head(0)...)
	out = binary.LittleEndian.AppendUint64(out, 0)
	data := ""
	for _, s := range texts {
		data += s
		out = binary.LittleEndian.AppendUint64(out, uint64(len(data)))
	}
	out = append(out, data...)
	out = append(append(out, head(len(ints))...), make([]byte, (len(ints)+7)/8)...)
	return append(out, make([]byte, 8*(len(ints)+1))...)
}

func aggregateOf(name string, args ...types.OID) *functions.Aggregate {
	for _, f := range functions.Aggregates(name) {
		if len(f.Args) == len(args) && (len(args) == 0 || f.Args[0].OID == args[0]) {
			return f
		}
	}
	return nil
}

// TestPushedAggregate checks that results come before keys in answers and after
// them in batches.
func TestPushedAggregate(t *testing.T) {
	id := &expr.Ordinal{Typ: types.Of(types.Int4)}
	spec := PushedSpec{
		Aggregate: true, Keys: []expr.Expr{id},
		Calls: []PushedCall{{Fn: aggregateOf("sum", types.Int4), Args: []expr.Expr{id}}, {Fn: aggregateOf("count")}},
		Types: []types.Type{types.Of(types.Int4), types.Of(types.Int8), types.Of(types.Int8)},
	}
	spec.Scan.Output = []int{0}
	var fields []arrow.Field
	for _, x := range spec.Types {
		fields = append(fields, arrow.Field{Type: types.ArrowType(x), Nullable: true})
	}
	spec.Schema = arrow.NewSchema(fields, nil)
	sum := []byte{flagDecimal, 10, 0, 0x7E, 0xF2, 0x04, 0xC7, 0x2D} // -1234567890
	stores := &fakeStores{answers: []kv.CoprocessorReply{answer(t, tipb.EncodeType_TypeDefault, join(sum, varint(7), varint(3)))}}
	rows, err := readPushed(t, stores, spec)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0] != "3 -1234567890 7" {
		t.Errorf("got %q", rows)
	}
}

// TestPushedDecimal has the example of MySQL's decimal2bin.
func TestPushedDecimal(t *testing.T) {
	for want, b := range map[string][]byte{
		"1234567890.1234":  {14, 4, 0x81, 0x0D, 0xFB, 0x38, 0xD2, 0x04, 0xD2},
		"-1234567890.1234": {14, 4, 0x7E, 0xF2, 0x04, 0xC7, 0x2D, 0xFB, 0x2D},
	} {
		d, rest, err := pushedDecimal(append(b, 9))
		if err != nil || d.String() != want || len(rest) != 1 {
			t.Errorf("%s and %d bytes, %v, want %s", d, len(rest), err, want)
		}
	}
	chunk := make([]byte, decimalWidth)
	chunk[0], chunk[1], chunk[3] = 10, 4, 1
	for i, word := range []uint32{1, 234567890, 123400000} {
		binary.LittleEndian.PutUint32(chunk[4+4*i:], word)
	}
	if d, err := chunkDecimal(chunk); err != nil || d.String() != "-1234567890.1234" {
		t.Errorf("%s, %v", d, err)
	}
}

// FuzzPushedAnswer checks that no answer breaks the decoder.
func FuzzPushedAnswer(f *testing.F) {
	f.Add(false, join(varint(-1), compactBytes("a"), []byte{flagNil}))
	f.Add(true, chunkOf([]int64{5, 6}, []string{"x", "yz"}))
	f.Fuzz(func(t *testing.T, chunk bool, rows []byte) {
		encode := tipb.EncodeType_TypeDefault
		if chunk {
			encode = tipb.EncodeType_TypeChunk
		}
		stores := &fakeStores{answers: []kv.CoprocessorReply{answer(t, encode, rows)}}
		_, _ = readPushed(t, stores, PushedSpec{}) // an error is fine
	})
}

// TestPushedFunctions checks that the protocol has all functions of the table.
func TestPushedFunctions(t *testing.T) {
	for _, sig := range pushdown.Sigs() {
		if _, ok := tipb.ScalarFuncSig_value[sig]; !ok {
			t.Errorf("the protocol has no %s", sig)
		}
	}
}
