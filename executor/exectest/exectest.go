// Package exectest runs operators through everything an operator must stand:
// small and large batches, NULLs, being closed early, inputs that fail,
// cancelled contexts, refused memory; and checks that every Arrow buffer and
// every reserved byte is given back.
package exectest

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/executor/spill"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Case is one plan over inputs and what comes out of it.
type Case struct {
	Name   string
	Inputs []*Source
	// Plan puts the operator under test above its inputs.
	Plan func(in []plan.Node) plan.Node
	// Want are the rows, fields joined by "|", NULL for NULL.
	Want []string
	// Unordered: rows may come in any order.
	Unordered bool
	// SpillUnordered: rows may come in any order where memory is short.
	SpillUnordered bool
	// Error is the SQLSTATE the plan ends with, "" for none.
	Error pgerror.Code
	// Env changes the environment before a run, Done ends what Env began.
	Env, Done func(*executor.Env)
}

// BatchSizes are the batch sizes that every case runs with.
var BatchSizes = []int{1, 2, 3, 1024}

var (
	errInput  = errors.New("the input failed")
	errCancel = errors.New("cancelled for the test")
)

// Run runs a case in all the ways.
func Run(t *testing.T, c Case) {
	t.Helper()
	for _, size := range BatchSizes {
		got, err := c.run(t, size, c.Inputs, all)
		if code := pgerror.CodeOf(err); code != c.Error {
			t.Fatalf("%s, batch=%d: error %q (%v), want %q", c.Name, size, code, err, c.Error)
		}
		if c.Error == "" && !c.equal(got) {
			t.Errorf("%s, batch=%d:\n%s\nwant\n%s", c.Name, size, strings.Join(got, "\n"), strings.Join(c.Want, "\n"))
		}
		if c.Error == "" {
			got, err := c.run(t, size, c.Inputs, spilling)
			loose := c
			loose.Unordered = c.Unordered || c.SpillUnordered
			if err != nil || !loose.equal(got) {
				t.Errorf("%s, batch=%d, work_mem=1:\n%s (%v)\nwant\n%s", c.Name, size, strings.Join(got, "\n"), err, strings.Join(c.Want, "\n"))
			}
		}
		c.runHard(t, size)
	}
}

// runHard runs a case in the ways in which only leaks and wrong errors count.
func (c *Case) runHard(t *testing.T, size int) {
	t.Helper()
	nulls := make([]*Source, len(c.Inputs))
	for i, in := range c.Inputs {
		nulls[i] = in.nulls()
	}
	c.run(t, size, nulls, all)
	c.run(t, size, c.Inputs, closeAtOnce)
	c.run(t, size, c.Inputs, closeEarly)
	if _, err := c.run(t, size, c.Inputs, cancelled); !errors.Is(err, errCancel) {
		t.Errorf("%s, batch=%d: cancelled: %v", c.Name, size, err)
	}
	if _, err := c.run(t, size, c.Inputs, noMemory); err != nil && c.Error == "" && pgerror.CodeOf(err) != pgerror.OutOfMemory {
		t.Errorf("%s, batch=%d: no memory: %v", c.Name, size, err)
	}
	for i := range c.Inputs {
		for _, n := range []int{0, 1, len(c.Inputs[i].Rows)} {
			failing := slices.Clone(c.Inputs)
			failing[i] = failing[i].failing(n, errInput)
			_, err := c.run(t, size, failing, all)
			if err != nil && !errors.Is(err, errInput) && c.Error == "" {
				t.Errorf("%s, batch=%d: input %d failed, got %v", c.Name, size, i, err)
			}
		}
	}
}

type mode int

const (
	all mode = iota
	closeAtOnce
	closeEarly
	cancelled
	noMemory
	spilling // the least work memory, so that all that can is written to files
)

// NewEnv makes an environment for tests.
func NewEnv(alloc memory.Allocator) *executor.Env {
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	return &executor.Env{
		Alloc:  alloc,
		Memory: executor.NewAccount("query", 0, nil),
		Temp:   spill.Temporary().NewSpace(),
		Functions: &functions.Context{
			Ctx: context.Background(), Alloc: alloc, IO: &types.IO{TimeZone: time.UTC}, TxnStart: now, StatementStart: now,
			Clock: func() time.Time { return now },
		},
	}
}

func (c *Case) run(t *testing.T, size int, inputs []*Source, m mode) ([]string, error) {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	env := NewEnv(alloc)
	env.BatchRows = size
	if m == noMemory {
		env.Memory = executor.NewAccount("query", 1, nil)
	}
	if m == spilling {
		env.WorkMem, env.HashMem = 1, 1
	}
	if c.Env != nil {
		c.Env(env)
	}
	if c.Done != nil {
		defer c.Done(env)
	}
	nodes := make([]plan.Node, len(inputs))
	for i, in := range inputs {
		nodes[i] = in
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	if m == cancelled {
		cancel(errCancel)
	}
	root := c.Plan(nodes)
	op, err := executor.Build(env, root)
	if err != nil {
		return nil, err
	}
	defer func() {
		if used := env.Memory.Used(); used != 0 {
			t.Errorf("%s, batch=%d, mode=%d: %d bytes are still reserved", c.Name, size, m, used)
		}
		if left := env.Temp.Bytes(); left != 0 {
			t.Errorf("%s, batch=%d, mode=%d: %d bytes are left in temporary files", c.Name, size, m, left)
		}
	}()
	defer func() {
		if err := op.Close(); err != nil {
			t.Errorf("%s: Close: %v", c.Name, err)
		}
	}()
	if m == closeAtOnce {
		return nil, nil
	}
	var rows []string
	for {
		batch, err := op.Next(ctx)
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		if batch.NumRows() == 0 {
			t.Errorf("%s, batch=%d: an empty batch", c.Name, size)
		}
		cols := root.Columns()
		if len(cols) != int(batch.NumCols()) {
			t.Errorf("%s: %d columns, the plan has %d", c.Name, batch.NumCols(), len(cols))
		}
		rows = append(rows, Text(batch, cols)...)
		batch.Release()
		if m == closeEarly {
			return rows, nil
		}
	}
}

// Text are a batch's rows as text.
func Text(batch arrow.RecordBatch, cols []plan.Column) []string {
	rows := make([]string, batch.NumRows())
	for i := range rows {
		fields := make([]string, batch.NumCols())
		for k, col := range batch.Columns() {
			fields[k] = "NULL"
			if d := types.DatumAt(col, i); !d.IsNull() {
				fields[k] = string(types.AppendText(nil, cols[k].Type, d, nil))
			}
		}
		rows[i] = strings.Join(fields, "|")
	}
	return rows
}

func (c *Case) equal(got []string) bool {
	want := slices.Clone(c.Want)
	if c.Unordered {
		slices.Sort(want)
		slices.Sort(got)
	}
	return slices.Equal(got, want)
}
