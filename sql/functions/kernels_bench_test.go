package functions

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

const benchRows = 4096

func benchContext() *Context {
	return &Context{Ctx: context.Background(), Alloc: memory.NewGoAllocator(), IO: &types.IO{ExtraFloatDigits: 1}}
}

// benchColumn makes a column of benchRows values, every tenth NULL if asked.
func benchColumn(c *Context, t types.OID, withNulls bool, at func(i int) types.Datum) Value {
	b := types.NewBuilder(c.Alloc, types.Of(t))
	defer b.Release()
	for i := range benchRows {
		if withNulls && i%10 == 0 {
			b.AppendNull()
		} else {
			types.AppendDatum(b, at(i))
		}
	}
	return Value{Array: b.NewArray()}
}

// valueBytes is what a kernel reads or writes of a value.
func valueBytes(v Value) int64 {
	if v.Const {
		return 0
	}
	n := int64(0)
	for _, buf := range v.Array.Data().Buffers() {
		if buf != nil {
			n += int64(buf.Len())
		}
	}
	return n
}

// BenchmarkCopy is the roof over the kernels below: a column of 4096 rows lies in
// the first cache, which copies it at 30 to 80 GB/s, memory at some 10. No kernel
// comes near the first roof, so that none is bounded by memory but where it says so.
func BenchmarkCopy(b *testing.B) {
	for _, size := range []int{4 * benchRows, 64 << 20} {
		b.Run(fmt.Sprint(size>>10, " KiB"), func(b *testing.B) {
			from, to := make([]byte, size), make([]byte, size)
			b.SetBytes(int64(2 * size))
			for b.Loop() {
				copy(to, from)
			}
		})
	}
}

func benchOperator(b *testing.B, name string, c *Context, left, right types.OID, args ...Value) {
	fn := OperatorFor(name, left, right).Fn
	sig := Signature{Args: fn.Args, Returns: fn.Returns}
	b.ReportAllocs()
	bytes := int64(0)
	for _, a := range args {
		bytes += valueBytes(a)
	}
	for b.Loop() {
		a, err := fn.Run(c, sig, args, benchRows)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(bytes + valueBytes(Value{Array: a}))
		a.Release()
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func longDecimal(i int) types.Decimal {
	return types.DecimalFromBig(new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 90), big.NewInt(int64(i)*7919)), 6)
}

