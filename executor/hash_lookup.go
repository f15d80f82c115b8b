package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// hashLookup finds the rows whose keys equal the parameters of this run in a
// hash table that the runs of the statement share (SQLite's automatic index):
//
//  1. the first run scans, as there may be no second one;
//  2. the second builds the table, and all of them look into it;
//  3. if the table takes more than Env.HashMem, all of them scan.
type hashLookup struct {
	env      *Env
	node     *plan.HashLookup
	schema   *arrow.Schema
	shared   *hashedRows
	residual *filter // nil for none
	found    []rowRef
	probed   bool
	scan     Operator // instead, if the table is too big
}

// hashedRows are the rows of a hashLookup's source by their keys, kept for the
// statement.
type hashedRows struct {
	run   *run
	node  *plan.HashLookup
	runs  int
	big   bool
	rows  *rowBuffer
	table *keyTable
	held  reservation // of table, starts and refs
	// The rows with key id are refs[starts[id]:starts[id+1]].
	starts []uint32
	refs   []rowRef
}

func (r *run) newHashLookup(n *plan.HashLookup) (Operator, error) {
	h := r.lookups[n]
	if h == nil {
		h = &hashedRows{run: r, node: n, held: reservation{env: r.env}}
		if r.lookups == nil {
			r.lookups = map[*plan.HashLookup]*hashedRows{}
		}
		r.lookups[n] = h
	}
	h.runs++
	if h.runs == 1 || h.big {
		return r.build(n.Scan)
	}
	l := &hashLookup{env: r.env, node: n, schema: schemaOf(n.Cols), shared: h}
	if n.Residual != nil {
		cond, err := r.compile(n.Residual)
		if err != nil {
			return nil, err
		}
		l.residual = &filter{env: r.env, cond: cond, stats: r.statsOf(n)}
	}
	return l, nil
}

func (l *hashLookup) Schema() *arrow.Schema { return l.schema }

func (l *hashLookup) Close() error { return closeAll(l.scan) }

func (l *hashLookup) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !l.probed {
		l.probed = true
		if err := l.probe(ctx); err != nil {
			return nil, err
		}
	}
	if l.scan != nil {
		return l.scan.Next(ctx)
	}
	for len(l.found) > 0 {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		n := min(len(l.found), l.env.batchRows())
		batch, err := l.shared.rows.gather(l.found[:n])
		if err != nil {
			return nil, err
		}
		l.found = l.found[n:]
		if l.residual == nil {
			return batch, nil
		}
		if batch, err = l.residual.apply(batch); batch != nil || err != nil {
			return batch, err
		}
	}
	return nil, io.EOF
}

// probe finds the rows of this run.
func (l *hashLookup) probe(ctx context.Context) error {
	keys := make([]arrow.Array, len(l.node.Probe))
	defer func() { releaseAll(keys) }()
	for i, e := range l.node.Probe {
		d, err := l.env.constant(e)
		if err != nil || d.IsNull() {
			return err
		}
		if keys[i], err = datumArray(l.env.Alloc, e.Type(), d, 1); err != nil {
			return err
		}
	}
	h := l.shared
	if h.table == nil {
		err := h.build(ctx)
		if h.big {
			l.scan, err = h.run.build(l.node.Scan)
			return err
		}
		if err != nil {
			return err
		}
	}
	if id := h.table.lookup(keys, 1, nil)[0]; id != noKey {
		l.found = h.refs[h.starts[id]:h.starts[id+1]]
	}
	return nil
}

// build reads the source. If its rows do not fit, big is set.
func (h *hashedRows) build(ctx context.Context) error {
	env := h.run.env
	keys, err := h.run.compileAll(h.node.Keys)
	if err != nil {
		return err
	}
	source, err := h.run.build(h.node.Source)
	if err != nil {
		return err
	}
	h.rows = newRowBuffer(env, schemaOf(h.node.Cols))
	ts := make([]types.Type, len(h.node.Keys))
	for i, e := range h.node.Keys {
		ts[i] = e.Type()
	}
	table := newKeyTable(ts, nil)
	var ids []uint32
	err = drain(ctx, source, func(batch arrow.RecordBatch) error {
		n := int(batch.NumRows())
		if err := h.rows.add(batch); err != nil {
			return err
		}
		cols, err := columns(env, keys, batch.Columns(), n)
		if err != nil {
			return err
		}
		ids = append(ids, table.insert(cols, n, nil)...)
		releaseAll(cols)
		size := table.bytes() + 16*int64(len(ids))
		if !h.held.within(size, env.HashMem) || env.HashMem > 0 && size+h.rows.bytes > env.HashMem {
			h.big = true
			return errHashMemory
		}
		return nil
	})
	if e := source.Close(); err == nil {
		err = e
	}
	if err != nil {
		h.big = h.big || pgerror.CodeOf(err) == pgerror.OutOfMemory
		h.clear()
		return err
	}
	h.index(table, ids)
	return nil
}

// index sorts the rows by the ids of their keys (counting sort).
func (h *hashedRows) index(table *keyTable, ids []uint32) {
	h.starts = make([]uint32, table.len()+1)
	for _, id := range ids {
		if id != noKey {
			h.starts[id+1]++
		}
	}
	for i := 1; i < len(h.starts); i++ {
		h.starts[i] += h.starts[i-1]
	}
	h.refs = make([]rowRef, h.starts[len(h.starts)-1])
	next := append([]uint32(nil), h.starts...)
	i := 0
	for k, c := range h.rows.chunks {
		for row := range int(c.NumRows()) {
			if id := ids[i]; id != noKey {
				h.refs[next[id]] = refOf(k, row)
				next[id]++
			}
			i++
		}
	}
	h.table = table
}

var errHashMemory = pgerror.New(pgerror.OutOfMemory, "hash table of a lookup is too big")

func (h *hashedRows) clear() {
	if h.rows != nil {
		h.rows.clear()
	}
	h.rows, h.table, h.starts, h.refs = nil, nil, nil, nil
	h.held.close()
}
