package binder

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// cteState is where the binding of a CTE stands.
type cteState uint8

const (
	cteNew cteState = iota
	cteInitial
	cteStep
	cteDone
)

// cteEntry is a CTE that names can refer to.
type cteEntry struct {
	node  *ast.CTE
	scope *scope
	state cteState
	self  bool // WITH RECURSIVE: refers to itself
	def   *logical.CTE
	cols  []column
	// steps are the references of the recursive term to its working table: one that is
	// written, and each copy of it in items that are not materialized.
	steps int
	trail *trail
}

// bindWith binds a WITH clause; the entries stay visible in s.
func (b *Binder) bindWith(s *scope, w *ast.With, top bool) ([]*logical.CTE, error) {
	if w == nil {
		return nil, nil
	}
	entries := make([]*cteEntry, len(w.CTEs))
	for i, c := range w.CTEs {
		for _, o := range w.CTEs[:i] {
			if o.Name == c.Name {
				return nil, at(c, pgerror.DuplicateAlias, "WITH query name %q specified more than once", c.Name)
			}
		}
		if _, ok := c.Stmt.(*ast.Select); !ok && !top {
			return nil, at(c, pgerror.FeatureNotSupported, "WITH clause containing a data-modifying statement must be at the top level")
		}
		entries[i] = &cteEntry{node: c, scope: s}
		if w.Recursive {
			s.ctes = append(s.ctes, entries[i])
		}
	}
	if w.Recursive {
		if err := checkRecursion(entries); err != nil {
			return nil, err
		}
	}
	var defs []*logical.CTE
	if !w.Recursive {
		for _, c := range w.CTEs {
			s.future = append(s.future, c.Name)
		}
	}
	for _, e := range entries {
		if err := b.bindCTE(e); err != nil {
			return nil, err
		}
		if !w.Recursive {
			s.ctes, s.future = append(s.ctes, e), s.future[1:]
		}
	}
	// In order of dependency: those that others read come first.
	for _, e := range entries {
		defs = append(defs, e.def)
	}
	if w.Recursive {
		sortByUse(defs)
	}
	return defs, nil
}

// sortByUse moves definitions behind those they read (ids count bindings).
func sortByUse(defs []*logical.CTE) {
	for i := 1; i < len(defs); i++ {
		for k := i; k > 0 && defs[k].ID < defs[k-1].ID; k-- {
			defs[k], defs[k-1] = defs[k-1], defs[k]
		}
	}
}

func findCTE(s *scope, name string) *cteEntry {
	for q := s; q != nil; q = q.parent {
		for i := len(q.ctes) - 1; i >= 0; i-- {
			if q.ctes[i].node.Name == name {
				return q.ctes[i]
			}
		}
	}
	return nil
}

// bindCTE binds the query of a CTE once.
func (b *Binder) bindCTE(e *cteEntry) error {
	if e.state == cteDone {
		return nil
	}
	if e.state != cteNew {
		return at(e.node, pgerror.FeatureNotSupported, "mutual recursion between WITH items is not implemented")
	}
	e.def = &logical.CTE{Name: e.node.Name, Always: e.node.Materialize == ast.MaterializeAlways}
	e.state = cteInitial
	var q query
	var err error
	if e.trail, err = b.newTrail(e); err != nil {
		return err
	}
	switch st := e.node.Stmt.(type) {
	case *ast.Select:
		if e.self {
			q, err = b.bindRecursive(e, st)
		} else {
			q, err = b.bindSelect(e.scope, st, nil)
		}
	case *ast.Insert:
		e.def.Modifying = true
		q, err = b.bindInsert(e.scope.child(), st)
	case *ast.Update:
		e.def.Modifying = true
		q, err = b.bindUpdate(e.scope.child(), st)
	case *ast.Delete:
		e.def.Modifying = true
		q, err = b.bindDelete(e.scope.child(), st)
	case *ast.Merge:
		err = at(e.node, pgerror.FeatureNotSupported, "MERGE not supported in WITH query")
	default:
		err = pgerror.Unsupported("this statement in WITH").At(e.node.Loc())
	}
	if err != nil {
		return err
	}
	if e.trail != nil && !e.def.Recursive {
		return at(e.node, pgerror.SyntaxError, "WITH query is not recursive")
	}
	e.state = cteDone
	b.nextCTE++
	if e.def.ID == 0 {
		e.def.ID = b.nextCTE
	}
	e.def.Plan, e.def.Cols = q.node, q.ids()
	if e.cols == nil {
		e.cols = q.cols
	}
	return e.nameColumns()
}

func (e *cteEntry) nameColumns() error {
	if len(e.node.Columns) > len(e.cols) {
		return at(e.node, pgerror.InvalidColumnReference, "WITH query %q has %d columns available but %d columns specified", e.node.Name, len(e.cols), len(e.node.Columns))
	}
	for i, n := range e.node.Columns {
		e.cols[i].name = n
	}
	return nil
}

