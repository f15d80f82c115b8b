package planner

import (
	"context"

	"github.com/tidemarkdb/tidemark/planner/binder"
	"github.com/tidemarkdb/tidemark/planner/physical"
	"github.com/tidemarkdb/tidemark/planner/plan"
)

// foreignKeys adds to the writes of a plan what they do to referencing rows.
type foreignKeys struct {
	opts *Options
	b    *binder.Binder
	pb   *physical.Builder
}

func (f *foreignKeys) fill(ctx context.Context, n plan.Node) error {
	return nil
}
