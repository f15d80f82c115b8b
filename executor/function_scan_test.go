package executor_test

import (
	"testing"

	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// series is generate_series(from, to) over int8.
func series(from, to expr.Expr) plan.FunctionCall {
	i8 := types.Of(types.Int8)
	for _, f := range functions.TableFuncs("generate_series") {
		if len(f.Args) == 2 && f.Args[0].OID == types.Int8 {
			return plan.FunctionCall{
				Fn: f, Args: []expr.Expr{from, to}, Columns: Cols("n int8").Cols,
				Sig: functions.Signature{Args: []types.Type{i8, i8}, Returns: i8},
			}
		}
	}
	panic("no generate_series")
}

func TestFunctionScan(t *testing.T) {
	null := &expr.Const{Typ: types.Of(types.Int8)}
	Run(t, Case{
		Name: "side by side",
		Plan: func([]plan.Node) plan.Node {
			return &plan.FunctionScan{
				Base: Cols("a int8, b int8, c int8, d int8, o int8"), Ordinality: true,
				Calls: []plan.FunctionCall{
					series(Int(1), Int(4)), series(Int(8), Int(9)), series(null, Int(9)),
					{Scalar: Int(42), Columns: Cols("d int8").Cols},
				},
			}
		},
		Want: []string{"1|8|NULL|42|1", "2|9|NULL|NULL|2", "3|NULL|NULL|NULL|3", "4|NULL|NULL|NULL|4"},
	})
}

func TestProjectSet(t *testing.T) {
	Run(t, Case{
		Name: "padded", Inputs: []*Source{Rows("a int8, b text", "1|x", "NULL|y", "3|z", "0|w")},
		Plan: func(in []plan.Node) plan.Node {
			first, second := series(Int(1), Col(in[0], 0)), series(Col(in[0], 0), Int(3))
			return &plan.ProjectSet{Base: Cols("b text, n int8, m int8, n2 int8"), Input: in[0], Items: []plan.ProjectSetItem{
				{Expr: Col(in[0], 1)},
				{Call: &first, CallID: 0},
				{Call: &second, CallID: 1, Column: -1},
				{Call: &first, CallID: 0},
			}}
		},
		Want: []string{
			"x|1|1|1", "x|NULL|2|NULL", "x|NULL|3|NULL",
			"z|1|3|1", "z|2|NULL|2", "z|3|NULL|3",
			"w|NULL|0|NULL", "w|NULL|1|NULL", "w|NULL|2|NULL", "w|NULL|3|NULL",
		},
	})
}

// TestProjectSetRecord: a function of several columns is one record a row.
func TestProjectSetRecord(t *testing.T) {
	Run(t, Case{
		Name: "padded", Inputs: []*Source{Rows("a text[]", "{x,NULL}", "{}")},
		Plan: func(in []plan.Node) plan.Node {
			fn := functions.TableFuncs("_pg_expandarray")[0]
			expand := plan.FunctionCall{
				Fn: fn, Sig: functions.Signature{Args: []types.Type{types.Of(types.TextArray)}},
				Args: []expr.Expr{Col(in[0], 0)}, Columns: Cols("x text, n int4").Cols,
			}
			three := series(Int(1), Int(3))
			return &plan.ProjectSet{Base: Cols("r record, n int8"), Input: in[0], Items: []plan.ProjectSetItem{
				{Call: &expand, CallID: 0, Column: -1}, {Call: &three, CallID: 1},
			}}
		},
		Want: []string{"(x,1)|1", "(,2)|2", "NULL|3", "NULL|1", "NULL|2", "NULL|3"},
	})
}

func TestOrderedAggregate(t *testing.T) {
	Run(t, Case{
		Name: "order by, distinct", SpillUnordered: true, Inputs: []*Source{Rows("g text, s text, v int4", "x|b|1", "y|q|1", "x|a|3", "x|b|2", "y|NULL|0", "x|c|0")},
		Plan: func(in []plan.Node) plan.Node {
			comma := &expr.Const{Value: types.NewString(","), Typ: types.Of(types.Text)}
			byV, distinct, asIs := Agg("string_agg", Col(in[0], 1), comma), Agg("string_agg", Col(in[0], 1), comma), Agg("string_agg", Col(in[0], 1), comma)
			byV.OrderBy = []expr.SortKey{{Expr: Col(in[0], 2), Desc: true}}
			distinct.Distinct = true
			return &plan.Aggregate{
				Base: Cols("g text, a text, b text, c text"), Input: in[0], Keys: []expr.Expr{Col(in[0], 0)},
				Aggs: []plan.AggCall{byV, distinct, asIs},
			}
		},
		Want: []string{"x|a,b,b,c|a,b,c|b,a,b,c", "y|q|q|q"},
	})
}

// TestStats: EXPLAIN ANALYZE counts rows and what filters removed.
func TestStats(t *testing.T) {
	var stats *executor.Stats
	var filter *plan.Filter
	Run(t, Case{
		Name: "filter", Inputs: []*Source{Rows("a int4", "1", "2", "3", "4")},
		Plan: func(in []plan.Node) plan.Node {
			filter = &plan.Filter{Base: Cols("", in[0]), Input: in[0], Cond: Op(Col(in[0], 0), ">", Int4(3))}
			return filter
		},
		Env: func(e *executor.Env) { stats = &executor.Stats{}; e.Stats = stats },
		Done: func(*executor.Env) {
			if s := stats.Of(filter); s.Rows > 1 || s.RowsRemoved > 4 || s.Loops != 1 {
				t.Errorf("%+v", *s)
			}
		},
		Want: []string{"4"},
	})
}
