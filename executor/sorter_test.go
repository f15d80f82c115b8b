package executor_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// sortValues are values of each type with what is hard to order among them.
var sortValues = map[string][]string{
	"bool":      {"t", "f"},
	"int2":      {"-32768", "32767", "0", "-1", "7"},
	"int4":      {"-2147483648", "2147483647", "0", "1", "-1"},
	"int8":      {"-9223372036854775808", "9223372036854775807", "0", "256", "-256"},
	"oid":       {"0", "4294967295", "7"},
	"float4":    {"-Infinity", "-0", "0", "1.5", "Infinity", "NaN"},
	"float8":    {"-Infinity", "-0", "0", "1e-300", "Infinity", "NaN", "-2"},
	"numeric":   {"NaN", "-Infinity", "Infinity", "1.0", "1.00", "-12345678901234567890.5", "0", "1e-20", "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999", "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999998"},
	"text":      {"", "a", "ab", "b", "\x01", "a\x01", "ä", strings.Repeat("x", 64), strings.Repeat("x", 65), strings.Repeat("x", 70) + "b", strings.Repeat("x", 70) + "a", strings.Repeat("x", 64) + "\x01"},
	"bpchar":    {"", "a", "a  ", "a b", "b "},
	"bytea":     {`\x`, `\x00`, `\x0000`, `\x01`, `\xff`, `\xff00`},
	"date":      {"-infinity", "infinity", "2024-02-29"},
	"interval":  {"1 month", "30 days", "29 days", "-1 year", "720:00:00"},
	"jsonb":     {`{}`, `[]`, `1`, `"a"`, `null`, `{"a": 1}`, `[1, 2]`, `true`},
	"uuid":      {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
	"int4[]":    {"{}", "{1}", "{1,2}", "{NULL}", "{1,NULL}"},
	"timestamp": {"2024-02-29 12:00:00", "infinity", "1900-01-01 00:00:00"},
}

// sortInput makes rows of two key columns and their number.
func sortInput(rng *rand.Rand, a, b string, n int) *Source {
	s := Rows(fmt.Sprintf("a %s, b %s, n int4", a, b))
	for i := range n {
		row := make([]types.Datum, 3)
		for k, typ := range []string{a, b} {
			if rng.IntN(6) == 0 {
				continue
			}
			v := sortValues[typ]
			d, err := types.Parse(s.Cols[k].Type, v[rng.IntN(len(v))], nil)
			if err != nil {
				panic(err)
			}
			row[k] = d
		}
		row[2] = types.NewInt4(int32(i))
		s.Rows = append(s.Rows, row)
	}
	return s
}

// sortedRows is the model: the rows by comparing values, ties in input order.
func sortedRows(s *Source, keys []expr.SortKey) []string {
	rows := slices.Clone(s.Rows)
	slices.SortStableFunc(rows, func(x, y []types.Datum) int {
		for k, key := range keys {
			a, b, c := x[k], y[k], 0
			switch {
			case a.IsNull() && b.IsNull():
			case a.IsNull():
				c = 1
			case b.IsNull():
				c = -1
			default:
				c = types.Compare(s.Cols[k].Type, a, b)
				if key.Desc {
					c = -c
				}
			}
			if c != 0 && (a.IsNull() || b.IsNull()) && key.NullsFirst {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	out := make([]string, len(rows))
	for i, r := range rows {
		fields := make([]string, len(r))
		for k, d := range r {
			fields[k] = "NULL"
			if !d.IsNull() {
				fields[k] = string(types.AppendText(nil, s.Cols[k].Type, d, nil))
			}
		}
		out[i] = strings.Join(fields, "|")
	}
	return out
}

func directions(keys []expr.SortKey) (out string) {
	for _, k := range keys {
		out += fmt.Sprintf("[desc %t nulls first %t]", k.Desc, k.NullsFirst)
	}
	return out
}

// TestSorter sorts random rows of all types in all directions, in memory and
// with a twentieth of what they need.
func TestSorter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	names := make([]string, 0, len(sortValues))
	for name := range sortValues {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, a := range names {
		b := names[(i+5)%len(names)]
		in := sortInput(rng, a, b, 40)
		keys := []expr.SortKey{
			{Expr: Col(in, 0), Desc: rng.IntN(2) == 0, NullsFirst: rng.IntN(2) == 0},
			{Expr: Col(in, 1), Desc: rng.IntN(2) == 0, NullsFirst: rng.IntN(2) == 0},
		}
		want := sortedRows(in, keys)
		for _, c := range []struct {
			mem int64
			top int
		}{{0, -1}, {300, -1}, {300, 7}} {
			node := &plan.Sort{Base: Cols("", in), Keys: keys}
			rows := want
			if c.top >= 0 {
				node.TopCount = Int(int64(c.top))
				rows = want[:c.top]
			}
			Run(t, Case{
				Name:   fmt.Sprintf("%s, %s, %s, work_mem %d, top %d", a, b, directions(keys), c.mem, c.top),
				Inputs: []*Source{in}, Want: rows,
				Plan: func(in []plan.Node) plan.Node { s := *node; s.Input = in[0]; return &s },
				Env:  func(env *executor.Env) { env.WorkMem = c.mem },
			})
		}
	}
}

// TestSorterPresorted: an input ordered by the first key is sorted in pieces.
func TestSorterPresorted(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, typ := range []string{"int4", "text", "float8"} {
		in := sortInput(rng, typ, "int4", 100)
		keys := []expr.SortKey{{Expr: Col(in, 0)}, {Expr: Col(in, 1), Desc: true}}
		want := sortedRows(in, keys)
		first := sortedRows(in, keys[:1])
		in = Rows(fmt.Sprintf("a %s, b int4, n int4", typ), first...)
		for _, mem := range []int64{0, 500} {
			for _, top := range []int{-1, 50} {
				node := &plan.Sort{Base: Cols("", in), Keys: keys, Presorted: 1}
				rows := want
				if top >= 0 {
					node.TopCount = Int(int64(top))
					rows = want[:min(top, len(want))]
				}
				Run(t, Case{
					Name: fmt.Sprintf("%s, work_mem %d, top %d", typ, mem, top), Inputs: []*Source{in}, Want: rows,
					Plan: func(in []plan.Node) plan.Node { s := *node; s.Input = in[0]; return &s },
					Env:  func(env *executor.Env) { env.WorkMem = mem },
				})
			}
		}
	}
}

// TestSorterMany sorts with many runs and passes, and more rows than a radix sort
// begins at.
func TestSorterMany(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	in := sortInput(rng, "int8", "text", 300)
	for i := range in.Rows {
		in.Rows[i][0] = types.NewInt8(rng.Int64() >> rng.IntN(64))
	}
	keys := []expr.SortKey{{Expr: Col(in, 0), Desc: true}, {Expr: Col(in, 1)}}
	want := sortedRows(in, keys)
	for _, mem := range []int64{0, 10_000} {
		Run(t, Case{
			Name: fmt.Sprintf("work_mem %d", mem), Inputs: []*Source{in}, Want: want,
			Plan: func(in []plan.Node) plan.Node { return &plan.Sort{Base: Cols("", in[0]), Input: in[0], Keys: keys} },
			Env:  func(env *executor.Env) { env.WorkMem = mem },
		})
	}
}
