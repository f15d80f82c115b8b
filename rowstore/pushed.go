package rowstore

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/pingcap/tipb/go-tipb"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/rowstore/rowcodec"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pushdown"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// PushedSpec says what stores do with the rows of a table: the conditions, then
// either the aggregation, or the order and the limit.
type PushedSpec struct {
	// Scan is what is read: Table, Layout, Index, Output, Spans and Reverse count;
	// its Output are the columns that expressions refer to. An index's entries must
	// hold all of it.
	Scan ScanSpec
	// Rows, if not nil, are read instead of Scan.Spans: keys of rows, in their order.
	Rows []kv.Key
	// Handle adds a last column, an int8, with the integer handles of the rows.
	Handle bool
	// Rules and Eval are for the translation of expressions: Eval computes what
	// has no columns.
	Rules      *pushdown.Rules
	Eval       func(expr.Expr) (types.Datum, error)
	Conditions []expr.Expr
	// Aggregate: the result is Keys and Calls, one row for each group and region.
	Aggregate bool
	Keys      []expr.Expr
	Calls     []PushedCall
	Order     []expr.SortKey
	Limit     int64 // rows of each region; 0 for all
	// Schema and Types are the result's.
	Schema *arrow.Schema
	Types  []types.Type
	// Reserve is told how many more bytes of answers are kept.
	Reserve func(bytes int64) error
	// Count asks for figures of what the stores did.
	Count bool
}

// PushedFigures is what the stores did, summed up over all of them.
type PushedFigures struct {
	Scanned, Passed, Made int64 // rows read, left by the conditions, and answered
	Took                  time.Duration
}

// PushedCall is an aggregate that the stores compute.
type PushedCall struct {
	Fn   *functions.Aggregate
	Args []expr.Expr
}

// Pushed reads what stores answer. The reader must not be used by others, nor
// written to, while it is open.
type Pushed struct {
	spec    PushedSpec
	alloc   memory.Allocator
	replies kv.CoprocessorReplies
	wire    []wireColumn
	places  []uint32  // where the scan has the columns of Output
	vectors []*vector // of the result's columns
	ready   []arrow.RecordBatch
	held    int64 // bytes reserved for what is ready
	figures PushedFigures
}

// wireColumn is a column as stores answer it.
type wireColumn struct {
	at   int // the result's column
	form wireForm
	kind rowcodec.Kind // of bytes
	phys types.Phys
}

// wireForm is how a value is answered.
type wireForm uint8

const (
	wireInt     wireForm = iota // an integer of the column's type
	wireStored                  // the bytes that lie in the row
	wireDecimal                 // a decimal for a numeric, or for an integer
)

