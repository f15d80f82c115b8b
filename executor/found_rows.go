package executor

import (
	"context"
	"errors"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// foundRows are the rows that an UPDATE or DELETE of one table found in its
// snapshot, of which one turned out to have a newer version. The statement runs
// again, as all do at READ COMMITTED, but writes none but these: rows that have
// come, or match only now, are not its own (PostgreSQL section 13.2.1, and
// EvalPlanQual in its executor/README).
//
//  1. The first run meets the conflict, reads on to the end of its snapshot, and
//     leaves what it found in Env.found.
//  2. Session takes the statement back, keeps its locks and refreshes the snapshot.
//  3. The next run leaves out all other rows. Rows of the first run that it does not
//     find do not match any more.
//
// A statement with joins or subqueries runs again on the new snapshot as a whole:
// its other rows would have to be those of the old one. So does one of which a row
// is gone, where a row may have another primary key than before: rows have no
// names of their own, so that nobody knows whether that one was deleted.
type foundRows struct {
	keys map[string]bool // true: found again
	left int             // how many were not yet found again
	held reservation
}

// foundRowBytes is counted for each key beside its bytes.
const foundRowBytes = 64

func newFoundRows(env *Env) *foundRows {
	return &foundRows{keys: map[string]bool{}, held: reservation{env: env}}
}

func (f *foundRows) add(keys ...kv.Key) error {
	size := f.held.held
	for _, key := range keys {
		f.keys[string(key)] = false
		size += int64(len(key)) + foundRowBytes
	}
	f.left = len(f.keys)
	return f.held.set(size)
}

// runAgain begins another run.
func (f *foundRows) runAgain() {
	if f == nil || f.left == len(f.keys) {
		return
	}
	f.left = len(f.keys)
	for key := range f.keys {
		f.keys[key] = false
	}
}

// leaveFound notes the rows of a run that met a conflict for the next one.
func (e *Env) leaveFound(keys []kv.Key) error {
	f := newFoundRows(e)
	if err := f.add(keys...); err != nil {
		return err
	}
	e.found = f
	return nil
}

// mayWrite reports whether a row that was found is the statement's: always in
// its first run.
func (e *Env) mayWrite(key kv.Key) bool {
	if e.found == nil {
		return true
	}
	again, ok := e.found.keys[string(key)]
	if ok && !again {
		e.found.keys[string(key)] = true
		e.found.left--
	}
	return ok
}

// foundAll ends a run whose rows are locked. It fails with kv.ErrWriteConflict if
// one of those of the first run is gone and may have become another one.
func (e *Env) foundAll(ctx context.Context, t *catalog.Table) error {
	f := e.found
	if f == nil {
		return nil
	}
	if !t.Clustered || f.left == 0 {
		e.forgetFound()
		return nil
	}
	var missing []kv.Key
	for key, again := range f.keys {
		if !again {
			missing = append(missing, kv.Key(key))
		}
	}
	there := 0
	for from := 0; from < len(missing); from += BatchRows {
		batch := missing[from:min(from+BatchRows, len(missing))]
		if err := e.Txn.GetMany(ctx, batch, func(int, []byte) error {
			there++
			return nil
		}); err != nil {
			return err
		}
	}
	e.forgetFound()
	if there < len(missing) {
		return kv.ErrWriteConflict
	}
	return nil
}

func (e *Env) forgetFound() {
	if e.found != nil {
		e.found.held.close()
		e.found = nil
	}
}

// isConflict reports whether err makes a statement run again that has not yet.
func (e *Env) isConflict(err error) bool {
	return e.ReadCommitted && e.found == nil && errors.Is(err, kv.ErrWriteConflict)
}

// writesFound reports whether the statement is an UPDATE or DELETE whose rows
// depend on nothing but themselves.
func (r *run) writesFound(n, input plan.Node, t *catalog.Table) bool {
	if r.top != n || r.env.Since != nil || t.TimeSeries != nil {
		return false
	}
	var es []expr.Expr
	switch n := n.(type) {
	case *plan.Update:
		es = append(es, n.Returning...)
		for _, a := range n.Assignments {
			es = append(es, a.Value)
		}
	case *plan.Delete:
		es = n.Returning
	}
	return !hasSubplan(es) && isPlain(input)
}

// isPlain reports whether a plan reads one table, without subqueries.
func isPlain(n plan.Node) bool {
	switch n.(type) {
	case *plan.Scan, *plan.IndexUnion, *plan.Project, *plan.Filter, *plan.Gather:
	default:
		return false
	}
	if es, _ := plan.Exprs(n); hasSubplan(es) {
		return false
	}
	for _, in := range n.Inputs() {
		if !isPlain(in) {
			return false
		}
	}
	return true
}