func BenchmarkOperators(b *testing.B) {
	c := benchContext()
	ints := benchColumn(c, types.Int4, false, func(i int) types.Datum { return types.NewInt4(int32(i * 7919 % 10007)) })
	nulls := benchColumn(c, types.Int4, true, func(i int) types.Datum { return types.NewInt4(int32(i)) })
	bigs := benchColumn(c, types.Int8, false, func(i int) types.Datum { return types.NewInt8(int64(i) * 100003) })
	floats := benchColumn(c, types.Float8, false, func(i int) types.Datum { return types.NewFloat64(float64(i) / 3) })
	texts := benchColumn(c, types.Text, false, func(i int) types.Datum { return types.NewString(fmt.Sprintf("customer#%09d street", i)) })
	decimals := benchColumn(c, types.Numeric, false, func(i int) types.Datum { return types.NewDecimal(int64(i)*31, 2).Datum() })
	long := benchColumn(c, types.Numeric, false, func(i int) types.Datum { return longDecimal(i).Datum() }) // of 90 bits
	constant := func(oid types.OID, s string) Value {
		d, err := types.Parse(types.Of(oid), s, nil)
		if err != nil {
			b.Fatal(err)
		}
		return Value{Array: DatumArray(c, types.Of(oid).Phys(), d), Const: true}
	}
	for _, k := range []struct {
		name, op    string
		left, right types.OID
		args        []Value
	}{
		{"int4<const", "<", types.Int4, types.Int4, []Value{ints, constant(types.Int4, "5000")}},
		{"int4=int4", "=", types.Int4, types.Int4, []Value{ints, nulls}},
		{"float8>const", ">", types.Float8, types.Float8, []Value{floats, constant(types.Float8, "500")}},
		{"text=const", "=", types.Text, types.Text, []Value{texts, constant(types.Text, "customer#000000077 street")}},
		{"text<text", "<", types.Text, types.Text, []Value{texts, texts}},
		{"int4+const", "+", types.Int4, types.Int4, []Value{ints, constant(types.Int4, "5")}},
		{"int4+int4 nulls", "+", types.Int4, types.Int4, []Value{ints, nulls}},
		{"int8*int8", "*", types.Int8, types.Int8, []Value{bigs, bigs}},
		{"int4/const", "/", types.Int4, types.Int4, []Value{ints, constant(types.Int4, "7")}},
		{"float8*float8", "*", types.Float8, types.Float8, []Value{floats, floats}},
		{"long numeric+numeric", "+", types.Numeric, types.Numeric, []Value{long, decimals}},
		{"long numeric-long numeric", "-", types.Numeric, types.Numeric, []Value{long, long}},
		{"long numeric*const", "*", types.Numeric, types.Numeric, []Value{long, constant(types.Numeric, "1.07")}},
		{"long numeric<const", "<", types.Numeric, types.Numeric, []Value{long, constant(types.Numeric, "1234567890123456789012.5")}},
		{"numeric+numeric", "+", types.Numeric, types.Numeric, []Value{decimals, decimals}},
		{"numeric-numeric", "-", types.Numeric, types.Numeric, []Value{decimals, decimals}},
		{"numeric*numeric", "*", types.Numeric, types.Numeric, []Value{decimals, decimals}},
		{"numeric/const", "/", types.Numeric, types.Numeric, []Value{decimals, constant(types.Numeric, "7")}},
		{"numeric<const", "<", types.Numeric, types.Numeric, []Value{decimals, constant(types.Numeric, "500.5")}},
		{"like prefix", "~~", types.Text, types.Text, []Value{texts, constant(types.Text, "customer#00000%")}},
		{"like contains", "~~", types.Text, types.Text, []Value{texts, constant(types.Text, "%0077%")}},
		{"like pieces", "~~", types.Text, types.Text, []Value{texts, constant(types.Text, "%stomer%7%street%")}},
		{"like general", "~~", types.Text, types.Text, []Value{texts, constant(types.Text, "%_0_7%str_et")}},
		{"ilike contains", "~~*", types.Text, types.Text, []Value{texts, constant(types.Text, "%CUST%77%")}},
		{"regex", "~", types.Text, types.Text, []Value{texts, constant(types.Text, "0+77 ")}},
	} {
		b.Run(k.name, func(b *testing.B) { benchOperator(b, k.op, c, k.left, k.right, k.args...) })
	}
}

func BenchmarkAggregates(b *testing.B) {
	c := benchContext()
	groups := make([]uint32, benchRows)
	for i := range groups {
		groups[i] = uint32(i * 7919 % 1000)
	}
	for _, k := range []struct {
		name string
		oid  types.OID
		v    Value
	}{
		{"sum", types.Int4, benchColumn(c, types.Int4, false, func(i int) types.Datum { return types.NewInt4(int32(i)) })},
		{"sum", types.Int8, benchColumn(c, types.Int8, false, func(i int) types.Datum { return types.NewInt8(int64(i)) })},
		{"sum", types.Float8, benchColumn(c, types.Float8, false, func(i int) types.Datum { return types.NewFloat64(float64(i)) })},
		{"sum", types.Numeric, benchColumn(c, types.Numeric, false, func(i int) types.Datum { return types.NewDecimal(int64(i), 2).Datum() })},
		{"avg", types.Float8, benchColumn(c, types.Float8, true, func(i int) types.Datum { return types.NewFloat64(float64(i)) })},
		{"max", types.Int4, benchColumn(c, types.Int4, false, func(i int) types.Datum { return types.NewInt4(int32(i)) })},
		{"sum long", types.Numeric, benchColumn(c, types.Numeric, false, func(i int) types.Datum { return longDecimal(i).Datum() })},
	} {
		b.Run(k.name+" "+typeName(k.oid), func(b *testing.B) {
			name, _, _ := strings.Cut(k.name, " ")
			agg := aggArity(name, k.oid)
			acc := agg.New(c, Signature{Args: agg.Args, Returns: agg.Returns})
			acc.Resize(1000)
			b.ReportAllocs()
			b.SetBytes(valueBytes(k.v) + 4*benchRows)
			for b.Loop() {
				if err := acc.Update(c, groups, []Value{k.v}, benchRows); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
