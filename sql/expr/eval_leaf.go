package expr

import (
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ordinalEval passes a column of the batch on, a coded one as a plain one.
type ordinalEval int

func (i ordinalEval) Eval(c *functions.Context, cols []arrow.Array, _ int) (functions.Value, error) {
	if int(i) >= len(cols) || cols[i] == nil {
		return functions.Value{}, internalf("no column %d in a batch of %d", int(i), len(cols))
	}
	return functions.Value{Array: types.Plain(c.Alloc, cols[i])}, nil
}

// constEval holds its value as an array for as long as the plan lives. The
// array is Go memory outside of any query's account.
type constEval struct{ array arrow.Array }

// Statements that are new each time are full of small integers, whose arrays are
// kept: making one takes six allocations.
const (
	leastKept = -128
	mostKept  = 1023
)

var keptInts [mostKept - leastKept + 1]atomic.Pointer[constEval] // int4

func newConstEval(e *Const) *constEval {
	if e.Value.P != types.PhysInt32 || e.Value.I < leastKept || e.Value.I > mostKept || e.Typ.Phys() != types.PhysInt32 {
		return makeConstEval(e)
	}
	kept := &keptInts[e.Value.I-leastKept]
	c := kept.Load()
	if c == nil { // of two that are made at once either will do
		c = makeConstEval(e)
		kept.Store(c)
	}
	return c
}

func makeConstEval(e *Const) *constEval {
	c := &functions.Context{Alloc: memory.DefaultAllocator}
	return &constEval{array: functions.DatumArray(c, e.Typ.Phys(), e.Value)}
}

func (e *constEval) Eval(*functions.Context, []arrow.Array, int) (functions.Value, error) {
	e.array.Retain()
	return functions.Value{Array: e.array, Const: true}, nil
}

type paramEval struct {
	index int
	phys  types.Phys
}

func (e *paramEval) Eval(c *functions.Context, _ []arrow.Array, _ int) (functions.Value, error) {
	if e.index >= len(c.Params) {
		return functions.Value{}, noParameter(e.index)
	}
	return functions.Value{Array: functions.DatumArray(c, e.phys, c.Params[e.index]), Const: true}, nil
}

type execParamEval struct {
	slot int
	phys types.Phys
}

func (e *execParamEval) Eval(c *functions.Context, _ []arrow.Array, _ int) (functions.Value, error) {
	if e.slot >= len(c.Exec) {
		return functions.Value{}, internalf("no execution parameter %d", e.slot)
	}
	return functions.Value{Array: functions.DatumArray(c, e.phys, c.Exec[e.slot]), Const: true}, nil
}
