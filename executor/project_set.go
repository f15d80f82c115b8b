package executor

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// projectSet computes expressions of which some are set-returning: an input
// row becomes as many rows as its longest set has, shorter ones are padded
// with NULLs, and a row whose sets are all empty vanishes.
type projectSet struct {
	env    *Env
	input  Operator
	items  []projectSetItem
	calls  []*setCall
	schema *arrow.Schema

	batch   arrow.RecordBatch
	row     int  // the input row whose sets are read
	running bool // its calls are open
	repeats []int32
}

type projectSetItem struct {
	expr   *scalar // nil for a call's column
	call   int     // position in calls
	column int
}

// setCall is one set-returning call and its arguments over the batch in hand.
type setCall struct {
	functionCall
	args   []*scalar
	values []arrow.Array
	out    builders
	count  int // rows appended to out
	// present says which rows of out the call gave; the others pad the batch.
	present []bool
}

// wholeRecord is the column of an item that takes all of a call's columns.
const wholeRecord = -1

func (r *run) newProjectSet(n *plan.ProjectSet) (Operator, error) {
	p := &projectSet{env: r.env, schema: schemaOf(n.Cols)}
	byID := map[int]int{}
	for _, it := range n.Items {
		if it.Call == nil {
			e, err := r.compile(it.Expr)
			if err != nil {
				return nil, err
			}
			p.items = append(p.items, projectSetItem{expr: e})
			continue
		}
		at, ok := byID[it.CallID]
		if !ok {
			args, err := r.compileAll(it.Call.Args)
			if err != nil {
				return nil, err
			}
			c := &setCall{args: args}
			c.call, c.width, c.types = it.Call, len(it.Call.Columns), typesOf(it.Call.Columns)
			at = len(p.calls)
			byID[it.CallID] = at
			p.calls = append(p.calls, c)
		}
		column := it.Column
		if column < 0 {
			column = wholeRecord
			if p.calls[at].width == 1 {
				column = 0
			}
		}
		p.items = append(p.items, projectSetItem{call: at, column: column})
	}
	input, err := r.build(n.Input)
	if err != nil {
		return nil, err
	}
	p.input = input
	return p, nil
}

func (p *projectSet) Schema() *arrow.Schema { return p.schema }

func (p *projectSet) Close() error {
	for _, c := range p.calls {
		c.close()
		c.out.release()
		c.out = nil
	}
	p.dropBatch()
	return p.input.Close()
}

func (p *projectSet) dropBatch() {
	for _, c := range p.calls {
		releaseAll(c.values)
		c.values = nil
	}
	if p.batch != nil {
		p.batch.Release()
		p.batch = nil
	}
}

func (p *projectSet) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if p.batch == nil {
			if err := p.nextInput(ctx); err != nil {
				return nil, err
			}
		}
		out, err := p.fill()
		if err != nil {
			return nil, err
		}
		if p.row == int(p.batch.NumRows()) {
			p.dropBatch()
		}
		if out != nil {
			return out, nil
		}
	}
}

func (p *projectSet) nextInput(ctx context.Context) error {
	batch, err := p.input.Next(ctx)
	if err != nil {
		return err
	}
	p.batch, p.row, p.running = batch, 0, false
	for _, c := range p.calls {
		if c.values, err = columns(p.env, c.args, batch.Columns(), int(batch.NumRows())); err != nil {
			return err
		}
	}
	return nil
}

// fill makes the next output batch from the rows of the input batch; nil if
// they have no more.
func (p *projectSet) fill() (arrow.RecordBatch, error) {
	limit := p.env.batchRows()
	p.repeats = p.repeats[:0]
	for _, c := range p.calls {
		c.out, c.present = newBuilders(p.env, c.types), c.present[:0]
	}
	defer func() {
		for _, c := range p.calls {
			c.out.release()
			c.out = nil
		}
	}()
	for p.row < int(p.batch.NumRows()) && len(p.repeats) < limit {
		if !p.running {
			if err := p.open(); err != nil {
				return nil, err
			}
			p.running = true
		}
		n, err := p.step(limit - len(p.repeats))
		if err != nil {
			return nil, err
		}
		for range n {
			p.repeats = append(p.repeats, int32(p.row))
		}
		if p.exhausted() {
			p.row++
			p.running = false
		}
	}
	if len(p.repeats) == 0 {
		return nil, nil
	}
	return p.output()
}

func (p *projectSet) open() error {
	for _, c := range p.calls {
		args := make([]types.Datum, len(c.values))
		for i, v := range c.values {
			args[i] = types.DatumAt(v, p.row)
		}
		if err := c.start(p.env, args); err != nil {
			return err
		}
	}
	return nil
}

// step appends up to want rows of the present input row and returns how many.
func (p *projectSet) step(want int) (int, error) {
	n := 0
	for _, c := range p.calls {
		c.count = 0
		for c.source != nil && c.count < want {
			got, err := c.source.Next(p.env.Functions, want-c.count, c.out)
			if err != nil {
				return 0, err
			}
			if got == 0 {
				c.source.Close()
				c.source = nil
			}
			c.count += got
		}
		n = max(n, c.count)
	}
	for _, c := range p.calls {
		for _, b := range c.out {
			b.AppendNulls(n - c.count)
		}
		for i := range n {
			c.present = append(c.present, i < c.count)
		}
	}
	return n, nil
}

func (p *projectSet) exhausted() bool {
	for _, c := range p.calls {
		if c.source != nil {
			return false
		}
	}
	return true
}

func (p *projectSet) output() (arrow.RecordBatch, error) {
	n := len(p.repeats)
	results := make([][]arrow.Array, len(p.calls))
	defer func() {
		for _, r := range results {
			releaseAll(r)
		}
	}()
	for i, c := range p.calls {
		results[i] = c.out.arrays()
	}
	// The other expressions are computed for each row that comes out.
	input, err := takeColumns(p.env.Alloc, p.batch.Columns(), p.repeats)
	if err != nil {
		return nil, err
	}
	defer releaseAll(input)
	cols := make([]arrow.Array, len(p.items))
	for i, it := range p.items {
		if it.expr == nil && it.column == wholeRecord {
			cols[i] = p.calls[it.call].records(p.env, results[it.call])
			continue
		}
		if it.expr == nil {
			cols[i] = results[it.call][it.column]
			cols[i].Retain()
			continue
		}
		if cols[i], err = it.expr.column(p.env, input, n); err != nil {
			releaseAll(cols)
			return nil, err
		}
	}
	return newBatch(p.schema, cols, n), nil
}

// records makes one record a row of the call's columns.
func (c *setCall) records(env *Env, cols []arrow.Array) arrow.Array {
	b := types.NewBuilder(env.Alloc, types.Of(types.Record))
	defer b.Release()
	fields := make([]types.RecordField, len(cols))
	for row, present := range c.present {
		if !present {
			b.AppendNull()
			continue
		}
		for i, col := range cols {
			fields[i] = types.RecordField{Type: c.types[i], Value: types.DatumAt(col, row)}
		}
		types.AppendDatum(b, types.BuildRecord(fields))
	}
	return b.NewArray()
}
