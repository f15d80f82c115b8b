package executor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/executor/spill"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// spillRun is how a plan is run for the tests of spilling.
type spillRun struct {
	batch, stopAfter int   // stopAfter > 0: close after so many batches
	workMem, account int64 // 0: no limit
	ctx              context.Context
}

// result is what a run gave.
type result struct {
	rows    []string
	peak    int64
	spilled bool
	err     error
}

// runSpilled runs a plan and checks that nothing is left behind.
func runSpilled(t *testing.T, n plan.Node, r spillRun) (out result) {
	t.Helper()
	dir, err := spill.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	env := NewEnv(alloc)
	env.BatchRows, env.WorkMem, env.HashMem, env.Temp = r.batch, r.workMem, r.workMem, dir.NewSpace()
	env.Memory = executor.NewAccount("query", r.account, nil)
	env.Stats = &executor.Stats{}
	defer func() {
		alloc.AssertSize(t, 0)
		if env.Memory.Used() != 0 || dir.Files() != 0 || dir.Bytes() != 0 {
			t.Errorf("left: %d bytes reserved, %d files of %d bytes", env.Memory.Used(), dir.Files(), dir.Bytes())
		}
	}()
	ctx := r.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	op, err := executor.Build(env, n)
	if err != nil {
		return result{err: err}
	}
	defer func() {
		out.peak = env.Memory.Peak()
		if err := op.Close(); err != nil {
			t.Error(err)
		}
		out.spilled = env.Stats.Of(n).SpillBytes > 0
	}()
	for i := 1; ; i++ {
		batch, err := op.Next(ctx)
		if err == io.EOF {
			return out
		}
		if err != nil {
			out.err = err
			return out
		}
		if r.batch > 0 && batch.NumRows() > int64(r.batch) || batch.NumRows() == 0 {
			t.Errorf("a batch of %d rows", batch.NumRows())
		}
		out.rows = append(out.rows, Text(batch, n.Columns())...)
		batch.Release()
		if i == r.stopAfter {
			return out
		}
	}
}

// spillCases counts the cases, which take turns in the smallest batch sizes.
var spillCases int

// checkSpilled compares a plan's rows, as a bag, under limits a twentieth of
// what it needs with those in memory; and runs it cancelled, closed early and
// with failing inputs.
func checkSpilled(t *testing.T, name string, in []*Source, build func(in []plan.Node) plan.Node) {
	t.Helper()
	node := func(in []*Source) plan.Node {
		nodes := make([]plan.Node, len(in))
		for i := range in {
			nodes[i] = in[i]
		}
		return build(nodes)
	}
	want := runSpilled(t, node(in), spillRun{batch: 64})
	if want.err != nil || want.spilled {
		t.Fatalf("%s in memory: %v, spilled %v", name, want.err, want.spilled)
	}
	slices.Sort(want.rows)
	small := want.peak/20 + 1
	spillCases++
	for _, r := range []spillRun{{batch: 1 + spillCases%3}, {batch: 1024}} {
		r.workMem = small
		check := func(kind string) {
			t.Helper()
			got := runSpilled(t, node(in), r)
			slices.Sort(got.rows)
			if got.err != nil || !slices.Equal(got.rows, want.rows) {
				t.Fatalf("%s, batch=%d, %s: %v, %d rows, want %d\n%s", name, r.batch, kind, got.err, len(got.rows), len(want.rows), difference(got.rows, want.rows))
			}
			if !got.spilled {
				t.Errorf("%s, batch=%d, %s: spilled nothing (in memory %d bytes, limit %d)", name, r.batch, kind, want.peak, small)
			}
		}
		check("work_mem")
		r.workMem, r.account = 0, max(small, 16<<10)
		if r.batch < 1024 && want.peak > 2*r.account {
			check("account")
		}
	}
	hard := spillRun{batch: 16, workMem: small, stopAfter: 1}
	runSpilled(t, node(in), hard)
	hard.stopAfter = 0
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errStop)
	hard.ctx = ctx
	if got := runSpilled(t, node(in), hard); !errors.Is(got.err, errStop) {
		t.Errorf("%s: cancelled: %v", name, got.err)
	}
	hard.ctx = nil
	for i := range in {
		failing := slices.Clone(in)
		failing[i] = &Source{Base: in[i].Base, Rows: in[i].Rows, FailAfter: len(in[i].Rows) * 9 / 10, Err: errStop}
		if got := runSpilled(t, node(failing), hard); got.err != nil && !errors.Is(got.err, errStop) {
			t.Errorf("%s: failing input: %v", name, got.err)
		}
	}
	hard.account, hard.workMem = 1, 0
	if got := runSpilled(t, node(in), hard); got.err != nil && pgerror.CodeOf(got.err) != pgerror.OutOfMemory {
		t.Errorf("%s: no memory: %v", name, got.err)
	}
}

