package executor

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/pushdown"
)

// pushed has the stores run its input and passes on what they answer. What they
// leave, it runs here: the same operators over those spans.
type pushed struct {
	run    *run
	node   *plan.Pushed
	schema *arrow.Schema

	opened bool
	reader pushedReader // nil before the first Next, and if there is nothing to ask
	local  Operator     // runs what the stores left
}

// pushedReader is what stores answer. If batch is nil, rest is to be read here.
type pushedReader interface {
	Next(ctx context.Context) (batch arrow.RecordBatch, rest *restOfScan, err error)
	Figures() rowstore.PushedFigures
	Close()
}

// restOfScan says what a scan reads instead of its ranges: spans of them, or the
// rows of keys, whatever index the scan goes by.
type restOfScan struct {
	scan  *plan.Scan
	spans []kv.Span
	keys  []kv.Key
}

// pushedScan reads what stores answer for rows, or for entries of an index.
type pushedScan struct{ *rowstore.Pushed }

// Next implements pushedReader.
func (p pushedScan) Next(ctx context.Context) (arrow.RecordBatch, *restOfScan, error) {
	batch, spans, err := p.Pushed.Next(ctx)
	return batch, &restOfScan{spans: spans}, err
}

// newPushed leaves the input to be run here as a whole if the store has no
// processes of its own.
func (r *run) newPushed(n *plan.Pushed) (Operator, error) {
	store, ok := r.env.Store.(kv.CoprocessorStore)
	if !ok || !store.Coprocesses() || r.env.Since != nil {
		return r.build(n.Input)
	}
	return &pushed{run: r, node: n, schema: schemaOf(n.Cols)}, nil
}

func (p *pushed) Schema() *arrow.Schema { return p.schema }

func (p *pushed) Close() error {
	p.opened = true
	if p.reader != nil {
		p.count()
		p.reader.Close()
		p.reader = nil
	}
	return p.closeLocal()
}

// count notes what the stores did as the input's figures (EXPLAIN ANALYZE).
func (p *pushed) count() {
	if p.run.env.Stats == nil {
		return
	}
	f := p.reader.Figures()
	scan := p.run.statsOf(p.node.Scan())
	scan.Loops, scan.Rows, scan.RowsRemoved = scan.Loops+1, scan.Rows+f.Passed, scan.RowsRemoved+f.Scanned-f.Passed
	scan.Total += f.Took
	if p.node.Input != plan.Node(p.node.Scan()) {
		made := p.run.statsOf(p.node.Input)
		made.Loops, made.Rows, made.Total = made.Loops+1, made.Rows+f.Made, made.Total+f.Took
	}
}

func (p *pushed) closeLocal() error {
	if p.local == nil {
		return nil
	}
	err := p.local.Close()
	p.local = nil
	return err
}

func (p *pushed) Next(ctx context.Context) (arrow.RecordBatch, error) {
	if !p.opened {
		p.opened = true
		if err := p.open(ctx); err != nil {
			return nil, err
		}
	}
	for {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		if p.local != nil {
			batch, err := p.local.Next(ctx)
			if err != io.EOF { //nolint:errorlint // the contract says io.EOF itself
				return batch, err
			}
			if err := p.closeLocal(); err != nil {
				return nil, err
			}
		}
		if p.reader == nil {
			return nil, io.EOF
		}
		batch, rest, err := p.reader.Next(ctx)
		if batch != nil || err != nil {
			return batch, err
		}
		if err := p.runHere(rest); err != nil {
			return nil, err
		}
	}
}

// runHere runs the input over rest, nil for all that the scan reads.
func (p *pushed) runHere(rest *restOfScan) (err error) {
	if p.run.rest = rest; rest != nil {
		rest.scan = p.node.Scan()
	}
	p.local, err = p.run.build(p.node.Input)
	p.run.rest = nil
	return err
}

func (p *pushed) open(ctx context.Context) error {
	if p.run.env.Workers == nil {
		// The statement may be suspended, and the transaction be written to or its
		// snapshot moved meanwhile.
		return p.runHere(nil)
	}
	spec, ok, err := p.spec()
	if err != nil || !ok {
		return err
	}
	s := p.node.Scan()
	if s.Index != nil && !spec.Scan.Layout.Covers(s.Index, s.Output) {
		p.reader, err = newPushedLookup(p.run.env, s, spec)
		return err
	}
	reader, err := rowstore.NewPushed(ctx, p.run.env.Alloc, p.run.env.Txn.(kv.Coprocessor), spec)
	var refusal pushdown.Refusal
	if errors.As(err, &refusal) {
		return p.runHere(nil)
	}
	if err == nil {
		p.reader = pushedScan{reader}
	}
	return err
}

// spec says what the stores are asked; ok is false if there is nothing to ask.
func (p *pushed) spec() (spec rowstore.PushedSpec, ok bool, err error) {
	env, s := p.run.env, p.node.Scan()
	layout := layoutOf(s.Table)
	spec = rowstore.PushedSpec{
		Scan:  rowstore.ScanSpec{Table: s.Table, Layout: layout, Index: s.Index, Output: s.Output, Reverse: s.Reverse},
		Rules: &pushdown.Rules{}, Eval: env.constant, Conditions: conjuncts(s.Filter, nil),
		Schema: p.schema, Types: typesOf(p.node.Cols), Reserve: p.reserve, Count: env.Stats != nil,
	}
	if s.Ranges != nil {
		if spec.Scan.Spans, err = keySpans(env, layout, s); err != nil || len(spec.Scan.Spans) == 0 {
			return spec, false, err
		}
	}
	limit := int64(-1)
	switch n := p.node.Input.(type) {
	case *plan.Aggregate:
		spec.Aggregate, spec.Keys = true, n.Keys
		for _, a := range n.Aggs {
			spec.Calls = append(spec.Calls, rowstore.PushedCall{Fn: a.Fn, Args: a.Args})
		}
	case *plan.Sort:
		spec.Order = n.Keys
		limit, err = topRows(env, n.TopCount, n.TopOffset)
	case *plan.Limit:
		limit, err = topRows(env, n.Count, nil)
	}
	if limit < 0 {
		spec.Order = nil // all rows, sorted above
	}
	spec.Limit = max(limit, 0)
	return spec, limit != 0, err
}

func (p *pushed) reserve(n int64) error {
	if n < 0 {
		p.run.env.shrink(-n)
		return nil
	}
	return p.run.env.grow(n)
}
