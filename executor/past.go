package executor

import (
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// ModifiesInWith reports whether a plan has data-modifying WITH items.
func ModifiesInWith(n plan.Node) bool {
	for {
		c, ok := n.(*plan.CTE)
		if !ok {
			return false
		}
		if c.Modifying {
			return true
		}
		n = c.Body
	}
}

// SeeBefore makes all parts of the statement read what was before sp.
func (e *Env) SeeBefore(sp kv.Savepoint) error {
	if _, ok := e.Txn.(kv.PastReader); !ok {
		return pgerror.Unsupported("data-modifying WITH on this storage")
	}
	e.Since = &sp
	return nil
}

// reader is what scans read: the transaction, or its state before the statement.
func (e *Env) reader() kv.Reader {
	if e.Since == nil {
		return e.Txn
	}
	return e.Txn.(kv.PastReader).Before(*e.Since)
}

// changedHere reports whether another part of the statement wrote the key.
func (e *Env) changedHere(key kv.Key) bool {
	return e.Since != nil && e.Txn.(kv.PastReader).WrittenSince(*e.Since, key)
}
