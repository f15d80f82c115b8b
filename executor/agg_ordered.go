package executor

import (
	"context"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
)

// orderedRows are the rows of a call with ORDER BY, or of a postponed one, sorted
// by their group and then by its keys. As groups come out their rows are fed, so
// that the states of a few groups are in memory and not those of all.
type orderedRows struct {
	call   *aggCall
	sorter *sorter
	held   reservation
	counts []int64 // rows of each group with a value, for a functions.CountedAccumulator

	acc   functions.Accumulator // of groups from base on
	base  int
	end   int               // of the groups that acc has room for
	batch arrow.RecordBatch // sorted rows that are not all fed
	row   int
	ended bool
	next  int // the group of the next row: those before it are complete
	ids   []uint32
}

// groupBytes is how much the states of groups may take, as work_mem is, before
// those that are complete come out.
const groupBytes = 16 << 20

func newOrderedRows(env *Env, c *aggCall, single bool, schema *arrow.Schema) *orderedRows {
	o := &orderedRows{call: c, sorter: newSorter(env, c.rowOrder(single), schema, -1), held: reservation{env: env}}
	if c.fn.OrderedSet {
		o.counts = []int64{}
	}
	return o
}

// countBytes is what counts take; the sorter reserves for itself.
func (o *orderedRows) countBytes() int64 { return 8 * int64(cap(o.counts)) }

// add takes a batch of (group, arguments, order keys) over.
func (o *orderedRows) add(env *Env, batch arrow.RecordBatch) error {
	if o.counts != nil {
		o.count(fixedValues[uint32](batch.Column(0)), batch.Column(1+o.call.fn.Direct))
	}
	return o.sorter.add(runContext(env.Functions), batch)
}

func (o *orderedRows) count(groups []uint32, values arrow.Array) {
	for i, g := range groups {
		if values.IsNull(i) {
			continue
		}
		if n := int(g) + 1; n > len(o.counts) {
			o.counts = slices.Grow(o.counts, n-len(o.counts))[:n]
		}
		o.counts[g]++
	}
}

// prepare feeds the groups [from, from+n) or, where they take much memory and
// not all are wanted at once, the first of them, and returns how many. Groups
// are asked for in order. makeRoom is called when memory is short.
func (o *orderedRows) prepare(env *Env, from, n int, all bool, makeRoom func(context.Context) error) (int, error) {
	ctx := runContext(env.Functions)
	if o.acc == nil || o.base != from {
		if err := o.begin(env, from, n); err != nil {
			return 0, err
		}
	}
	for {
		if err := checkContext(ctx); err != nil {
			return 0, err
		}
		if err := o.load(); err != nil {
			return 0, err
		}
		if o.ended || o.next >= from+n {
			return n, nil
		}
		bytes := o.acc.Bytes()
		complete := o.next - from
		if all {
			complete = 0
		}
		if complete > 0 && (bytes > groupBytes || env.WorkMem > 0 && bytes > env.WorkMem) {
			return complete, nil
		}
		if err := o.reserve(ctx, bytes, makeRoom); err != nil {
			if complete > 0 {
				return complete, nil
			}
			if n == 1 || all {
				return 0, err
			}
			n = max(1, n/8)
			if err := o.begin(env, from, n); err != nil {
				return 0, err
			}
			continue
		}
		if err := o.feed(env, from+n); err != nil {
			return 0, err
		}
	}
}

// begin makes the states of n groups from one on, with what groups after the
// last that came out have been fed.
func (o *orderedRows) begin(env *Env, from, n int) error {
	acc := o.call.fn.New(env.Functions, o.call.sig)
	acc.Resize(n)
	if c, ok := acc.(functions.CountedAccumulator); ok {
		for g := from; g < min(from+n, len(o.counts)); g++ {
			c.Expect(g-from, o.counts[g])
		}
	}
	if o.acc != nil {
		for g := from; g <= o.next && g < min(from+n, o.end); g++ {
			if err := acc.Merge(env.Functions, o.acc, g-o.base, g-from); err != nil {
				return err
			}
		}
	}
	o.acc, o.base, o.end = acc, from, from+n
	return nil
}

// load makes batch and row the next row to feed.
func (o *orderedRows) load() error {
	for !o.ended && (o.batch == nil || o.row == int(o.batch.NumRows())) {
		if o.batch != nil {
			o.batch.Release()
			o.batch = nil
		}
		batch, err := o.sorter.next()
		if err == io.EOF {
			o.ended = true
			return o.sorter.close()
		}
		if err != nil {
			return err
		}
		o.batch, o.row = batch, 0
	}
	if !o.ended {
		o.next = int(fixedValues[uint32](o.batch.Column(0))[o.row])
	}
	return nil
}

// feed gives the rows in hand of groups before end to their states.
func (o *orderedRows) feed(env *Env, end int) error {
	groups := fixedValues[uint32](o.batch.Column(0))
	to, _ := slices.BinarySearch(groups[o.row:], uint32(end))
	part := o.batch.NewSlice(int64(o.row), int64(o.row+to))
	defer part.Release()
	args := make([]functions.Value, len(o.call.args))
	for i := range args {
		args[i] = functions.Value{Array: part.Column(1 + i)}
	}
	o.ids = o.ids[:0]
	for _, g := range groups[o.row : o.row+to] {
		o.ids = append(o.ids, g-uint32(o.base))
	}
	o.row += to
	return o.acc.Update(env.Functions, o.ids, args, to)
}

// reserve accounts for the states.
func (o *orderedRows) reserve(ctx context.Context, bytes int64, makeRoom func(context.Context) error) error {
	if o.held.set(bytes) == nil {
		return nil
	}
	if err := makeRoom(ctx); err != nil {
		return err
	}
	return o.held.set(bytes)
}

func (o *orderedRows) close() {
	if o.batch != nil {
		o.batch.Release()
		o.batch = nil
	}
	o.held.close()
	_ = o.sorter.close() // the file is gone whatever closing says
}