// bindRecursive binds a WITH RECURSIVE query of the form initial UNION step.
func (b *Binder) bindRecursive(e *cteEntry, sel *ast.Select) (query, error) {
	s := e.scope.child()
	ctes, err := b.bindWith(s, sel.With, false)
	if err != nil {
		return query{}, err
	}
	initial, err := b.bindSelect(s, sel.Left, nil)
	if err != nil {
		return query{}, err
	}
	b.nextCTE++
	e.def.ID = b.nextCTE
	e.cols = append([]column(nil), initial.cols...)
	if err := e.nameColumns(); err != nil {
		return query{}, err
	}
	own := e.cols
	var added []column
	if e.trail != nil && setOpLeaf(sel.Right) {
		e.trail.arms = s
		added = e.trail.columns(b, s)
		e.cols = append(own[:len(own):len(own)], added...)
	}
	e.state = cteStep
	step, err := b.setOpArm(s, sel.Right)
	if err != nil {
		return query{}, err
	}
	if e.steps == 0 {
		return b.combine(s, sel, initial, step)
	}
	if e.trail != nil && e.trail.from == nil {
		added = nil
	}
	if len(step.cols)-len(added) != len(initial.cols) {
		return query{}, pgerror.New(pgerror.SyntaxError, "each UNION query must have the same number of columns").At(step.loc(0))
	}
	to := make([]types.Type, len(initial.cols))
	for i, c := range initial.cols {
		to[i] = c.typ
		st := step.colType(b, i)
		common, err := b.commonOf([]types.Type{to[i], st}, []int{initial.loc(i), step.loc(i)}, "UNION")
		if err != nil {
			return query{}, err
		}
		if common.OID == st.OID && st.Mod == to[i].Mod {
			common.Mod = st.Mod
		}
		if common != to[i] {
			return query{}, pgerror.New(pgerror.DatatypeMismatch, "recursive query %q column %d has type %s in non-recursive term but type %s overall",
				e.node.Name, i+1, b.typeNameMod(to[i]), b.typeNameMod(common)).
				WithHint("Cast the output of the non-recursive term to the correct type.").At(initial.loc(i))
		}
	}
	if e.trail != nil {
		if err := e.trail.check(e, sel, own); err != nil {
			return query{}, err
		}
	}
	for _, c := range added {
		to = append(to, c.typ)
	}
	if err := b.castQuery(&step, to, "UNION"); err != nil {
		return query{}, err
	}
	if e.trail != nil {
		e.trail.start(b, &initial, own, added)
		if err := e.trail.step(b, &step, own, added); err != nil {
			return query{}, err
		}
	}
	out := query{}
	u := &logical.RecursiveUnion{ID: e.def.ID, Initial: initial.node, Step: step.node, InitialCols: initial.ids(), StepCols: step.ids(), All: sel.All}
	for i, c := range e.cols {
		if !sel.All {
			if err := b.groupable(c.typ, initial.loc(i)); err != nil {
				return query{}, err
			}
		}
		id := b.MD.Add(logical.ColumnInfo{Name: c.name, Type: c.typ, Depth: s.depth})
		u.Cols = append(u.Cols, id)
		out.cols = append(out.cols, column{name: c.name, id: id, typ: c.typ, added: c.added})
	}
	e.def.Recursive = true
	e.cols = out.cols
	out.node = u
	if len(ctes) > 0 {
		out.node = &logical.With{CTEs: ctes, Body: u}
	}
	return out, nil
}

// bindCTERef is a reference to a CTE in FROM.
func (b *Binder) bindCTERef(s *scope, e *cteEntry, r *ast.RangeVar) (logical.Node, *nsItem, error) {
	name := r.Name
	if r.Alias != nil {
		name = r.Alias.Name
	}
	ref := &logical.CTERef{Alias: name}
	switch e.state {
	case cteNew:
		if err := b.bindCTE(e); err != nil {
			return nil, nil, err
		}
	case cteInitial:
		if sel, ok := e.node.Stmt.(*ast.Select); ok && sel.Op != ast.SetOpUnion {
			return nil, nil, at(e.node, pgerror.InvalidRecursion, "recursive query %q does not have the form non-recursive-term UNION [ALL] recursive-term", r.Name)
		}
		return nil, nil, at(r, pgerror.InvalidRecursion, "recursive reference to query %q must not appear within its non-recursive term", r.Name)
	case cteStep:
		e.steps++
		ref.Working, s.recursive = true, true
	}
	if !ref.Working {
		if e.node.Materialize == ast.MaterializeNever && e.def.Refs > 0 && !e.def.Modifying && !e.def.Recursive {
			// NOT MATERIALIZED with several references: each gets its own copy.
			q, err := b.bindSelect(e.scope, e.node.Stmt.(*ast.Select), nil)
			if err != nil {
				return nil, nil, err
			}
			for i := range q.cols {
				q.cols[i].name = e.cols[i].name
			}
			item := b.newItem(s, name, q.cols)
			return q.node, item, rename(item, r.Alias, r.Loc())
		}
		e.def.Refs++
	}
	if e.def.Modifying && len(e.cols) == 0 {
		return nil, nil, at(r, pgerror.FeatureNotSupported, "WITH query %q does not have a RETURNING clause", r.Name)
	}
	ref.Def = e.def
	cols := make([]column, len(e.cols))
	ref.Cols = make([]expr.ColumnID, len(e.cols))
	for i, c := range e.cols {
		src := b.MD.Cols[c.id]
		ref.Cols[i] = b.MD.Add(logical.ColumnInfo{Name: c.name, Rel: name, Type: c.typ, Table: src.Table, Num: src.Num, Fields: src.Fields})
		cols[i] = column{name: c.name, id: ref.Cols[i], typ: c.typ, added: c.added && s != e.scope}
	}
	if ref.Working && e.trail != nil && s.parent == e.trail.arms {
		s.trail = e.trail
		e.trail.from = cols[len(cols)-e.trail.width():]
	}
	item := b.newItem(s, name, cols)
	item.kind = "a WITH query"
	if e.trail != nil { // an alias cannot rename what SEARCH and CYCLE add
		item.cols = cols[:len(cols)-e.trail.width()]
		defer func() { item.cols = cols }()
	}
	return ref, item, rename(item, r.Alias, r.Loc())
}
