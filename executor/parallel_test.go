package executor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	. "github.com/tidemarkdb/tidemark/executor/exectest"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/physical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// numbered is a table n(id int8 primary key, a int8, s text) of rows with some
// NULLs, whose last tenth the transaction itself has written.
type numbered struct {
	*fixture
	table *catalog.Table
	txn   kv.Txn
}

const numbersRows = 3000

func newNumbered(t *testing.T) *numbered {
	t.Helper()
	n := &numbered{fixture: newFixture(t), table: &catalog.Table{
		ID: 20100, Name: "n", Storage: 78, Clustered: true, Kind: catalog.KindTable,
		Columns: []catalog.Column{
			{Num: 1, Name: "id", Type: types.Of(types.Int8), NotNull: true},
			{Num: 2, Name: "a", Type: types.Of(types.Int8)},
			{Num: 3, Name: "s", Type: types.Of(types.Text)},
		},
		Indexes: []catalog.Index{{ID: 20101, Name: "n_pkey", Primary: true, Unique: true, Storage: 1, Columns: []catalog.IndexColumn{{Num: 1}}}},
	}}
	ctx := context.Background()
	rng := rand.New(rand.NewSource(1))
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			row := []types.Datum{types.NewInt8(int64(i)), types.NewInt8(int64(rng.Intn(50))), types.NewString(fmt.Sprintf("s%d", rng.Intn(1000)))}
			for k := 1; k < 3; k++ {
				if rng.Intn(10) == 0 {
					row[k] = types.Null
				}
			}
			w := rowstore.NewWriter(n.txn, n.table)
			r := rowstore.Row{Values: row}
			h, err := w.HandleOf(r)
			if err == nil {
				err = w.Insert(r, h)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	begin := func() {
		var err error
		if n.txn, err = n.store.Begin(ctx, kv.TxnOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	begin()
	fill(0, numbersRows*9/10)
	if _, err := n.txn.Commit(ctx, false); err != nil {
		t.Fatal(err)
	}
	begin()
	t.Cleanup(n.txn.Close)
	fill(numbersRows*9/10, numbersRows)
	return n
}

func (n *numbered) scan() *plan.Scan {
	s := &plan.Scan{Base: Cols("id int8, a int8, s text"), Table: n.table, Output: []int{0, 1, 2}, Read: numbersRows}
	s.Cost.Rows = numbersRows
	return s
}

// options is how a test runs a plan.
type options struct {
	workers int
	batch   int
	pool    *executor.WorkerPool
	stop    int // rows after which the consumer stops, 0 for never
	ctx     context.Context
	columns *executor.ColumnCache
}

// collect runs a plan, made parallel for workers > 0, and checks that nothing
// is left over. The plan must not have been run before.
func (n *numbered) collect(root plan.Node, o options) ([]string, error) {
	n.t.Helper()
	if o.ctx == nil {
		o.ctx = context.Background()
	}
	if o.pool == nil {
		o.pool = executor.NewWorkerPool(o.workers)
	}
	root = physical.Parallelize(root, physical.Parallel{Workers: o.workers})
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(n.t, 0)
	env := n.env(alloc, n.txn)
	env.BatchRows, env.Workers, env.MorselBytes = o.batch, o.pool, 8<<10
	env.Columns = o.columns
	op, err := executor.Build(env, root)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := op.Close(); err != nil {
			n.t.Error(err)
		}
		if used := env.Memory.Used(); used != 0 {
			n.t.Errorf("%d bytes are still reserved", used)
		}
	}()
	var rows []string
	for {
		b, err := op.Next(o.ctx)
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, Text(b, root.Columns())...)
		b.Release()
		if o.stop > 0 && len(rows) >= o.stop {
			return rows, nil
		}
	}
}

// randomPlan makes a plan over the table; ordered says that its rows have one order.
func (n *numbered) randomPlan(rng *rand.Rand) (root plan.Node, ordered bool) {
	s := n.scan()
	s.Reverse = rng.Intn(3) == 0
	if rng.Intn(3) == 0 {
		s.Filter = Op(Col(s, 1), "<", Int(int64(rng.Intn(50))))
	}
	if rng.Intn(3) == 0 {
		from := Int(int64(rng.Intn(numbersRows)))
		s.Ranges = []plan.KeyRange{{Lower: &plan.Bound{Value: from, Inclusive: true}}}
	}
	root = s
	if rng.Intn(2) == 0 {
		f := &plan.Filter{Base: s.Base, Input: root, Cond: Op(Col(s, 0), ">", Int(int64(rng.Intn(numbersRows))))}
		root = f
	}
	switch rng.Intn(5) {
	case 0:
		return &plan.Project{Base: Cols("x int8, s text"), Input: root, Exprs: []expr.Expr{Op(Col(root, 0), "+", Col(root, 1)), Col(root, 2)}}, true
	case 1:
		a := &plan.Aggregate{Base: Cols("c int8, s numeric, m int8, l text"), Input: root, Aggs: []plan.AggCall{
			Agg("count"), Agg("sum", Col(root, 0)), Agg("max", Col(root, 1)), Agg("min", Col(root, 2)),
		}}
		return a, true
	case 2:
		a := &plan.Aggregate{Base: Cols("a int8, c int8, s numeric"), Input: root, Keys: []expr.Expr{Col(root, 1)}, Aggs: []plan.AggCall{
			Agg("count", Col(root, 2)), Agg("avg", Col(root, 0)),
		}}
		a.Cost.Rows = 50
		return a, false
	case 3:
		o := &plan.Sort{Base: s.Base, Input: root, Keys: []expr.SortKey{{Expr: Col(root, 2), Desc: true, NullsFirst: true}, {Expr: Col(root, 0)}}}
		if rng.Intn(2) == 0 {
			o.TopCount = Int(int64(rng.Intn(20)))
			return &plan.Limit{Base: o.Base, Input: o, Count: o.TopCount}, true
		}
		return o, true
	}
	return root, true
}

// TestParallelPlans runs random plans with and without workers: the answer is
// one, and its order where it has one.
func TestParallelPlans(t *testing.T) {
	n := newNumbered(t)
	for seed := range int64(20) {
		rng := rand.New(rand.NewSource(seed))
		serial, ordered := n.randomPlan(rand.New(rand.NewSource(seed)))
		want, err := n.collect(serial, options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{1, 3} {
			parallel, _ := n.randomPlan(rand.New(rand.NewSource(seed)))
			o := options{workers: workers, batch: []int{0, 1, 7, 300}[rng.Intn(4)]}
			got, err := n.collect(parallel, o)
			if err != nil {
				t.Fatal(err)
			}
			if !ordered {
				slices.Sort(got)
				slices.Sort(want)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, %d workers, batch=%d: %d rows, want %d", seed, workers, o.batch, len(got), len(want))
			}
			n.collect(parallel, options{workers: workers, stop: 5}) //nolint:errcheck // only leaks count
		}
	}
}

// A pool that is empty leaves the work to the consumer.
func TestParallelWithoutWorkers(t *testing.T) {
	n := newNumbered(t)
	for seed := range int64(20) {
		serial, _ := n.randomPlan(rand.New(rand.NewSource(seed)))
		parallel, _ := n.randomPlan(rand.New(rand.NewSource(seed)))
		want, err := n.collect(serial, options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := n.collect(parallel, options{workers: 2, pool: executor.NewWorkerPool(0)})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d rows (%v), want %d", seed, len(got), err, len(want))
		}
	}
}

// probe is a function over the id that calls fn.
func probe(n plan.Node, fn func(id int64) error) expr.Expr {
	f := &functions.Scalar{
		Name: "probe", Args: []types.Type{types.Of(types.Int8)}, Returns: types.Of(types.Int8), Strict: true, Volatility: functions.Immutable,
		Eval: func(_ *functions.Context, args []types.Datum) (types.Datum, error) { return args[0], fn(args[0].I) },
	}
	return &expr.Call{Fn: f, Args: []expr.Expr{Col(n, 0)}, Typ: f.Returns}
}

// probed are the plans through whose every kind of Gather fn is called.
func (n *numbered) probed(fn func(id int64) error) map[string]plan.Node {
	project := func() *plan.Project {
		s := n.scan()
		p := &plan.Project{Base: Cols("id int8"), Input: s, Exprs: []expr.Expr{probe(s, fn)}}
		p.Cost.Rows = numbersRows
		return p
	}
	sorted, grouped := project(), project()
	return map[string]plan.Node{
		"rows":      project(),
		"merge":     &plan.Sort{Base: sorted.Base, Input: sorted, Keys: []expr.SortKey{{Expr: Col(sorted, 0)}}},
		"aggregate": &plan.Aggregate{Base: Cols("c int8"), Input: grouped, Aggs: []plan.AggCall{Agg("count", Col(grouped, 0))}},
	}
}

// An error of one worker ends them all and is the statement's.
func TestParallelError(t *testing.T) {
	n := newNumbered(t)
	failed := errors.New("the worker failed")
	for name, root := range n.probed(func(id int64) error {
		if id == 1717 {
			return failed
		}
		return nil
	}) {
		if _, err := n.collect(root, options{workers: 3, batch: 10}); !errors.Is(err, failed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A panic of a worker comes up in the consumer, where somebody recovers it.
func TestParallelPanic(t *testing.T) {
	n := newNumbered(t)
	for name, root := range n.probed(func(id int64) error {
		if id == 1717 {
			panic("the worker panicked")
		}
		return nil
	}) {
		func() {
			defer func() {
				p, ok := recover().(interface {
					error
					Stack() []byte
				})
				if !ok || p.Error() != "the worker panicked" || !strings.Contains(string(p.Stack()), "parallel_test.go") {
					t.Errorf("%s: recovered %v", name, p)
				}
			}()
			n.collect(root, options{workers: 3, batch: 10}) //nolint:errcheck // it panics
		}()
	}
}

// A cancelled statement ends with the cause.
func TestParallelCancel(t *testing.T) {
	n := newNumbered(t)
	cause := errors.New("cancelled for the test")
	ctx, cancel := context.WithCancelCause(context.Background())
	for name, root := range n.probed(func(id int64) error {
		if id == 1717 {
			cancel(cause)
		}
		return nil
	}) {
		if _, err := n.collect(root, options{workers: 3, batch: 10, ctx: ctx}); !errors.Is(err, cause) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A consumer that wants no more stops the workers where they are: each has at
// most what fits into its channel and a morsel in hand.
func TestParallelStopsEarly(t *testing.T) {
	n := newNumbered(t)
	var calls atomic.Int64
	root := n.probed(func(int64) error { calls.Add(1); return nil })["rows"]
	pool := executor.NewWorkerPool(2)
	rows, err := n.collect(root, options{workers: 2, batch: 1, stop: 3, pool: pool})
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	if c := calls.Load(); c > 100 {
		t.Errorf("the workers read %d rows for 3", c)
	}
	// They are back in the pool.
	if got, err := n.collect(n.scan(), options{workers: 2, pool: pool}); err != nil || len(got) != numbersRows {
		t.Errorf("%d rows: %v", len(got), err)
	}
}

// EXPLAIN ANALYZE's figures are the sums of all workers.
func TestParallelStats(t *testing.T) {
	n := newNumbered(t)
	s := n.scan()
	s.Filter = Op(Col(s, 0), "<", Int(1000))
	root := physical.Parallelize(s, physical.Parallel{Workers: 3})
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	env := n.env(alloc, n.txn)
	env.Workers, env.MorselBytes, env.Stats = executor.NewWorkerPool(3), 8<<10, &executor.Stats{}
	op, err := executor.Build(env, root)
	if err != nil {
		t.Fatal(err)
	}
	for {
		b, err := op.Next(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	if err := op.Close(); err != nil {
		t.Fatal(err)
	}
	if st := env.Stats.Of(s); st.Loops != 3 || st.Rows != 1000 || st.RowsRemoved != numbersRows-1000 {
		t.Errorf("the scan has %+v", *st)
	}
	if st := env.Stats.Of(root); st.Loops != 1 || st.Rows != 1000 || st.Workers != 3 {
		t.Errorf("the gather has %+v", *st)
	}
}
