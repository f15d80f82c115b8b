package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// A view's query is kept as text. PostgreSQL keeps trees with OIDs in them; here
// every name of a relation or type is qualified, every star is spelled out, and
// when something is renamed the text is edited: relations get their new name
// and an alias by which the rest of the text knows them and their columns.

// edit replaces text[from:to].
type edit struct {
	from, to int
	text     string
}

func applyEdits(text string, edits []edit) string {
	slices.SortFunc(edits, func(a, b edit) int { return b.from - a.from })
	for _, e := range edits {
		text = text[:e.from] + e.text + text[e.to:]
	}
	return text
}

// query is a stored query's text with what its names stand for.
type tracedQuery struct {
	text  string
	stmt  *ast.Select
	trace planner.Trace
	deps  []catalog.OID
}

// traceQuery binds a query's text over a snapshot.
func traceQuery(ctx context.Context, env *Env, snap *catalog.Snapshot, path []string, text string) (*tracedQuery, error) {
	stmts, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	sel, ok := stmts[0].Stmt.(*ast.Select)
	if !ok {
		return nil, pgerror.New(pgerror.InternalError, "a stored query is no SELECT")
	}
	return traceWith(ctx, optionsOver(env, snap, path), text, sel)
}

// traceWith binds a query's text and notes what its names stand for.
func traceWith(ctx context.Context, opts planner.Options, text string, sel *ast.Select) (*tracedQuery, error) {
	snap := opts.Catalog
	q := &tracedQuery{text: text, stmt: sel}
	opts.Trace = &q.trace
	_, deps, err := planner.ViewColumns(ctx, sel, opts)
	if err != nil {
		return nil, err
	}
	if len(q.trace.Calls) > 0 {
		var edits []edit
		for at, call := range q.trace.Calls {
			edits = append(edits, edit{at, parser.CallEnd(text, at), call})
		}
		text = applyEdits(text, edits)
		stmts, err := parser.Parse(text)
		if err != nil {
			return nil, err
		}
		return traceWith(ctx, opts, text, stmts[0].Stmt.(*ast.Select))
	}
	for _, d := range deps {
		q.deps = append(q.deps, d.ID)
	}
	for _, id := range q.trace.Types {
		if t, _ := snap.TypeOrRow(id); t != nil && !slices.Contains(q.deps, t.ID) {
			q.deps = append(q.deps, t.ID)
		}
	}
	return q, nil
}

// optionsOver are the options for binding over another snapshot, under a path
// if it is not nil.
func optionsOver(env *Env, snap *catalog.Snapshot, path []string) planner.Options {
	opts := env.PlanOptions()
	opts.Catalog = snap
	if path != nil {
		opts.SearchPath = path
	}
	tio := types.IO{}
	if opts.IO != nil {
		tio = *opts.IO
	}
	tio.Resolve = &catalog.RegResolver{Snapshot: snap, Path: opts.SearchPath}
	opts.IO = &tio
	return opts
}

// direct lists the relations and types that the query names itself, not those
// reached only through other views: PostgreSQL depends on no others.
func (q *tracedQuery) direct() []catalog.OID {
	var out []catalog.OID
	add := func(id catalog.OID) {
		if id >= firstUserOID && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, t := range q.trace.Tables {
		add(t.ID)
	}
	for _, f := range q.trace.Functions {
		add(f.ID)
	}
	for _, id := range q.deps {
		for _, typ := range q.trace.Types {
			if id == typ {
				add(id)
			}
		}
	}
	slices.Sort(out)
	return out
}

// columns lists the columns read, in order.
func (q *tracedQuery) columns() []catalog.ColumnRef {
	var out []catalog.ColumnRef
	direct := q.direct()
	for c := range q.trace.Columns {
		if slices.Contains(direct, c.Relation) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b catalog.ColumnRef) int {
		if a.Relation != b.Relation {
			return int(a.Relation) - int(b.Relation)
		}
		return int(a.Column) - int(b.Column)
	})
	return out
}

