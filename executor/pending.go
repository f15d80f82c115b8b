package executor

import (
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// The operator below follows in a file of its own.

func (r *run) newWindow(*plan.Window) (Operator, error) {
	return nil, pgerror.Unsupported("window function")
}