var errStop = errors.New("stopped by the test")

func difference(got, want []string) string {
	count := map[string]int{}
	for _, r := range got {
		count[r]++
	}
	for _, r := range want {
		count[r]--
	}
	var out []string
	for r, n := range count {
		if n != 0 && len(out) < 10 {
			out = append(out, fmt.Sprintf("%+d %s", n, r))
		}
	}
	return strings.Join(out, "\n")
}

// skewedRows are rows of (k int4, t text, n numeric, v int4): keys with NULLs,
// duplicates, and, if heavy, one key that half of the rows have.
func skewedRows(rng *rand.Rand, rows, keys int, heavy bool) *Source {
	text := make([]string, rows)
	for i := range text {
		k := rng.IntN(keys)
		switch {
		case rng.IntN(10) == 0:
			text[i] = fmt.Sprintf("NULL|NULL|NULL|%d", rng.IntN(50))
			continue
		case heavy && rng.IntN(2) == 0:
			k = 0
		}
		text[i] = fmt.Sprintf("%d|key number %d|%d.%s|%d", k, k, k, "000"[:1+rng.IntN(3)], rng.IntN(50))
	}
	return Rows("k int4, t text, n numeric, v int4", text...)
}

func TestHashJoinSpill(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	left, right := skewedRows(rng, 300, 200, false), skewedRows(rng, 350, 200, false)
	heavy, heavyToo := skewedRows(rng, 120, 60, true), skewedRows(rng, 100, 60, true)
	var noNulls []string
	for i := range 300 {
		noNulls = append(noNulls, fmt.Sprintf("%d|x%d|%d|1", i*2, i*2, i*2))
	}
	even := Rows("k int4, t text, n numeric, v int4", noNulls...)
	n := 0
	for typ := plan.InnerJoin; typ <= plan.AntiNullJoin; typ++ {
		for _, buildLeft := range []bool{false, true} {
			for _, residual := range []bool{false, true} {
				if typ == plan.AntiNullJoin && (buildLeft || residual) {
					continue
				}
				n++
				key, ins := n%3, []*Source{left, right}
				switch {
				case typ == plan.AntiNullJoin:
					ins[1] = even
				case n%2 == 1:
					ins = []*Source{heavy, heavyToo}
				}
				name := fmt.Sprintf("type=%d buildLeft=%v residual=%v key=%d", typ, buildLeft, residual, key)
				checkSpilled(t, name, ins, func(in []plan.Node) plan.Node {
					n := &plan.HashJoin{
						Base: joinCols(typ, in), Left: in[0], Right: in[1], Type: typ, BuildLeft: buildLeft,
						LeftKeys: []expr.Expr{Col(in[0], key)}, RightKeys: []expr.Expr{Col(in[1], key)},
					}
					if residual {
						both := &plan.Values{Base: Cols("", in...)}
						n.Residual = Op(Col(both, 3), "<", Col(both, 7))
					}
					return n
				})
			}
		}
	}
	checkSpilled(t, "two keys, nulls equal", []*Source{heavy, heavyToo}, func(in []plan.Node) plan.Node {
		return &plan.HashJoin{
			Base: Cols("", in...), Left: in[0], Right: in[1], Type: plan.FullJoin, NullEqual: []bool{true, false},
			LeftKeys: []expr.Expr{Col(in[0], 0), Col(in[0], 3)}, RightKeys: []expr.Expr{Col(in[1], 0), Col(in[1], 3)},
		}
	})
	// Enough rows to split partitions again.
	large, largeToo := skewedRows(rng, 20000, 15000, false), skewedRows(rng, 2000, 15000, false)
	join := func(in []plan.Node) plan.Node {
		return &plan.HashJoin{
			Base: Cols("", in...), Left: in[0], Right: in[1], Type: plan.FullJoin, BuildLeft: true,
			LeftKeys: []expr.Expr{Col(in[0], 1)}, RightKeys: []expr.Expr{Col(in[1], 1)},
		}
	}
	want := runSpilled(t, join([]plan.Node{large, largeToo}), spillRun{})
	got := runSpilled(t, join([]plan.Node{large, largeToo}), spillRun{workMem: 40 << 10})
	slices.Sort(want.rows)
	slices.Sort(got.rows)
	if got.err != nil || !got.spilled || !slices.Equal(got.rows, want.rows) {
		t.Errorf("large: %v, spilled %v, %s", got.err, got.spilled, difference(got.rows, want.rows))
	}
}

