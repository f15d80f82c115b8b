package executor

import (
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// The operators below follow in files of their own.

func (r *run) newWindow(*plan.Window) (Operator, error) {
	return nil, pgerror.Unsupported("window function")
}

func (r *run) newInsert(*plan.Insert) (Operator, error) { return nil, pgerror.Unsupported("INSERT") }

func (r *run) newUpdate(*plan.Update) (Operator, error) { return nil, pgerror.Unsupported("UPDATE") }

func (r *run) newDelete(*plan.Delete) (Operator, error) { return nil, pgerror.Unsupported("DELETE") }
