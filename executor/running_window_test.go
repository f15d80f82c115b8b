package executor_test

import (
	"testing"

	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var runningInput = Rows("g text, t int8, s text, a bool, b bool",
	"x|1|p|false|true", "x|3|p|true|false", "x|9|NULL|false|NULL", "x|10|q|NULL|true", "x|11|p|false|false",
	"y|11|p|true|true", "y|12|p|true|false", "y|NULL|p|false|false", "NULL|5|q|true|true", "NULL|9|r|false|true")

func runningPlan(cols string, calls func(col func(int) expr.Expr) []plan.WindowCall) func([]plan.Node) plan.Node {
	return func(in []plan.Node) plan.Node {
		col := func(i int) expr.Expr { return Col(in[0], i) }
		return &plan.Window{
			Base: Cols(cols, in[0]), Input: in[0], PartitionBy: []expr.Expr{col(0)},
			OrderBy: []expr.SortKey{{Expr: col(1)}}, Calls: calls(col),
		}
	}
}

func runningCalls(col func(int) expr.Expr) []plan.WindowCall {
	return []plan.WindowCall{
		{Name: "row_number", Frame: toCurrent},
		{Name: "previous", Args: []expr.Expr{col(2)}, Frame: toCurrent},
		{Name: "session_window", Args: []expr.Expr{col(1), Int(2)}, Frame: toCurrent},
		{Name: "state_window", Args: []expr.Expr{col(2)}, Frame: toCurrent},
		{Name: "event_window", Args: []expr.Expr{col(3), col(4)}, Frame: toCurrent},
		{Name: "count_window", Args: []expr.Expr{Int(2)}, Frame: toCurrent},
	}
}

var runningWant = []string{
	"x|1|p|f|t|1|NULL|1|1|NULL|1",
	"x|3|p|t|f|2|p|1|1|1|1",
	"x|9|NULL|f|NULL|3|p|9|NULL|1|2",
	"x|10|q|NULL|t|4|p|9|2|1|2",
	"x|11|p|f|f|5|q|9|3|NULL|3",
	"y|11|p|t|t|1|NULL|11|1|1|1",
	"y|12|p|t|f|2|p|11|1|2|1",
	"y|NULL|p|f|f|3|p|NULL|1|2|2",
	"NULL|5|q|t|t|1|NULL|5|1|1|1",
	"NULL|9|r|f|t|2|q|9|2|NULL|1",
}

func TestRunningWindow(t *testing.T) {
	cols := "n int8, p text, s int8, st int8, e int8, c int8"
	Run(t, Case{Name: "alone", Inputs: []*Source{runningInput}, Plan: runningPlan(cols, runningCalls), Want: runningWant})
	Run(t, Case{
		Name: "count of nothing", Inputs: []*Source{runningInput}, Error: pgerror.InvalidParameterValue,
		Plan: runningPlan("c int8", func(func(int) expr.Expr) []plan.WindowCall {
			return []plan.WindowCall{{Name: "count_window", Args: []expr.Expr{Int(0)}, Frame: toCurrent}}
		}),
	})
}

// Beside a function that needs the whole partition they work in the general operator.
func TestRunningFunctionsInWindow(t *testing.T) {
	want := make([]string, len(runningWant))
	for i, size := range []string{"5", "5", "5", "5", "5", "3", "3", "3", "2", "2"} {
		want[i] = runningWant[i] + "|" + size
	}
	Run(t, Case{
		Name: "with count", Inputs: []*Source{runningInput}, Want: want,
		Plan: runningPlan("n int8, p text, s int8, st int8, e int8, c int8, k int8", func(col func(int) expr.Expr) []plan.WindowCall {
			count := Agg("count")
			return append(runningCalls(col), plan.WindowCall{Agg: count.Fn, Sig: count.Sig, Frame: plan.Frame{End: plan.UnboundedFollowing}})
		}),
	})
}
