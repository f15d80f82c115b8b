package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/executor/spill"
)

// partitions writes rows to the spilled partitions of a hash operator: one
// file, a run for each partition. Rows wait until a partition has a batch of
// them, or partitionBuffer bytes.
type partitions struct {
	env   *Env
	file  *spill.File
	parts [fanOut]filePartition
	left  int   // partitions that are not read to their end
	bytes int64 // in the file, after finish
}

type filePartition struct {
	run   *spill.Run // nil: nothing was written
	rows  builders
	bytes int64 // of rows, about
}

const partitionBuffer = 64 << 10

// smallPartition is how many rows are not split further.
const smallPartition = 512

func newPartitions(env *Env, schema *arrow.Schema) *partitions {
	return &partitions{env: env, file: env.Temp.NewFile(env.Alloc, schema)}
}

// add writes the given rows of a batch, which stays the caller's, to partition p.
func (p *partitions) add(to int, batch arrow.RecordBatch, rows []int32) error {
	part := &p.parts[to]
	if part.rows == nil {
		part.run = p.file.NewRun()
		for _, f := range p.file.Schema().Fields() {
			part.rows = append(part.rows, array.NewBuilder(p.env.Alloc, f.Type))
		}
	}
	width := batchBytes(batch)/batch.NumRows() + 1
	limit := p.env.batchRows()
	for len(rows) > 0 {
		n := max(1, min(limit-part.rows.len(), len(rows), int((partitionBuffer-part.bytes)/width)))
		for k, c := range batch.Columns() {
			appendRows(part.rows[k], c, rows[:n])
		}
		part.bytes += int64(n) * width
		rows = rows[n:]
		if part.rows.len() >= limit || part.bytes >= partitionBuffer {
			if err := p.flush(part); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *partitions) flush(part *filePartition) error {
	if part.rows.len() == 0 {
		return nil
	}
	n := part.rows.len()
	batch := newBatch(p.file.Schema(), part.rows.arrays(), n)
	defer batch.Release()
	part.bytes = 0
	return part.run.Write(batch)
}

// finish writes what waits; reading may begin.
func (p *partitions) finish() error {
	for i := range p.parts {
		part := &p.parts[i]
		if part.run == nil {
			continue
		}
		if err := p.flush(part); err != nil {
			return err
		}
		part.rows.release()
		part.rows = nil
		p.left++
	}
	p.bytes = p.file.Bytes()
	return nil
}

// rowsIn is how many rows a partition has after finish.
func (p *partitions) rowsIn(i int) int64 {
	if p == nil || p.parts[i].run == nil {
		return 0
	}
	return p.parts[i].run.Rows()
}

// open reads a partition that has rows. It is read once; after the last one is
// closed the file is.
func (p *partitions) open(i int) *partitionReader {
	return &partitionReader{of: p, run: p.parts[i].run}
}

func (p *partitions) close() error {
	if p == nil {
		return nil
	}
	for i := range p.parts {
		p.parts[i].rows.release()
		p.parts[i].rows = nil
	}
	return p.file.Close()
}

// partitionReader is a partition as an Operator.
type partitionReader struct {
	of     *partitions
	run    *spill.Run
	reader *spill.Reader
	closed bool
}

func (r *partitionReader) Schema() *arrow.Schema { return r.of.file.Schema() }

func (r *partitionReader) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	if r.closed {
		return nil, io.EOF
	}
	if r.reader == nil {
		r.reader = r.run.NewReader()
	}
	return r.reader.Next()
}

// rewind begins anew.
func (r *partitionReader) rewind() {
	if r.reader != nil {
		r.reader.Close()
		r.reader = nil
	}
}

func (r *partitionReader) Close() error {
	r.rewind()
	if r.closed {
		return nil
	}
	r.closed = true
	if r.of.left--; r.of.left > 0 {
		return nil
	}
	return r.of.file.Close()
}

// splitRows sorts rows into lists by partition; skip leaves a row out.
func splitRows(hashes []uint64, level int, skip func(i int) bool) (lists [fanOut][]int32) {
	for i, h := range hashes {
		if skip != nil && skip(i) {
			continue
		}
		p := partitionOf(h, level)
		lists[p] = append(lists[p], int32(i))
	}
	return lists
}

// addUnknown writes the rows whose id is noKey to their partitions.
func (p *partitions) addUnknown(batch arrow.RecordBatch, ids []uint32, hashes []uint64, level int) error {
	lists := splitRows(hashes, level, func(i int) bool { return ids[i] != noKey })
	for i, rows := range lists {
		if len(rows) == 0 {
			continue
		}
		if err := p.add(i, batch, rows); err != nil {
			return err
		}
	}
	return nil
}

// plan ends the writing at a level of recursion and appends a pass for each
// partition. A nil p has none.
func (p *partitions) plan(to []spillPass, level int) ([]spillPass, error) {
	if p == nil {
		return to, nil
	}
	if err := p.finish(); err != nil {
		return to, err
	}
	for i := range p.parts {
		if rows := p.rowsIn(i); rows > 0 {
			to = append(to, spillPass{rows: p.open(i), level: level + 1, small: rows <= smallPartition})
		}
	}
	return to, nil
}

// closePartitions closes files and counts what was written to them.
func closePartitions(files []*partitions, stats *NodeStats) (first error) {
	for _, p := range files {
		if stats != nil {
			stats.SpillBytes += p.bytes
		}
		if err := p.close(); first == nil {
			first = err
		}
	}
	return first
}

// spillPass is a partition that is still to be read; the zero spillPass is an
// operator's own input.
type spillPass struct {
	rows  *partitionReader
	level int
	small bool // not worth splitting for the operator's own limit
}

// room reserves need bytes for a pass, or says false: then its rows must go to
// partitions. A pass over a partition takes at least its first rows (empty:
// nothing is kept yet), so that recursion ends; it fails with 53200 rather.
func (r *reservation) room(need int64, p spillPass, empty bool) (bool, error) {
	limit := r.env.HashMem
	if p.small {
		limit = 0
	}
	if r.within(need, limit) {
		return true, nil
	}
	if r.env.Temp == nil || p.level >= maxLevel || p.level > 0 && empty {
		return true, r.set(need)
	}
	return false, nil
}
