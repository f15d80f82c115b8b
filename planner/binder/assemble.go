package binder

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// assemble makes the tree of a bound SELECT: FROM, WHERE, grouping, HAVING,
// windows, set-returning functions and projection, DISTINCT, ORDER BY, locks,
// LIMIT.
func (b *Binder) assemble(s *scope, sel *ast.Select, p *pending) (query, error) {
	if p.node == nil {
		p.node = &logical.Values{Rows: [][]expr.Expr{nil}}
	}
	if len(p.where) > 0 {
		p.node = &logical.Filter{Input: p.node, Conds: p.where}
	}
	if s.hasAggs && s.recursive {
		return query{}, pgerror.New(pgerror.InvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term").At(s.aggLoc)
	}
	if s.hasAggs || len(sel.GroupBy) > 0 || p.having != nil {
		if err := b.group(s, p); err != nil {
			return query{}, err
		}
	}
	if s.groupWindows {
		if err := ungroupedWindow(p); err != nil {
			return query{}, err
		}
	}
	p.dropGroupOnly()
	if s.hasWindows {
		if s.hasSRF {
			b.windowSets(s, p)
		}
		b.addWindows(p)
	}
	handles, err := b.lockTargets(s, sel, p)
	if err != nil {
		return query{}, err
	}
	proj := b.project(s, p)
	for _, h := range handles {
		proj.Items = append(proj.Items, logical.Item{ID: h.Handle, Expr: b.MD.Col(h.Handle)})
	}
	p.node = proj
	q := query{items: proj}
	junk := len(handles) > 0
	for i, t := range p.targets {
		if t.junk {
			junk = true
			continue
		}
		id := proj.Items[i].ID
		q.cols = append(q.cols, column{name: t.name, id: id, typ: t.expr.Type()})
		q.locs = append(q.locs, t.loc)
	}
	if sel.Distinct && p.distinctOn == nil {
		p.node = &logical.Distinct{Input: p.node}
	}
	b.sortAndLimit(p, proj, handles)
	if junk {
		items := make([]logical.Item, len(q.cols))
		for i, c := range q.cols {
			items[i] = logical.Item{ID: c.id, Expr: b.MD.Col(c.id)}
		}
		p.node = &logical.Project{Input: p.node, Items: items}
	}
	q.node = p.node
	return q, nil
}

// sortAndLimit adds DISTINCT ON, ORDER BY, FOR UPDATE and LIMIT.
func (b *Binder) sortAndLimit(p *pending, proj *logical.Project, handles []logical.LockRow) {
	var keys []expr.SortKey
	for _, it := range p.sort {
		k := it.key
		k.Expr = b.MD.Col(proj.Items[it.target].ID)
		keys = append(keys, k)
	}
	if p.distinctOn != nil {
		d := &logical.Distinct{}
		for _, t := range p.distinctOn {
			d.On = append(d.On, b.MD.Col(proj.Items[t].ID))
			sorted := false
			for _, it := range p.sort {
				sorted = sorted || it.target == t
			}
			if !sorted {
				keys = append(keys, expr.SortKey{Expr: b.MD.Col(proj.Items[t].ID)})
			}
		}
		d.Input = &logical.Sort{Input: p.node, Keys: keys}
		p.node = d
	} else if len(keys) > 0 {
		p.node = &logical.Sort{Input: p.node, Keys: keys}
	}
	if len(handles) > 0 {
		p.node = &logical.LockRows{Input: p.node, Rows: handles}
	}
	if p.hasLimit {
		l := p.limit
		l.Input, l.Keys = p.node, nil
		if l.WithTies {
			l.Keys = keys
		}
		p.node = &l
	}
}

// project makes the projection of all targets, with set-returning functions
// computed below it.
func (b *Binder) project(s *scope, p *pending) *logical.Project {
	if s.hasSRF {
		b.projectSets(s, p, false)
	}
	proj := &logical.Project{Input: p.node, Items: make([]logical.Item, len(p.targets))}
	var used logical.ColSet
	for i, t := range p.targets {
		proj.Items[i] = b.item(s, t, &used)
	}
	return proj
}

// item makes a projection's item: a column of this level is passed on under
// its id, once.
func (b *Binder) item(s *scope, t target, used *logical.ColSet) logical.Item {
	if c, ok := t.expr.(*expr.Column); ok && b.MD.Cols[c.ID].Depth == s.depth && !used.Has(c.ID) {
		used.Add(c.ID)
		return logical.Item{ID: c.ID, Expr: c}
	}
	info := logical.ColumnInfo{Name: t.name, Type: t.expr.Type(), Depth: s.depth, Fields: b.fieldColumns(t.expr)}
	if c, ok := t.expr.(*expr.Column); ok {
		src := b.MD.Cols[c.ID]
		info.Table, info.Num, info.Rel, info.Name = src.Table, src.Num, src.Rel, src.Name
	}
	return logical.Item{ID: b.MD.Add(info), Expr: t.expr}
}

// projectSets moves set-returning functions into ProjectSet nodes, those that
// are arguments of others first. All columns of the input are passed on, or
// those only that the targets use.
func (b *Binder) projectSets(s *scope, p *pending, all bool) {
	for {
		var calls []*logical.SetCall
		for _, t := range p.targets {
			logical.Walk(t.expr, func(x expr.Expr) bool {
				c, ok := x.(*logical.SetCall)
				if !ok {
					return true
				}
				for _, a := range c.Call.Args {
					if containsSet(a) {
						return true
					}
				}
				for _, have := range calls {
					if have == c {
						return false
					}
				}
				calls = append(calls, c)
				return false
			})
		}
		if len(calls) == 0 {
			return
		}
		ps := &logical.ProjectSet{Input: p.node}
		ids := map[*logical.SetCall]expr.ColumnID{}
		for _, c := range calls {
			name := c.Call.Fn.Name
			id := b.MD.Add(logical.ColumnInfo{Name: name, Type: c.Typ, Depth: s.depth, Fields: b.fieldColumns(c)})
			ids[c] = id
			ps.Items = append(ps.Items, logical.Item{ID: id, Expr: c})
		}
		var need logical.ColSet
		for i, t := range p.targets {
			p.targets[i].expr = replaceSets(t.expr, func(c *logical.SetCall) expr.Expr {
				if id, ok := ids[c]; ok {
					return b.MD.Col(id)
				}
				return nil
			})
			logical.ExprColumns(p.targets[i].expr, &need)
		}
		have := logical.OutputSet(p.node)
		need.Each(func(id expr.ColumnID) {
			if have.Has(id) && !all {
				ps.Items = append(ps.Items, logical.Item{ID: id, Expr: b.MD.Col(id)})
			}
		})
		if all {
			have.Each(func(id expr.ColumnID) { ps.Items = append(ps.Items, logical.Item{ID: id, Expr: b.MD.Col(id)}) })
		}
		p.node = ps
	}
}

// groupSets computes set-returning functions of GROUP BY below the aggregate.
func (b *Binder) groupSets(s *scope, p *pending) {
	for i := range p.groups {
		key := p.groups[i].expr
		if !containsSet(key) {
			continue
		}
		below := &pending{node: p.node, targets: []target{{expr: key}}}
		b.projectSets(s, below, true)
		p.node, p.groups[i].expr = below.node, below.targets[0].expr
		for k := range p.targets {
			p.targets[k].expr = replaceEqual(p.targets[k].expr, key, p.groups[i].expr)
		}
	}
}

// windowSets computes set-returning functions of PARTITION BY and ORDER BY of
// windows below these.
func (b *Binder) windowSets(s *scope, p *pending) {
	var keys []expr.Expr
	for _, t := range p.targets {
		logical.Walk(t.expr, func(x expr.Expr) bool {
			w, ok := x.(*logical.WindowCall)
			if !ok || w.Spec == nil {
				return true
			}
			keys = append(keys, w.Spec.Partition...)
			for _, k := range w.Spec.Order {
				keys = append(keys, k.Expr)
			}
			return true
		})
	}
	for _, key := range keys {
		if !containsSet(key) {
			continue
		}
		below := &pending{node: p.node, targets: []target{{expr: key}}}
		b.projectSets(s, below, true)
		p.node = below.node
		for k := range p.targets {
			p.targets[k].expr = replaceEqual(p.targets[k].expr, key, below.targets[0].expr)
		}
	}
}

func replaceEqual(e, from, to expr.Expr) expr.Expr {
	if logical.Equal(e, from) {
		return to
	}
	return logical.MapChildren(e, func(x expr.Expr) expr.Expr { return replaceEqual(x, from, to) })
}

func replaceSets(e expr.Expr, f func(*logical.SetCall) expr.Expr) expr.Expr {
	if c, ok := e.(*logical.SetCall); ok {
		if r := f(c); r != nil {
			return r
		}
	}
	return logical.MapChildren(e, func(x expr.Expr) expr.Expr { return replaceSets(x, f) })
}

// lockTargets resolves FOR UPDATE to the handles of the tables it locks.
func (b *Binder) lockTargets(s *scope, sel *ast.Select, p *pending) ([]logical.LockRow, error) {
	if len(sel.Locking) == 0 {
		return nil, nil
	}
	what := ""
	switch {
	case sel.Distinct || sel.DistinctOn != nil:
		what = "DISTINCT clause"
	case len(sel.GroupBy) > 0:
		what = "GROUP BY clause"
	case p.having != nil:
		what = "HAVING clause"
	case s.hasAggs:
		what = "aggregate functions"
	case s.hasWindows:
		what = "window functions"
	case s.hasSRF:
		what = "set-returning functions in the target list"
	}
	if what != "" {
		return nil, pgerror.New(pgerror.FeatureNotSupported, "%s is not allowed with %s", lockName(sel.Locking[0].Strength), what)
	}
	nullable := map[*logical.Scan]bool{}
	markNullable(p.node, false, nullable)
	var out []logical.LockRow
	for _, l := range sel.Locking {
		var items []*nsItem
		if len(l.Tables) == 0 {
			items = s.all
			for _, it := range items {
				if it.derived != nil && readsStored(it.derived) {
					return nil, pgerror.Unsupported("%s of a subquery or view", lockName(l.Strength))
				}
			}
		}
		for _, r := range l.Tables {
			var found *nsItem
			for _, it := range s.all {
				if it.alias == r.Name {
					found = it
				}
			}
			if found == nil {
				return nil, at(r, pgerror.UndefinedTable, "relation %q in %s clause not found in FROM clause", r.Name, lockName(l.Strength))
			}
			if found.isJoin || found.kind != "" {
				kind := found.kind
				if found.isJoin {
					kind = "a join"
				}
				return nil, at(r, pgerror.FeatureNotSupported, "%s cannot be applied to %s", lockName(l.Strength), kind)
			}
			if found.scan == nil {
				return nil, pgerror.Unsupported("%s of a subquery, view or function", lockName(l.Strength)).At(r.Loc())
			}
			items = append(items, found)
		}
		for _, it := range items {
			if it.scan != nil && it.table.Kind == 'S' {
				return nil, pgerror.New(pgerror.WrongObjectType, "cannot lock rows in sequence %q", it.table.Name)
			}
			if it.scan == nil || it.table.Kind != 'r' && it.table.Kind != 'm' {
				continue
			}
			if nullable[it.scan] {
				return nil, pgerror.New(pgerror.FeatureNotSupported, "%s cannot be applied to the nullable side of an outer join", lockName(l.Strength))
			}
			out = b.addLock(out, it, l)
		}
	}
	b.locks = b.locks || len(out) > 0
	return out, nil
}

// readsStored reports whether a tree reads rows that could be locked.
func readsStored(n logical.Node) bool {
	if s, ok := n.(*logical.Scan); ok {
		return s.Table.Virtual == nil
	}
	found := false
	logical.VisitInputs(n, func(c *logical.Node) { found = found || readsStored(*c) })
	return found
}

func (b *Binder) addLock(out []logical.LockRow, it *nsItem, l *ast.Locking) []logical.LockRow {
	strength := lockStrengths[l.Strength]
	noWait, skip := l.Wait == ast.LockNoWait, l.Wait == ast.LockSkip
	for i := range out {
		if out[i].Handle == it.scan.Handle && it.scan.Handle != 0 {
			// The stronger lock and the more impatient wait win.
			out[i].Locking.Strength = max(out[i].Locking.Strength, strength)
			out[i].Locking.NoWait = out[i].Locking.NoWait || noWait
			out[i].Locking.SkipLocked = (out[i].Locking.SkipLocked || skip) && !out[i].Locking.NoWait
			return out
		}
	}
	if it.scan.Handle == 0 {
		it.scan.Handle = b.handleColumn(it.alias)
	}
	row := logical.LockRow{Table: it.table, Handle: it.scan.Handle}
	row.Locking.Strength, row.Locking.NoWait, row.Locking.SkipLocked = strength, noWait, skip
	return append(out, row)
}

// markNullable finds the scans below the nullable sides of outer joins.
func markNullable(n logical.Node, nullable bool, out map[*logical.Scan]bool) {
	switch n := n.(type) {
	case *logical.Scan:
		out[n] = nullable
	case *logical.Filter:
		markNullable(n.Input, nullable, out)
	case *logical.Join:
		full := n.Type == fullJoin
		markNullable(n.Left, nullable || full, out)
		markNullable(n.Right, nullable || full || n.Type == leftJoin, out)
	}
}

// dropGroupOnly takes the targets away that only GROUP BY needed: DISTINCT
// must not see them.
func (p *pending) dropGroupOnly() {
	at := make([]int, len(p.targets))
	kept := p.targets[:0]
	for i, t := range p.targets {
		at[i] = len(kept)
		if !t.group {
			kept = append(kept, t)
		}
	}
	if len(kept) == len(p.targets) {
		return
	}
	p.targets = kept
	for i := range p.sort {
		p.sort[i].target = at[p.sort[i].target]
	}
	for i := range p.distinctOn {
		p.distinctOn[i] = at[p.distinctOn[i]]
	}
}
