package executor_test

import (
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// The wanted rows are PostgreSQL 15's.

var windowInput = Rows("g text, v int4", "a|1", "a|2", "a|2", "a|5", "b|3", "b|NULL", "c|7")

func windowPlan(cols string, calls func(n plan.Node) []plan.WindowCall) func([]plan.Node) plan.Node {
	return func(in []plan.Node) plan.Node {
		return &plan.Window{
			Base: Cols(cols, in[0]), Input: in[0], PartitionBy: []expr.Expr{Col(in[0], 0)},
			OrderBy: []expr.SortKey{{Expr: Col(in[0], 1)}}, Calls: calls(in[0]),
		}
	}
}

// toCurrent is the default frame.
var toCurrent = plan.Frame{Units: plan.FrameRange, End: plan.CurrentRow}

func TestWindowFunctions(t *testing.T) {
	Run(t, Case{
		Name: "functions", Inputs: []*Source{windowInput},
		Plan: windowPlan("a int8, b int8, c int8, d float8, e float8, f int4, g int4, h int4, i int4, j int4, k int4", func(n plan.Node) []plan.WindowCall {
			v := Col(n, 1)
			return []plan.WindowCall{
				{Name: "row_number", Frame: toCurrent},
				{Name: "rank", Frame: toCurrent},
				{Name: "dense_rank", Frame: toCurrent},
				{Name: "percent_rank", Frame: toCurrent},
				{Name: "cume_dist", Frame: toCurrent},
				{Name: "ntile", Args: []expr.Expr{Int4(2)}, Frame: toCurrent},
				{Name: "lag", Args: []expr.Expr{v}, Frame: toCurrent},
				{Name: "lead", Args: []expr.Expr{v, Int4(2), Int4(-1)}, Frame: toCurrent},
				{Name: "first_value", Args: []expr.Expr{v}, Frame: toCurrent},
				{Name: "last_value", Args: []expr.Expr{v}, Frame: toCurrent},
				{Name: "nth_value", Args: []expr.Expr{v, Int4(2)}, Frame: toCurrent},
			}
		}),
		Want: []string{
			"a|1|1|1|1|0|0.25|1|NULL|2|1|1|NULL",
			"a|2|2|2|2|0.3333333333333333|0.75|1|1|5|1|2|2",
			"a|2|3|2|2|0.3333333333333333|0.75|2|2|-1|1|2|2",
			"a|5|4|4|3|1|1|2|2|-1|1|5|2",
			"b|3|1|1|1|0|0.5|1|NULL|-1|3|3|NULL",
			"b|NULL|2|2|2|1|1|2|3|-1|3|NULL|NULL",
			"c|7|1|1|1|0|1|1|NULL|-1|7|7|NULL",
		},
	})
	Run(t, Case{
		Name: "ntile of nothing", Inputs: []*Source{windowInput}, Error: pgerror.InvalidArgumentForNtile,
		Plan: windowPlan("a int4", func(plan.Node) []plan.WindowCall {
			return []plan.WindowCall{{Name: "ntile", Args: []expr.Expr{Int4(0)}, Frame: toCurrent}}
		}),
	})
}

func TestWindowFrames(t *testing.T) {
	Run(t, Case{
		Name: "frames", Inputs: []*Source{windowInput},
		Plan: windowPlan("a int8, b int8, c int8, d int8, e int8, f int8, g int8, h int8", func(n plan.Node) []plan.WindowCall {
			sum := func(f plan.Frame) plan.WindowCall {
				a := Agg("sum", Col(n, 1))
				return plan.WindowCall{Agg: a.Fn, Args: a.Args, Sig: a.Sig, Frame: f}
			}
			count := Agg("count")
			rows := func(exclude uint8) plan.Frame {
				return plan.Frame{Units: plan.FrameRows, End: plan.UnboundedFollowing, Exclude: exclude}
			}
			return []plan.WindowCall{
				sum(toCurrent),
				{Agg: count.Fn, Sig: count.Sig, Frame: plan.Frame{End: plan.UnboundedFollowing}},
				sum(plan.Frame{Units: plan.FrameRows, Start: plan.OffsetPreceding, StartOffset: Int(1), End: plan.OffsetFollowing, EndOffset: Int(1)}),
				sum(plan.Frame{Units: plan.FrameGroups, Start: plan.OffsetPreceding, StartOffset: Int(1), End: plan.CurrentRow}),
				sum(plan.Frame{Units: plan.FrameRange, Start: plan.OffsetPreceding, StartOffset: Int4(1), End: plan.OffsetFollowing, EndOffset: Int4(2)}),
				sum(rows(3)), sum(rows(2)), sum(rows(1)),
			}
		}),
		Want: []string{
			"a|1|1|4|3|1|5|10|9|9",
			"a|2|5|4|5|5|5|8|6|8",
			"a|2|5|4|9|5|5|8|6|8",
			"a|5|10|4|7|9|5|10|5|5",
			"b|3|3|2|3|3|3|3|NULL|NULL",
			"b|NULL|3|2|3|3|NULL|3|3|3",
			"c|7|7|1|7|7|7|7|NULL|NULL",
		},
	})
	Run(t, Case{
		Name: "negative offset", Inputs: []*Source{windowInput}, Error: pgerror.InvalidPrecedingOrFollowingSize,
		Plan: windowPlan("a int4", func(n plan.Node) []plan.WindowCall {
			return []plan.WindowCall{{Name: "first_value", Args: []expr.Expr{Col(n, 1)}, Frame: plan.Frame{Units: plan.FrameRows, Start: plan.OffsetPreceding, StartOffset: Int(-1), End: plan.CurrentRow}}}
		}),
	})
}
