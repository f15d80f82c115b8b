package executor

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// subplanMemo keeps the results of a correlated subplan by the values of the
// outer rows it depends on, so that rows with equal values share one run
// (PostgreSQL's Memoize). It is a cache: full, it starts anew, and it ends
// itself where values hardly repeat.
type subplanMemo struct {
	table  *keyTable
	values []types.Datum // by id; those below done are known
	bytes  int64         // of values
	held   reservation
	rows   int
	ids    []uint32
	off    bool
}

// memoTrial is after how many rows a memo that answered fewer than one in
// memoWorth of them ends.
const (
	memoTrial = 4096
	memoWorth = 16
)

// memoOf is the memo of a correlated subplan, nil if its results may not be
// kept: it is not repeatable, or equal values may be told apart by it.
func (r *run) memoOf(sp *expr.Subplan) *subplanMemo {
	if !sp.Repeatable {
		return nil
	}
	m := r.memos[sp]
	if m == nil {
		m = &subplanMemo{held: reservation{env: r.env}}
		for _, e := range append(sp.Args[:len(sp.Args):len(sp.Args)], sp.Left...) {
			m.off = m.off || !identifies(e.Type())
		}
		if r.memos == nil {
			r.memos = map[*expr.Subplan]*subplanMemo{}
		}
		r.memos[sp] = m
	}
	if m.off {
		return nil
	}
	return m
}

// identifies says whether equal values of a type are the same value: 1.0 and
// 1.00, or 0 and -0, are not.
func identifies(t types.Type) bool {
	switch t.Phys() {
	case types.PhysFloat32, types.PhysFloat64:
		return false
	}
	return !needsEncoding(t)
}

// begin numbers the values of n rows. Row i's result is known if its id is
// below len(m.values), else it is to be computed and put: ids are new in the
// order of rows.
func (m *subplanMemo) begin(c *functions.Context, sp *expr.Subplan, args []functions.Value, n int) []uint32 {
	if m.table != nil && !m.held.within(m.table.bytes()+m.bytes, m.held.env.WorkMem) {
		m.clear()
	}
	if m.table == nil {
		ts := make([]types.Type, 0, len(args))
		for _, e := range sp.Args {
			ts = append(ts, e.Type())
		}
		for _, e := range sp.Left {
			ts = append(ts, e.Type())
		}
		m.table = newKeyTable(ts, allEqual(len(ts)))
	}
	cols := make([]arrow.Array, len(args))
	for i, v := range args {
		v.Array.Retain()
		cols[i] = v.Spread(c, n)
	}
	m.ids = m.table.insert(cols, n, m.ids)
	releaseAll(cols)
	return m.ids
}

func (m *subplanMemo) put(d types.Datum) {
	m.values = append(m.values, d)
	m.bytes += 32 + int64(len(d.S))
}

// end ends a batch of n rows, and the memo if it does not pay.
func (m *subplanMemo) end(n int) {
	m.rows += n
	if m.rows >= memoTrial && len(m.values) > m.rows-m.rows/memoWorth {
		m.off = true
		m.clear()
	}
}

func (m *subplanMemo) clear() {
	m.table, m.values, m.bytes, m.rows = nil, nil, 0, 0
	m.held.close()
}