// NewPushed asks the stores. What they cannot do is a pushdown.Refusal.
func NewPushed(ctx context.Context, alloc memory.Allocator, r kv.Coprocessor, spec PushedSpec) (*Pushed, error) {
	if spec.Scan.Layout == nil {
		spec.Scan.Layout = NewLayout(spec.Scan.Table)
	}
	switch {
	case spec.Rows != nil:
		spec.Scan.Spans = pointSpans(spec.Rows)
	case spec.Scan.Spans == nil:
		spec.Scan.Spans = []kv.Span{IndexSpan(spec.Scan.Table, spec.Scan.Index)}
	}
	p := &Pushed{spec: spec, alloc: alloc}
	program, err := p.program()
	if err != nil {
		return nil, err
	}
	for _, t := range spec.Types {
		p.vectors = append(p.vectors, newVector(alloc, t.Phys()))
	}
	p.replies, err = r.Coprocess(ctx, kv.CoprocessorRequest{
		Program: program, Spans: spec.Scan.Spans, Reverse: spec.Scan.Reverse, Points: spec.Rows != nil, Reserve: spec.Reserve,
		Rows: !spec.Aggregate && len(spec.Order) == 0, Few: spec.Limit > 0 && len(spec.Order) == 0,
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// pointSpans are spans of one key each.
func pointSpans(keys []kv.Key) []kv.Span {
	size := 0
	for _, k := range keys {
		size += len(k) + 1
	}
	mem := make([]byte, 0, size)
	spans := make([]kv.Span, len(keys))
	for i, k := range keys {
		start := len(mem)
		mem = append(append(mem, k...), 0)
		end := len(mem)
		spans[i] = kv.Span{Start: mem[start : end-1 : end-1], End: mem[start:end:end]}
	}
	return spans
}

// Next returns the next batch, which the caller releases; or, if batch is nil,
// spans whose rows the caller has to read itself, and do with them what the
// stores were to; and io.EOF at the end.
func (p *Pushed) Next(ctx context.Context) (batch arrow.RecordBatch, rest []kv.Span, err error) {
	for len(p.ready) == 0 {
		if err := p.reserve(-p.held); err != nil {
			return nil, nil, err
		}
		reply, err := p.replies.Next(ctx)
		if err != nil {
			return nil, nil, err
		}
		if reply.Data == nil {
			return nil, reply.Spans, nil
		}
		if err := p.reserve(int64(len(reply.Data))); err != nil {
			return nil, nil, err
		}
		ok, err := p.decode(reply.Data)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			p.drop()
			return nil, reply.Spans, nil
		}
	}
	batch, p.ready = p.ready[0], p.ready[1:]
	return batch, nil, nil
}

func (p *Pushed) reserve(n int64) error {
	if p.spec.Reserve == nil || n == 0 {
		return nil
	}
	if err := p.spec.Reserve(n); err != nil {
		return err
	}
	p.held += n
	return nil
}

func (p *Pushed) drop() {
	for _, b := range p.ready {
		b.Release()
	}
	p.ready = nil
}

// Close ends the request.
func (p *Pushed) Close() {
	p.replies.Close()
	p.drop()
	_ = p.reserve(-p.held) // giving back does not fail
	for _, v := range p.vectors {
		v.release()
	}
}

// decode makes batches of an answer. ok is false if the stores could not do it:
// an expression failed, which it may not do here, or a value lies apart from its
// row.
func (p *Pushed) decode(data []byte) (ok bool, err error) {
	var resp tipb.SelectResponse
	if err := resp.Unmarshal(data); err != nil {
		return false, err
	}
	if resp.Error != nil {
		return false, nil
	}
	p.count(resp.ExecutionSummaries)
	d := pushedDecoder{p: p}
	defer d.abandon()
	for _, c := range resp.Chunks {
		if len(c.RowsData) == 0 {
			continue
		}
		if resp.EncodeType == tipb.EncodeType_TypeChunk {
			ok, err = d.chunk(c.RowsData)
		} else {
			ok, err = d.rows(c.RowsData)
		}
		if !ok || err != nil {
			return false, err
		}
	}
	d.finish()
	return true, nil
}

// Figures is what the stores did so far, if Count was set.
func (p *Pushed) Figures() PushedFigures { return p.figures }

// count adds the figures of an answer: of the scan and the conditions.
func (p *Pushed) count(list []*tipb.ExecutorExecutionSummary) {
	if len(list) == 0 {
		return
	}
	rows := func(i int) int64 { return int64(list[i].GetNumProducedRows()) }
	passed := 0
	if len(p.spec.Conditions) > 0 && len(list) > 1 {
		passed = 1
	}
	p.figures.Scanned += rows(0)
	p.figures.Passed += rows(passed)
	var took uint64
	for _, s := range list {
		took += s.GetTimeProcessedNs()
	}
	p.figures.Took += time.Duration(took)
}

// pushedDecoder fills batches.
type pushedDecoder struct {
	p    *Pushed
	n    int // rows in the vectors
	open bool
}

// begin makes room for a row, or more of them: n at most.
func (d *pushedDecoder) begin() {
	if d.open {
		return
	}
	d.open, d.n = true, 0
	for _, v := range d.p.vectors {
		v.start(DefaultBatchRows)
	}
}

// end counts a row; a full batch is done.
func (d *pushedDecoder) end() {
	d.n++
	d.p.figures.Made++
	full := d.n == DefaultBatchRows
	for _, v := range d.p.vectors {
		full = full || v.isFull()
	}
	if full {
		d.finish()
	}
}

func (d *pushedDecoder) finish() {
	if !d.open || d.n == 0 {
		return
	}
	columns := make([]arrow.Array, len(d.p.vectors))
	for i, v := range d.p.vectors {
		columns[i] = v.finish()
	}
	d.p.ready = append(d.p.ready, array.NewRecordBatch(d.p.spec.Schema, columns, int64(d.n)))
	for _, c := range columns {
		c.Release()
	}
	d.open = false
}

func (d *pushedDecoder) abandon() {
	if !d.open {
		return
	}
	d.open = false
	for _, v := range d.p.vectors {
		v.release()
	}
}

// integer appends an integer to a wire column.
func (d *pushedDecoder) integer(c *wireColumn, i int64) error {
	if c.form != wireInt || !rowcodec.InRange(c.phys, i) {
		return errPushedRow
	}
	d.p.vectors[c.at].appendInt(i)
	return nil
}

// stored appends bytes that lie in a row; ok is false if they only stand for a
// value that lies elsewhere.
func (d *pushedDecoder) stored(c *wireColumn, b []byte) (ok bool, err error) {
	if c.form != wireStored {
		return false, errPushedRow
	}
	v := d.p.vectors[c.at]
	if c.kind.IsBytes() {
		b, length, err := rowcodec.Bytes(b)
		if err != nil || length >= 0 {
			return false, err
		}
		v.appendBytes(b)
		return true, nil
	}
	x, _, err := rowcodec.Datum(c.kind, c.phys, b)
	if err != nil {
		return false, err
	}
	v.appendInt(x.I)
	return true, nil
}

// decimal appends a decimal.
func (d *pushedDecoder) decimal(c *wireColumn, x types.Decimal) error {
	v := d.p.vectors[c.at]
	switch {
	case c.form == wireDecimal && c.phys == types.PhysBinary:
		v.appendBytes(x.AppendEncode(nil))
		return nil
	case c.form == wireDecimal && c.phys == types.PhysInt64:
		if i, ok := x.Int64(); ok && x.Scale() == 0 {
			v.appendInt(i)
			return nil
		}
	}
	return errPushedRow
}