// rendered is the text with the names that its objects have in snap.
func (q *tracedQuery) rendered(snap *catalog.Snapshot) string {
	var edits []edit
	for at, old := range q.trace.Tables {
		now := snap.TableByID(old.ID)
		if now == nil {
			continue
		}
		edits = append(edits, q.relation(at, old, now, snap))
	}
	for at, oid := range q.trace.Types {
		end := nameEnd(q.text, at)
		typ, isArray := snap.TypeOrRow(oid)
		if typ == nil || end == at {
			continue
		}
		_ = isArray // the brackets are behind the name
		sch := snap.SchemaByID(typ.Schema)
		edits = append(edits, edit{at, end, catalog.QuoteIdent(sch.Name) + "." + catalog.QuoteIdent(typ.Name)})
	}
	for at, f := range q.trace.Functions {
		now, end := snap.Function(f.ID), nameEnd(q.text, at)
		if now == nil || end == at {
			continue
		}
		edits = append(edits, edit{at, end, catalog.QuoteIdent(snap.SchemaByID(now.Schema).Name) + "." + catalog.QuoteIdent(now.Name)})
	}
	for at, cols := range q.trace.Stars {
		var list []string
		for _, c := range cols {
			name := catalog.QuoteIdent(c.Column)
			if c.Relation != "" {
				name = catalog.QuoteIdent(c.Relation) + "." + name
			}
			list = append(list, name)
		}
		edits = append(edits, edit{at, starEnd(q.text, at), strings.Join(list, ", ")})
	}
	return applyEdits(q.text, edits)
}

// relation is the edit of a relation in FROM and its alias.
func (q *tracedQuery) relation(at int, old, now *catalog.Table, snap *catalog.Snapshot) edit {
	end := nameEnd(q.text, at)
	alias, names, aliasEnd := readAlias(q.text, end)
	visible := map[int16]string{}
	i := 0
	for k := range old.Columns {
		c := &old.Columns[k]
		if c.Dropped {
			continue
		}
		visible[c.Num] = c.Name
		if i < len(names) {
			visible[c.Num] = names[i]
		}
		i++
	}
	var list []string
	last := 0
	for k := range now.Columns {
		c := &now.Columns[k]
		if c.Dropped {
			continue
		}
		name, ok := visible[c.Num]
		if !ok {
			name = q.unusedName(c.Name, visible)
		}
		list = append(list, catalog.QuoteIdent(name))
		if name != c.Name {
			last = len(list)
		}
	}
	text := qualifiedText(snap, now)
	if alias == "" && (old.Name != now.Name || last > 0) {
		alias = old.Name
	}
	if alias != "" {
		text += " " + catalog.QuoteIdent(alias)
		if last > 0 {
			text += "(" + strings.Join(list[:last], ", ") + ")"
		}
	}
	return edit{at, aliasEnd, text}
}

// unusedName is how a column that came later is called in the query, so that it
// does not get into the way of the names used there.
func (q *tracedQuery) unusedName(name string, visible map[int16]string) string {
	taken := func(n string) bool {
		for _, v := range visible {
			if v == n {
				return true
			}
		}
		return strings.Contains(q.text, n)
	}
	if !taken(name) {
		return name
	}
	return chooseName(name, "", "1", taken)
}

func qualifiedText(snap *catalog.Snapshot, t *catalog.Table) string {
	if sch := snap.SchemaByID(t.Schema); sch != nil {
		return catalog.QuoteIdent(sch.Name) + "." + catalog.QuoteIdent(t.Name)
	}
	return catalog.QuoteIdent(t.Name)
}

// renameEverywhere edits the texts that the catalog keeps after something named
// from was renamed: old is the snapshot from before. Texts are bound over old, where
// their names mean what they meant, and printed with the names of now.
func renameEverywhere(ctx context.Context, env *Env, old *catalog.Snapshot, from string) error {
	for _, t := range old.Tables() {
		now := env.Editor.Snapshot().TableByID(t.ID)
		if now == nil {
			continue
		}
		next := now.Clone()
		changed, err := false, error(nil)
		switch {
		case t.View != nil:
			changed, err = renameInView(ctx, env, old, t, next)
		case t.Kind == catalog.KindTable && names(t, from):
			changed, err = renameInTable(ctx, env, old, t, next)
		}
		if err != nil {
			return err
		}
		if changed {
			if err := env.Editor.UpdateTable(next); err != nil {
				return err
			}
		}
	}
	for _, f := range old.Functions() {
		if err := renameInFunction(ctx, env, old, f); err != nil {
			return err
		}
	}
	return nil
}

