package planner

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/binder"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/physical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// foreignKeys adds to the writes of a plan what they do to referencing rows.
//
// Action plans are shared: a cycle of foreign keys (a table that references
// itself) makes a cycle of plan nodes, which executors must follow only when an
// action is run.
type foreignKeys struct {
	cat  *catalog.Snapshot
	b    *binder.Binder
	pb   *physical.Builder
	made map[actionKey]*plan.ForeignKeyAction
}

type actionKey struct {
	key    *catalog.ForeignKey
	update bool
}

// fill visits a plan's writes.
func (f *foreignKeys) fill(n plan.Node) error {
	switch n := n.(type) {
	case *plan.Insert:
		if n.Conflict != nil && n.Conflict.Update != nil {
			if err := f.actions(n.Table, &n.Rows, assigned(n.Conflict.Update), false); err != nil {
				return err
			}
		}
	case *plan.Update:
		if err := f.actions(n.Table, &n.Rows, assigned(n.Assignments), false); err != nil {
			return err
		}
	case *plan.Delete:
		if err := f.actions(n.Table, &n.Rows, nil, true); err != nil {
			return err
		}
	case *plan.Merge:
		for _, a := range n.Actions {
			if err := f.fill(a.Write); err != nil {
				return err
			}
		}
	case nil: // the input of a merge's action
		return nil
	}
	for _, c := range n.Inputs() {
		if err := f.fill(c); err != nil {
			return err
		}
	}
	return nil
}

func assigned(list []plan.Assignment) map[int]bool {
	out := make(map[int]bool, len(list))
	for _, a := range list {
		out[a.Column] = true
	}
	return out
}

// actions makes the actions of the foreign keys that reference t.
func (f *foreignKeys) actions(t *catalog.Table, rows *plan.RowChecks, set map[int]bool, del bool) error {
	for i, id := range t.ReferencedBy {
		ref := f.cat.TableByID(id)
		if ref == nil || contains(t.ReferencedBy[:i], id) {
			continue
		}
		for k := range ref.ForeignKeys {
			fk := &ref.ForeignKeys[k]
			if fk.RefTable != t.ID || !del && !touches(fk.RefColumns, set) {
				continue
			}
			a, err := f.action(t, ref, fk, !del)
			if err != nil {
				return err
			}
			rows.Referencing = append(rows.Referencing, *a)
		}
	}
	return nil
}

func contains(list []catalog.OID, id catalog.OID) bool {
	for _, x := range list {
		if x == id {
			return true
		}
	}
	return false
}

func touches(nums []int16, set map[int]bool) bool {
	for _, n := range nums {
		if set[int(n-1)] {
			return true
		}
	}
	return false
}

// action plans what one foreign key does when the referenced row changes.
func (f *foreignKeys) action(t, ref *catalog.Table, fk *catalog.ForeignKey, update bool) (*plan.ForeignKeyAction, error) {
	if a := f.made[actionKey{fk, update}]; a != nil {
		return a, nil
	}
	a := &plan.ForeignKeyAction{Key: fk, Table: ref}
	if f.made == nil {
		f.made = map[actionKey]*plan.ForeignKeyAction{}
	}
	f.made[actionKey{fk, update}] = a
	slots := func() (params []expr.Expr, list []int) {
		for _, n := range fk.RefColumns {
			c := &t.Columns[n-1]
			params = append(params, &expr.ExecParam{Slot: f.pb.Slots, Name: c.Name, Typ: c.Type})
			list = append(list, f.pb.Slots)
			f.pb.Slots++
		}
		return params, list
	}
	old, keySlots := slots()
	a.KeySlots = keySlots
	scan := f.b.TableScan(ref)
	cond, err := f.b.KeyCondition(scan, fk.Columns, old)
	if err != nil {
		return nil, err
	}
	scan.Filter = cond
	act := fk.OnDelete
	if update {
		act = fk.OnUpdate
	}
	switch {
	case act == catalog.FKCascade && !update:
		rows, err := f.b.RowChecks(ref)
		if err != nil {
			return nil, err
		}
		a.OnDelete = f.pb.Root(&logical.Delete{Table: ref, Input: scan, First: scan.First, Handle: scan.Handle, Rows: rows}, nil, nil)
		return a, f.nested(a.OnDelete)
	case act == catalog.FKNoAction || act == catalog.FKRestrict || act == 0:
		a.Probe = f.pb.Root(scan, []expr.ColumnID{scan.Handle}, nil)
		return a, nil
	}
	var fresh []expr.Expr
	if update {
		fresh, a.NewSlots = slots()
	}
	node, err := f.setColumns(ref, fk, scan, act, fresh)
	if err != nil {
		return nil, err
	}
	if update {
		a.OnUpdate = node
	} else {
		a.OnDelete = node
	}
	return a, f.nested(node)
}

// nested fills the action plan's own write in; its node stands at the root.
func (f *foreignKeys) nested(n plan.Node) error { return f.fill(n) }

// setColumns is SET NULL, SET DEFAULT, and CASCADE of an update.
func (f *foreignKeys) setColumns(ref *catalog.Table, fk *catalog.ForeignKey, scan *logical.Scan, act catalog.FKAction, fresh []expr.Expr) (plan.Node, error) {
	var set []logical.Assign
	for i, n := range fk.Columns {
		c := &ref.Columns[n-1]
		var v expr.Expr
		var err error
		switch act {
		case catalog.FKCascade:
			v, err = f.b.Convert(fresh[i], c)
		case catalog.FKSetDefault:
			if !wantsSet(fk, n) {
				continue
			}
			v, err = f.b.DefaultFor(c)
		default:
			if !wantsSet(fk, n) {
				continue
			}
			v = &expr.Const{Typ: c.Type}
		}
		if err != nil {
			return nil, err
		}
		set = append(set, logical.Assign{Column: int(n - 1), Value: v})
	}
	set, err := f.b.WithGenerated(ref, scan.First, set)
	if err != nil {
		return nil, err
	}
	rows, err := f.b.RowChecks(ref)
	if err != nil {
		return nil, err
	}
	up := &logical.Update{Table: ref, Input: scan, First: scan.First, Handle: scan.Handle, Assignments: set, Rows: rows}
	return f.pb.Root(up, nil, nil), nil
}

// wantsSet reports whether ON DELETE SET NULL (columns) names a column.
func wantsSet(fk *catalog.ForeignKey, num int16) bool {
	if len(fk.SetColumns) == 0 {
		return true
	}
	for _, n := range fk.SetColumns {
		if n == num {
			return true
		}
	}
	return false
}
