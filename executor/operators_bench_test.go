package executor_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// orderedRows are rows of (i int4, b int8, t text, v int4): i ascends, with runs of
// equal values, t is the text of i, v and b are mixed.
func orderedRows(rows, run int) *batchSource {
	s := &batchSource{Base: Cols("i int4, b int8, t text, v int4")}
	var fields []arrow.Field
	for _, c := range s.Cols {
		fields = append(fields, arrow.Field{Name: c.Name, Type: types.ArrowType(c.Type), Nullable: true})
	}
	s.schema = arrow.NewSchema(fields, nil)
	for at := 0; at < rows; at += executor.BatchRows {
		n := min(executor.BatchRows, rows-at)
		i, b := array.NewInt32Builder(memory.DefaultAllocator), array.NewInt64Builder(memory.DefaultAllocator)
		t, v := array.NewStringBuilder(memory.DefaultAllocator), array.NewInt32Builder(memory.DefaultAllocator)
		for row := at; row < at+n; row++ {
			i.Append(int32(row / run))
			b.Append(int64(row) * 7919 % 1_000_003)
			t.Append(fmt.Sprintf("customer#%09d", row/run))
			v.Append(int32(row * 31 % 1000))
		}
		cols := []arrow.Array{i.NewArray(), b.NewArray(), t.NewArray(), v.NewArray()}
		s.batches = append(s.batches, array.NewRecordBatch(s.schema, cols, int64(n)))
	}
	return s
}

func ascending(e expr.Expr) expr.SortKey { return expr.SortKey{Expr: e} }

// BenchmarkMergeJoin is bounded by comparing the normalised keys of neighbours, and by
// copying the pairs.
func BenchmarkMergeJoin(b *testing.B) {
	const rows = 1 << 20
	left, right := orderedRows(rows, 4), orderedRows(rows/4, 1)
	for _, key := range []int{0, 2} {
		b.Run(left.Cols[key].Name, func(b *testing.B) {
			benchPlan(b, rows, &plan.MergeJoin{
				Base: Cols("", left, right), Left: left, Right: right,
				LeftKeys: []expr.SortKey{ascending(Col(left, key))}, RightKeys: []expr.SortKey{ascending(Col(right, key))},
			})
		})
	}
}

// BenchmarkWindow has partitions of 16 rows of an input that is ordered by them: what
// is kept of a partition and the calls' own work, a few ns a row each.
func BenchmarkWindow(b *testing.B) {
	const rows = 1 << 20
	in := orderedRows(rows, 16)
	toRow := plan.Frame{Units: plan.FrameRows, End: plan.CurrentRow}
	whole := plan.Frame{End: plan.UnboundedFollowing}
	sliding := plan.Frame{Units: plan.FrameRows, Start: plan.OffsetPreceding, StartOffset: Int(3), End: plan.CurrentRow}
	sum := Agg("sum", Col(in, 3))
	call := func(f plan.Frame) plan.WindowCall {
		return plan.WindowCall{Agg: sum.Fn, Args: sum.Args, Sig: sum.Sig, Frame: f}
	}
	for _, c := range []struct {
		name, cols string
		call       plan.WindowCall
	}{
		{"row_number", "r int8", plan.WindowCall{Name: "row_number", Frame: toRow}},
		{"rank", "r int8", plan.WindowCall{Name: "rank", Frame: toRow}},
		{"lag", "r int4", plan.WindowCall{Name: "lag", Args: []expr.Expr{Col(in, 3)}, Frame: toRow}},
		{"running sum", "r int8", call(toRow)},
		{"sum of all", "r int8", call(whole)},
		{"sliding sum", "r int8", call(sliding)},
	} {
		b.Run(c.name, func(b *testing.B) {
			benchPlan(b, rows, &plan.Window{
				Base: Cols(c.cols, in), Input: in, PartitionBy: []expr.Expr{Col(in, 0)}, OrderBy: []expr.SortKey{ascending(Col(in, 1))},
				Calls: []plan.WindowCall{c.call},
			})
		})
	}
}

// BenchmarkSetOp puts the rows of the right side into a hash table and looks up those
// of the left: a miss of the cache a row each.
func BenchmarkSetOp(b *testing.B) {
	const rows = 1 << 20
	left, right := keyedRows(rows, rows), keyedRows(rows/4, rows)
	narrow := func(in *batchSource) plan.Node {
		return &plan.Project{Base: Cols("i int4, b int8"), Input: in, Exprs: []expr.Expr{Col(in, 0), Col(in, 1)}}
	}
	for name, n := range map[string]*plan.SetOp{
		"intersect": {Kind: plan.Intersect}, "intersect all": {Kind: plan.Intersect, All: true}, "except": {Kind: plan.Except},
	} {
		n.Left, n.Right = narrow(left), narrow(right)
		n.Base = Cols("", n.Left)
		b.Run(name, func(b *testing.B) { benchPlan(b, rows+rows/4, n) })
	}
}

// BenchmarkSortKeys sorts by keys of several types, all of them normalised to bytes:
// encoding them, and comparing where the first eight bytes are equal. An incremental
// sort has an input that is ordered by the first key.
func BenchmarkSortKeys(b *testing.B) {
	const rows = 1 << 18
	in, ordered := keyedRows(rows, 1<<16), orderedRows(rows, 64)
	keys := func(n plan.Node, at ...int) []expr.SortKey {
		var out []expr.SortKey
		for _, i := range at {
			out = append(out, ascending(Col(n, i)))
		}
		return out
	}
	for _, c := range []struct {
		name string
		node *plan.Sort
	}{
		{"int", &plan.Sort{Input: in, Keys: keys(in, 0)}},
		{"text", &plan.Sort{Input: in, Keys: keys(in, 2)}},
		{"numeric", &plan.Sort{Input: in, Keys: keys(in, 3)}},
		{"float", &plan.Sort{Input: in, Keys: keys(in, 4)}},
		{"int,text,float", &plan.Sort{Input: in, Keys: keys(in, 5, 2, 4)}},
		{"top 10 of text", &plan.Sort{Input: in, Keys: keys(in, 2), TopCount: Int(10)}},
		{"top 1000 of float", &plan.Sort{Input: in, Keys: keys(in, 4), TopCount: Int(1000)}},
		{"incremental", &plan.Sort{Input: ordered, Keys: keys(ordered, 0, 1), Presorted: 1}},
		{"incremental top 100", &plan.Sort{Input: ordered, Keys: keys(ordered, 0, 1), Presorted: 1, TopCount: Int(100)}},
	} {
		c.node.Base = plan.Base{Cols: slices.Clone(c.node.Input.Columns())}
		b.Run(c.name, func(b *testing.B) { benchPlan(b, rows, c.node) })
	}
}