// renameInViews edits the queries of views only.
func renameInViews(ctx context.Context, env *Env, old *catalog.Snapshot) error {
	for _, t := range old.Tables() {
		now := env.Editor.Snapshot().TableByID(t.ID)
		if now == nil || t.View == nil {
			continue
		}
		next := now.Clone()
		changed, err := renameInView(ctx, env, old, t, next)
		if err != nil {
			return err
		}
		if changed {
			if err := env.Editor.UpdateTable(next); err != nil {
				return err
			}
		}
	}
	return nil
}

// names says whether an expression of a table may name something.
func names(t *catalog.Table, name string) bool {
	for i := range t.Columns {
		if strings.Contains(t.Columns[i].Default, name) {
			return true
		}
	}
	for i := range t.Checks {
		if strings.Contains(t.Checks[i].Expr, name) {
			return true
		}
	}
	for i := range t.Indexes {
		ix := &t.Indexes[i]
		if strings.Contains(ix.Predicate, name) {
			return true
		}
		for k := range ix.Columns {
			if strings.Contains(ix.Columns[k].Expr, name) {
				return true
			}
		}
	}
	return false
}

func renameInView(ctx context.Context, env *Env, old *catalog.Snapshot, t, next *catalog.Table) (bool, error) {
	snap := env.Editor.Snapshot()
	affected := false
	for _, id := range t.View.DependsOn {
		affected = affected || differs(old, snap, id)
	}
	if !affected {
		return false, nil
	}
	q, err := traceQuery(ctx, env, old, t.View.SearchPath, t.View.Query)
	if err != nil {
		return false, err
	}
	next.View.Query = q.rendered(snap)
	return next.View.Query != t.View.Query, nil
}

// differs says whether an object's name, schema or columns have changed.
func differs(old, now *catalog.Snapshot, id catalog.OID) bool {
	schema := func(s *catalog.Snapshot, id catalog.OID) string {
		if sch := s.SchemaByID(id); sch != nil {
			return sch.Name
		}
		return ""
	}
	if a, b := old.TableByID(id), now.TableByID(id); a != nil && b != nil {
		if a == b {
			return schema(old, a.Schema) != schema(now, b.Schema)
		}
		if a.Name != b.Name || schema(old, a.Schema) != schema(now, b.Schema) || len(a.Columns) != len(b.Columns) {
			return true
		}
		for i := range a.Columns {
			if a.Columns[i].Name != b.Columns[i].Name || a.Columns[i].Dropped != b.Columns[i].Dropped {
				return true
			}
		}
		return false
	}
	if a, b := old.Function(id), now.Function(id); a != nil && b != nil {
		return a.Name != b.Name || schema(old, a.Schema) != schema(now, b.Schema)
	}
	if a, b := old.Type(id), now.Type(id); a != nil && b != nil {
		return a.Name != b.Name || schema(old, a.Schema) != schema(now, b.Schema)
	}
	return false
}

// renameInTable prints the expressions of a table anew.
func renameInTable(ctx context.Context, env *Env, old *catalog.Snapshot, t, next *catalog.Table) (bool, error) {
	snap := env.Editor.Snapshot()
	opts := optionsOver(env, old, nil)
	opts.NoFold = true
	changed := false
	again := func(text *string, use planner.ExprUse, over *catalog.Table, target *catalog.Column) error {
		if *text == "" {
			return nil
		}
		e, err := planner.BindTableText(ctx, *text, use, over, target, opts)
		if err != nil {
			return err
		}
		before := deparseIn(old, e, t)
		if after := deparseIn(snap, e, next); after != before {
			*text, changed = after, true
		}
		return nil
	}
	for i := range next.Columns {
		c := &next.Columns[i]
		if c.Dropped || i >= len(t.Columns) {
			continue
		}
		use, over := planner.UseDefault, (*catalog.Table)(nil)
		if c.Generated {
			use, over = planner.UseGenerated, t
		}
		if err := again(&c.Default, use, over, &t.Columns[i]); err != nil {
			return false, err
		}
	}
	for i := range next.Checks {
		if err := again(&next.Checks[i].Expr, planner.UseCheck, t, nil); err != nil {
			return false, err
		}
	}
	for i := range next.Indexes {
		ix := &next.Indexes[i]
		for k := range ix.Columns {
			if err := again(&ix.Columns[k].Expr, planner.UseIndexExpr, t, nil); err != nil {
				return false, err
			}
		}
		if err := again(&ix.Predicate, planner.UseIndexPredicate, t, nil); err != nil {
			return false, err
		}
	}
	return changed, nil
}