func TestAggregateSpill(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	in := skewedRows(rng, 3000, 2000, true)
	keys := func(n plan.Node, at ...int) (out []expr.Expr) {
		for _, k := range at {
			out = append(out, Col(n, k))
		}
		return out
	}
	distinct := func(c plan.AggCall) plan.AggCall {
		c.Distinct = true
		return c
	}
	filtered := func(n plan.Node, c plan.AggCall) plan.AggCall {
		c.Filter = Op(Col(n, 3), "<", Int4(25))
		return c
	}
	plain := func(n plan.Node) []plan.AggCall {
		return []plan.AggCall{Agg("count"), Agg("sum", Col(n, 3)), Agg("max", Col(n, 1)), filtered(n, Agg("count", Col(n, 2)))}
	}
	const plainCols = ", c int8, s int8, m text, f int8"
	for _, c := range []struct {
		name, cols string
		plan       func(n plan.Node) *plan.Aggregate
	}{
		{"int", "k int4" + plainCols, func(n plan.Node) *plan.Aggregate { return &plan.Aggregate{Keys: keys(n, 0), Aggs: plain(n)} }},
		{"text, int", "t text, k int4" + plainCols, func(n plan.Node) *plan.Aggregate { return &plan.Aggregate{Keys: keys(n, 1, 0), Aggs: plain(n)} }},
		{"dependent keys", "k int4, m int4, l int4, c int8", func(n plan.Node) *plan.Aggregate {
			tens := expr.Expr(Op(Col(n, 0), "/", Int4(10)))
			return &plan.Aggregate{Keys: append(keys(n, 0), Op(tens, "%", Int4(7)), tens), Dependent: 2, Aggs: []plan.AggCall{Agg("count")}}
		}},
		{"distinct", "k int4, d int8, e int8", func(n plan.Node) *plan.Aggregate {
			return &plan.Aggregate{Keys: keys(n, 0), Aggs: []plan.AggCall{distinct(Agg("sum", Col(n, 3))), filtered(n, distinct(Agg("count", Col(n, 1))))}}
		}},
		{"distinct in one group", "d int8, e int8", func(n plan.Node) *plan.Aggregate {
			return &plan.Aggregate{Aggs: []plan.AggCall{distinct(Agg("count", Col(n, 2))), distinct(Agg("sum", Col(n, 3)))}}
		}},
		{"grouping sets", "k int4, v int4" + plainCols + ", g int4", func(n plan.Node) *plan.Aggregate {
			return &plan.Aggregate{Keys: keys(n, 0, 3), Aggs: plain(n), Sets: [][]int{{0, 1}, {0}, {1}, {}}, Groupings: [][]int{{0, 1}}}
		}},
	} {
		checkSpilled(t, c.name, []*Source{in}, func(in []plan.Node) plan.Node {
			a := c.plan(in[0])
			a.Base, a.Input = Cols(c.cols), in[0]
			return a
		})
	}
}

