package binder

import (
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// trail is what the SEARCH and CYCLE clauses of a recursive query add to it,
// as PostgreSQL's rewriteSearchCycle.c does. Both arms of the UNION get columns
// behind their own:
//
//	SEARCH DEPTH FIRST    ARRAY[ROW(cols)]   seq || ROW(cols)
//	SEARCH BREADTH FIRST  ROW(0, cols)       ROW(seq.depth + 1, cols)
//	CYCLE mark            default            CASE WHEN ROW(cols) = ANY (path) THEN value ELSE default END
//	CYCLE path            ARRAY[ROW(cols)]   path || ROW(cols)
//
// where seq and path are those of the row that the recursive arm started from,
// which the arm passes on beside its select list (carry), and a marked row is
// no start of others.
type trail struct {
	search *ast.SearchClause
	cycle  *ast.CycleClause
	// The values of the mark, of one type.
	value, unmarked expr.Expr
	// arms is the scope above the arms: a reference in a child of it stands at
	// an arm's top level.
	arms *scope
	// from are the columns of the reference that the recursive arm passes on;
	// nil before there is one.
	from []column
}

// newTrail binds the mark's values, which the recursive arm may refer to; nil
// if the CTE has neither clause.
func (b *Binder) newTrail(e *cteEntry) (*trail, error) {
	if e.node.Search == nil && e.node.Cycle == nil {
		return nil, nil
	}
	t := &trail{search: e.node.Search, cycle: e.node.Cycle}
	if t.cycle == nil {
		return t, nil
	}
	b.noAuto++
	defer func() { b.noAuto-- }()
	locs := []int{leftmost(t.cycle.Value), leftmost(t.cycle.Default)}
	vals := make([]expr.Expr, 2)
	var err error
	for i, x := range []ast.Expr{t.cycle.Value, t.cycle.Default} {
		if vals[i], err = b.bindExpr(&scope{}, x); err != nil {
			return nil, err
		}
	}
	typ, err := b.commonType(vals, locs, "CYCLE")
	if err != nil {
		return nil, err
	}
	typ.Mod = commonMod(vals, typ)
	if t.value, err = b.coerceCommon(vals[0], typ, "CYCLE/SET/TO", locs[0]); err != nil {
		return nil, err
	}
	if t.unmarked, err = b.coerceCommon(vals[1], typ, "CYCLE/SET/DEFAULT", locs[1]); err != nil {
		return nil, err
	}
	if err := b.groupable(typ, -1); err != nil {
		return nil, err
	}
	if f, err := b.findOperator("", "<>", typ.OID, typ.OID, -1); err != nil || f.returns != types.Bool {
		return nil, pgerror.New(pgerror.UndefinedFunction, "could not identify an inequality operator for type %s", b.typeName(typ))
	}
	return t, nil
}

// check refuses clauses that do not fit a query and its columns.
func (t *trail) check(e *cteEntry, sel *ast.Select, cols []column) error {
	if err := armShape(sel); err != nil {
		return err
	}
	if err := t.checkNames(cols); err != nil {
		return err
	}
	if t.from == nil {
		return pgerror.New(pgerror.FeatureNotSupported, "with a SEARCH or CYCLE clause, the recursive reference to WITH query %q must be at the top level of its right-hand SELECT", e.node.Name)
	}
	return nil
}

func (t *trail) checkNames(cols []column) error {
	has := func(name string) bool {
		for _, c := range cols {
			if c.name == name {
				return true
			}
		}
		return false
	}
	list := func(n ast.Node, what string, names []string) error {
		for i, name := range names {
			if !has(name) {
				return at(n, pgerror.SyntaxError, "%s column %q not in WITH query column list", what, name)
			}
			for _, o := range names[:i] {
				if o == name {
					return at(n, pgerror.DuplicateColumn, "%s column %q specified more than once", what, name)
				}
			}
		}
		return nil
	}
	free := func(n ast.Node, what, name string) error {
		if has(name) {
			return at(n, pgerror.SyntaxError, "%s column name %q already used in WITH query column list", what, name)
		}
		return nil
	}
	same := func(n ast.Node, a, c string) error {
		return at(n, pgerror.SyntaxError, "%s column name and %s column name are the same", a, c)
	}
	if q := t.search; q != nil {
		if err := list(q, "search", q.Columns); err != nil {
			return err
		}
		if err := free(q, "search sequence", q.Column); err != nil {
			return err
		}
	}
	if q := t.cycle; q != nil {
		if err := list(q, "cycle", q.Columns); err != nil {
			return err
		}
		if err := free(q, "cycle mark", q.Mark); err != nil {
			return err
		}
		if err := free(q, "cycle path", q.Path); err != nil {
			return err
		}
		if q.Mark == q.Path {
			return same(q, "cycle mark", "cycle path")
		}
		if s := t.search; s != nil && s.Column == q.Mark {
			return same(s, "search sequence", "cycle mark")
		} else if s != nil && s.Column == q.Path {
			return same(s, "search sequence", "cycle path")
		}
	}
	return nil
}

// columns are the columns that the clauses add.
func (t *trail) columns(b *Binder, s *scope) []column {
	var out []column
	add := func(name string, typ types.Type) {
		id := b.MD.Add(logical.ColumnInfo{Name: name, Type: typ, Depth: s.depth})
		out = append(out, column{name: name, id: id, typ: typ, added: true})
	}
	if q := t.search; q != nil && q.Breadth {
		add(q.Column, types.Of(types.Record))
	} else if q != nil {
		add(q.Column, types.Of(types.RecordArray))
	}
	if q := t.cycle; q != nil {
		add(q.Mark, t.value.Type())
		add(q.Path, types.Of(types.RecordArray))
	}
	return out
}

// width is how many columns the clauses add.
func (t *trail) width() int {
	n := 0
	if t.search != nil {
		n++
	}
	if t.cycle != nil {
		n += 2
	}
	return n
}

// carry adds to the recursive arm's query what it passes on, and the condition
// on the mark.
func (t *trail) carry(b *Binder, sel *ast.Select, p *pending) error {
	if sel.Distinct && sel.DistinctOn == nil {
		// The rows are distinct in their own columns.
		p.distinctOn = make([]int, 0, len(p.targets))
		for i := range p.given {
			p.distinctOn = append(p.distinctOn, i)
		}
	}
	for _, c := range t.from {
		p.targets = append(p.targets, target{name: c.name, expr: b.MD.Col(c.id), loc: -1})
	}
	if t.cycle == nil {
		return nil
	}
	ne, err := b.operator("", "<>", b.MD.Col(t.from[len(t.from)-2].id), t.value, -1, -1, -1)
	if err != nil {
		return err
	}
	p.where = append(p.where, ne)
	return nil
}

// armShape refuses arms that are no SELECT of their own.
func armShape(sel *ast.Select) error {
	for i, arm := range []*ast.Select{sel.Left, sel.Right} {
		if !setOpLeaf(arm) {
			side := [...]string{"left", "right"}[i]
			code := [...]pgerror.Code{pgerror.FeatureNotSupported, pgerror.SyntaxError}[i] // as PostgreSQL has them
			return pgerror.New(code, "with a SEARCH or CYCLE clause, the %s side of the UNION must be a SELECT", side)
		}
	}
	return nil
}

// start adds the columns of the first rows to the non-recursive arm.
func (t *trail) start(b *Binder, q *query, cols, added []column) {
	var vals []expr.Expr
	if s := t.search; s != nil {
		row := t.row(b, q, cols, s.Columns)
		if s.Breadth {
			vals = append(vals, withDepth(&expr.Const{Value: types.NewInt8(0), Typ: int8Type}, row))
		} else {
			vals = append(vals, recordList(row))
		}
	}
	if c := t.cycle; c != nil {
		vals = append(vals, t.unmarked, recordList(t.row(b, q, cols, c.Columns)))
	}
	t.extend(b, q, len(cols), added, vals)
}

// step computes the added columns in the recursive arm, which passed on those
// that its rows came from.
func (t *trail) step(b *Binder, q *query, cols, added []column) error {
	var vals []expr.Expr
	from := make([]expr.Expr, len(added))
	for i := range added {
		from[i] = b.MD.Col(q.cols[len(cols)+i].id)
	}
	push := func(list expr.Expr, row *expr.Row) error {
		e, err := b.operator("", "||", list, row, -1, -1, -1)
		vals = append(vals, e)
		return err
	}
	if s := t.search; s != nil {
		row := t.row(b, q, cols, s.Columns)
		if !s.Breadth {
			if err := push(from[0], row); err != nil {
				return err
			}
		} else {
			one := &expr.Const{Value: types.NewInt8(1), Typ: int8Type}
			depth, err := b.operator("", "+", &expr.Field{Arg: from[0], Typ: int8Type}, one, -1, -1, -1)
			if err != nil {
				return err
			}
			vals = append(vals, withDepth(depth, row))
		}
	}
	if c := t.cycle; c != nil {
		row, path := t.row(b, q, cols, c.Columns), from[len(from)-1]
		eq, err := b.findOperator("", "=", types.Record, types.Record, -1)
		if err != nil {
			return err
		}
		seen := &expr.AnyAll{Left: row, Array: path, Fn: eq.op.Fn, Op: "="}
		vals = append(vals, &expr.Case{Whens: []expr.When{{Cond: seen, Then: t.value}}, Else: t.unmarked, Typ: t.value.Type()})
		if err := push(path, row); err != nil {
			return err
		}
	}
	t.extend(b, q, len(cols), added, vals)
	return nil
}

// extend puts a projection over an arm: its first n columns and the added ones.
func (t *trail) extend(b *Binder, q *query, n int, added []column, vals []expr.Expr) {
	proj := &logical.Project{Input: q.node}
	for _, c := range q.cols[:n] {
		proj.Items = append(proj.Items, logical.Item{ID: c.id, Expr: b.MD.Col(c.id)})
	}
	q.cols = q.cols[:n:n]
	for i, v := range vals {
		id := b.MD.Add(logical.ColumnInfo{Name: added[i].name, Type: added[i].typ, Depth: b.MD.Cols[added[i].id].Depth})
		proj.Items = append(proj.Items, logical.Item{ID: id, Expr: v})
		q.cols = append(q.cols, column{name: added[i].name, id: id, typ: added[i].typ})
	}
	q.node, q.items = proj, nil
}

// row is the record of some of the query's columns in an arm.
func (t *trail) row(b *Binder, q *query, cols []column, names []string) *expr.Row {
	out := &expr.Row{Typ: types.Of(types.Record)}
	for _, name := range names {
		for i, c := range cols {
			if c.name == name {
				out.Args = append(out.Args, b.MD.Col(q.cols[i].id))
				out.Names = append(out.Names, name)
				break
			}
		}
	}
	return out
}

func withDepth(depth expr.Expr, row *expr.Row) *expr.Row {
	return &expr.Row{Typ: row.Typ, Args: append([]expr.Expr{depth}, row.Args...), Names: append([]string{"*DEPTH*"}, row.Names...)}
}

func recordList(row *expr.Row) expr.Expr {
	return &expr.Array{Args: []expr.Expr{row}, Typ: types.Of(types.RecordArray)}
}
