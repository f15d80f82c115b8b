package executor

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// distinctRows finds the first of equal rows: DISTINCT, and DISTINCT inside
// aggregates.
//
//  1. While the table of rows seen may grow, new rows come out at once.
//  2. Then rows that it knows are dropped and the others written to partitions
//     by their hash: which of those are new is found out later.
//  3. After the input each partition is a pass of its own, with a new table.
type distinctRows struct {
	env    *Env
	schema *arrow.Schema
	keys   []int // the columns that count
	types  []types.Type
	held   reservation

	table  *keyTable
	hasher keyHasher
	parts  *partitions // nil: everything fits so far
	pass   spillPass
	files  []*partitions
	passes []spillPass
	cols   []arrow.Array
	ids    []uint32
	sel    []int32
}

func newDistinctRows(env *Env, schema *arrow.Schema, keys []int, ts []types.Type) *distinctRows {
	return &distinctRows{
		env: env, schema: schema, keys: keys, types: ts, held: reservation{env: env},
		table: newKeyTable(ts, allEqual(len(ts))), hasher: keyHasher{types: ts},
	}
}

// fresh returns the rows of a batch, which stays the caller's, that are new and
// come out now. What it returns is valid until the next call.
func (d *distinctRows) fresh(batch arrow.RecordBatch) ([]int32, error) {
	n := int(batch.NumRows())
	d.cols = d.cols[:0]
	for _, k := range d.keys {
		d.cols = append(d.cols, batch.Column(k))
	}
	d.sel = d.sel[:0]
	if d.parts == nil {
		fits, err := d.held.room(d.table.bytes()+d.table.growth(d.cols, n), d.pass, d.table.len() == 0)
		if err != nil {
			return nil, err
		}
		if fits {
			d.ids, d.sel = insertNew(d.table, d.cols, n, d.ids, d.sel)
			return d.sel, nil
		}
		d.parts = newPartitions(d.env, d.schema)
		d.files = append(d.files, d.parts)
	}
	d.ids = d.table.lookup(d.cols, n, d.ids)
	return nil, d.parts.addUnknown(batch, d.ids, d.hasher.hash(d.cols, n), d.pass.level)
}

// nextPass ends the input in hand and returns the next one, nil after the last.
// The caller closes it.
func (d *distinctRows) nextPass() (*partitionReader, error) {
	var err error
	d.passes, err = d.parts.plan(d.passes, d.pass.level)
	if err != nil || len(d.passes) == 0 {
		return nil, err
	}
	d.parts = nil
	next := d.passes[len(d.passes)-1]
	d.passes = d.passes[:len(d.passes)-1]
	d.pass = next
	d.table = newKeyTable(d.types, allEqual(len(d.types)))
	d.held.close()
	return next.rows, nil
}

func (d *distinctRows) close(stats *NodeStats) error {
	d.held.close()
	files := d.files
	d.files, d.passes, d.parts = nil, nil, nil
	return closePartitions(files, stats)
}