// TestListAggregateSpill: what lists keep of each row finds room on disk, for
// groups that are known too; what is computed of one sorted group is not kept.
func TestListAggregateSpill(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 11))
	var text []string
	for i := range 1300 {
		value := strconv.Itoa(i)
		if rng.IntN(9) == 0 {
			value = "NULL"
		}
		text = append(text, fmt.Sprintf("%d|word %d|%s|%d", rng.IntN(30), rng.IntN(100), value, rng.IntN(50)))
	}
	in := Rows("k int4, t text, n numeric, v int4", text...)
	sorted := func(n plan.Node, c plan.AggCall, by int) plan.AggCall {
		c.OrderBy = []expr.SortKey{{Expr: Col(n, by)}}
		return c
	}
	distinct := func(c plan.AggCall) plan.AggCall {
		c.Distinct = true
		return c
	}
	half := &expr.Const{Value: types.NewFloat64(0.5), Typ: types.Of(types.Float8)}
	lists := func(n plan.Node) []plan.AggCall {
		return []plan.AggCall{
			Agg("array_agg", Col(n, 1)), Agg("count"), Agg("array_agg", Col(n, 2)), Agg("string_agg", Col(n, 1), Col(n, 1)),
			Agg("json_agg", Col(n, 3)), Agg("json_object_agg", Col(n, 1), Col(n, 2)), sorted(n, Agg("array_agg", Col(n, 3)), 3),
		}
	}
	const listCols = ", a text[], c int8, b numeric[], s text, j json, o json, d int4[]"
	for _, c := range []struct {
		name, cols string
		plan       func(n plan.Node) *plan.Aggregate
	}{
		{"lists", "k int4" + listCols, func(n plan.Node) *plan.Aggregate {
			return &plan.Aggregate{Keys: []expr.Expr{Col(n, 0)}, Aggs: lists(n)}
		}},
		{"lists of many groups", "k int4, v int4, a text[], c int8, b numeric[], s text", func(n plan.Node) *plan.Aggregate {
			return &plan.Aggregate{Keys: []expr.Expr{Col(n, 0), Col(n, 3)}, Aggs: lists(n)[:4]}
		}},
		{"lists of grouping sets", "k int4, v int4, a text[], c int8", func(n plan.Node) *plan.Aggregate {
			return &plan.Aggregate{Keys: []expr.Expr{Col(n, 0), Col(n, 3)}, Aggs: lists(n)[:2], Sets: [][]int{{0, 1}, {0}, {1}}}
		}},
		{"distinct lists", "k int4, a text[], s text", func(n plan.Node) *plan.Aggregate {
			return &plan.Aggregate{Keys: []expr.Expr{Col(n, 0)}, Aggs: []plan.AggCall{distinct(Agg("array_agg", Col(n, 1))), distinct(Agg("string_agg", Col(n, 1), Col(n, 1)))}}
		}},
		{"ordered sets of one group", "p text, m int4", func(n plan.Node) *plan.Aggregate {
			return &plan.Aggregate{Aggs: []plan.AggCall{sorted(n, Agg("percentile_disc", half, Col(n, 1)), 1), sorted(n, Agg("mode", Col(n, 3)), 3)}}
		}},
	} {
		checkSpilled(t, c.name, []*Source{in}, func(in []plan.Node) plan.Node {
			a := c.plan(in[0])
			a.Base, a.Input = Cols(c.cols), in[0]
			return a
		})
	}
}

func TestDistinctSpill(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	in := skewedRows(rng, 3000, 2000, true)
	checkSpilled(t, "distinct", []*Source{in}, func(in []plan.Node) plan.Node {
		return &plan.Distinct{Base: Cols("", in[0]), Input: in[0]}
	})
}

func TestSetOpSpill(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 10))
	left, right := skewedRows(rng, 1500, 60, true), skewedRows(rng, 1500, 70, false)
	for _, kind := range []plan.SetOpKind{plan.Intersect, plan.Except} {
		for _, all := range []bool{false, true} {
			checkSpilled(t, fmt.Sprintf("kind=%d all=%v", kind, all), []*Source{left, right}, func(in []plan.Node) plan.Node {
				return &plan.SetOp{Base: Cols("", in[0]), Left: in[0], Right: in[1], Kind: kind, All: all}
			})
		}
	}
	checkSpilled(t, "except nothing", []*Source{left, Rows("k int4, t text, n numeric, v int4")}, func(in []plan.Node) plan.Node {
		return &plan.SetOp{Base: Cols("", in[0]), Left: in[0], Right: in[1], Kind: plan.Except}
	})
}
