// Package planner turns a syntax tree into a physical plan: binder resolves
// names and types and makes all user errors, rules rewrite the bound tree, and
// physical chooses access paths and algorithms.
//
//	ast.Statement -> binder -> logical tree -> rules -> logical tree -> physical -> plan.Query
package planner

import (
	"context"

	"github.com/tidemarkdb/tidemark/planner/binder"
	"github.com/tidemarkdb/tidemark/planner/physical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/planner/rules"
	"github.com/tidemarkdb/tidemark/sql/ast"
)

// Options are what a statement's plan depends on besides its text.
type Options = binder.Options

// Plan plans a SELECT, VALUES, INSERT, UPDATE or DELETE. The plan is read-only
// and does not refer to the tree.
func Plan(ctx context.Context, stmt ast.Statement, opts Options) (*plan.Query, error) {
	res, b, err := binder.Bind(ctx, stmt, &opts)
	if err != nil {
		return nil, err
	}
	rw := &rules.Rewriter{MD: res.MD, NoFold: opts.NoFold, IO: opts.IO}
	res.Root = rw.Run(res.Root)
	pb := physical.New(res.MD, opts.Catalog, 0)
	q := &plan.Query{
		ParamTypes: res.ParamTypes, Tag: res.Tag, ReadOnly: res.ReadOnly, ReturnsRows: res.ReturnsRows,
		Cacheable: res.Cacheable, Writes: res.Writes, UsedLiterals: res.Used,
	}
	q.Root = pb.Root(res.Root, res.Cols, res.Names)
	fk := &foreignKeys{cat: opts.Catalog, b: b, pb: pb}
	if err := fk.fill(q.Root); err != nil {
		return nil, err
	}
	q.ExecSlots = pb.Slots
	q.Deps = b.Deps()
	return q, nil
}
