package physical

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Builder makes physical plans of one statement.
type Builder struct {
	md  *logical.Metadata
	cat *catalog.Snapshot
	opt Options
	// outer maps columns of outer rows to execution slots, innermost last.
	outer []binding
	// Slots is how many execution slots are taken.
	Slots int
	ctes  map[int]*cteInfo
	names map[expr.ColumnID]string
}

type binding struct {
	id   expr.ColumnID
	slot int
}

type cteInfo struct {
	rows float64
}

// New makes a builder; slots below firstSlot are taken by the caller.
func New(md *logical.Metadata, cat *catalog.Snapshot, firstSlot int, opt Options) *Builder {
	return &Builder{md: md, cat: cat, Slots: firstSlot, opt: opt}
}

// rel is a physical plan with the ids of its columns.
type rel struct {
	node plan.Node
	cols []expr.ColumnID
	// order says what the rows are ordered by (keys are columns).
	order []expr.SortKey
}

func (r *rel) rows() float64 { return r.node.Estimate().Rows }
func (r *rel) cost() float64 { return r.node.Estimate().Total }

// hint is what the parent of a node would like.
type hint struct {
	order []expr.SortKey  // an ordering that saves a sort
	limit float64         // rows wanted at most, 0 if all
	about bool            // limit is an estimate: there may be more
	want  []expr.ColumnID // the column order that saves a projection
	// groups is how many groups of an aggregation are wanted, of which the rows are.
	groups float64
}

// Root builds the plan of a query that yields exactly cols, named by names.
func (b *Builder) Root(n logical.Node, cols []expr.ColumnID, names []string) plan.Node {
	var need logical.ColSet
	need.AddAll(cols)
	r := b.exact(n, &need, cols, hint{})
	out := r.node.Columns()
	for i := range out {
		if i < len(names) {
			out[i].Name = names[i]
		}
	}
	return r.node
}

// exact builds a node whose output is exactly cols in order.
func (b *Builder) exact(n logical.Node, need *logical.ColSet, cols []expr.ColumnID, h hint) rel {
	h.want = cols
	r := b.build(n, need, h)
	return b.project(r, cols)
}

// project makes the output exactly cols.
func (b *Builder) project(r rel, cols []expr.ColumnID) rel {
	if sameCols(r.cols, cols) {
		return r
	}
	p := &plan.Project{Input: r.node, Exprs: make([]expr.Expr, len(cols))}
	for i, id := range cols {
		p.Exprs[i] = b.ordinal(id, r.cols)
	}
	p.Cols = b.columns(cols)
	p.Cost = *r.node.Estimate()
	p.Cost.Width = width(p.Cols)
	return rel{p, cols, r.order}
}

func sameCols(a, c []expr.ColumnID) bool {
	if len(a) != len(c) {
		return false
	}
	for i := range a {
		if a[i] != c[i] {
			return false
		}
	}
	return true
}

// columns describes ids as output columns.
func (b *Builder) columns(ids []expr.ColumnID) []plan.Column {
	out := make([]plan.Column, len(ids))
	for i, id := range ids {
		c := &b.md.Cols[id]
		out[i] = plan.Column{Name: c.Name, Type: c.Type, Table: c.Table, Num: c.Num}
	}
	return out
}

// width estimates the bytes of a row.
func width(cols []plan.Column) int {
	w := 0
	for _, c := range cols {
		w += widthOf(c.Type)
	}
	return w
}

func widthOf(t types.Type) int {
	switch t.Phys() {
	case types.PhysBool:
		return 1
	case types.PhysInt16:
		return 2
	case types.PhysInt32, types.PhysUint32, types.PhysFloat32:
		return 4
	case types.PhysInt64, types.PhysFloat64:
		return 8
	}
	return 32
}

// name is how EXPLAIN prints a column: with its relation if there are several.
func (b *Builder) name(id expr.ColumnID) string {
	c := &b.md.Cols[id]
	if s, ok := b.names[id]; ok {
		return s
	}
	if b.md.Relations < 2 || c.Rel == "" {
		return expr.QuoteIdent(c.Name)
	}
	s := expr.QuoteIdent(c.Rel) + "." + expr.QuoteIdent(c.Name)
	if b.names == nil {
		b.names = map[expr.ColumnID]string{}
	}
	b.names[id] = s
	return s
}

// nameCall names the column of an aggregate call as EXPLAIN prints it.
func (b *Builder) nameCall(id expr.ColumnID, call *expr.Aggregate) {
	args := "*"
	for i, a := range call.Args {
		text := expr.Deparse(a, expr.DeparseOptions{
			Column: func(e expr.Expr) string {
				if c, ok := e.(*expr.Column); ok {
					return b.name(c.ID)
				}
				return "?"
			},
			Subplan: func(*expr.Subplan) string { return "(SubPlan)" },
		})
		if i == 0 {
			args = text
		} else {
			args += ", " + text
		}
	}
	if call.Distinct {
		args = "DISTINCT " + args
	}
	if b.names == nil {
		b.names = map[expr.ColumnID]string{}
	}
	b.names[id] = "(" + call.Fn.Name + "(" + args + "))"
}

// ordinal refers to a column by its position, or to an outer row's by slot.
func (b *Builder) ordinal(id expr.ColumnID, layout []expr.ColumnID) expr.Expr {
	for i, c := range layout {
		if c == id {
			return &expr.Ordinal{Index: i, Name: b.name(id), Typ: b.md.Cols[id].Type}
		}
	}
	for i := len(b.outer) - 1; i >= 0; i-- {
		if b.outer[i].id == id {
			return &expr.ExecParam{Slot: b.outer[i].slot, Name: b.name(id), Typ: b.md.Cols[id].Type}
		}
	}
	panic("physical: column " + b.name(id) + " is not in reach")
}

// resolve replaces column ids by positions in layout.
func (b *Builder) resolve(e expr.Expr, layout []expr.ColumnID) expr.Expr {
	switch x := e.(type) {
	case nil:
		return nil
	case *expr.Column:
		return b.ordinal(x.ID, layout)
	case *expr.Subplan:
		return b.subplan(x, layout)
	}
	return logical.MapChildren(e, func(c expr.Expr) expr.Expr { return b.resolve(c, layout) })
}

func (b *Builder) resolveAll(list []expr.Expr, layout []expr.ColumnID) []expr.Expr {
	if len(list) == 0 {
		return nil
	}
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = b.resolve(e, layout)
	}
	return out
}

func (b *Builder) resolveKeys(keys []expr.SortKey, layout []expr.ColumnID) []expr.SortKey {
	out := make([]expr.SortKey, len(keys))
	for i, k := range keys {
		k.Expr = b.resolve(k.Expr, layout)
		out[i] = k
	}
	return out
}

// bind makes slots for columns of outer rows while the inner plan is built.
// The returned function ends that.
func (b *Builder) bind(ids *logical.ColSet, layout []expr.ColumnID) (args []expr.Expr, slots []int, done func()) {
	mark := len(b.outer)
	var add []binding
	ids.Each(func(id expr.ColumnID) {
		args = append(args, b.ordinal(id, layout))
		slots = append(slots, b.Slots)
		add = append(add, binding{id, b.Slots})
		b.Slots++
	})
	b.outer = append(b.outer, add...)
	return args, slots, func() { b.outer = b.outer[:mark] }
}

// subplan builds the plan inside of a subquery expression.
func (b *Builder) subplan(s *expr.Subplan, layout []expr.ColumnID) expr.Expr {
	out := *s
	n, ok := s.Plan.(logical.Node)
	if !ok {
		return s
	}
	out.Left = b.resolveAll(s.Left, layout)
	outer := logical.OuterColumns(n)
	var done func()
	out.Args, out.Slots, done = b.bind(&outer, layout)
	defer done()
	cols := logical.Output(n)
	if s.Kind == expr.SubplanExists {
		// Only whether there is a row matters.
		var none logical.ColSet
		out.Plan = b.build(n, &none, hint{limit: 1}).node
		out.Repeatable = repeatable(out.Plan.(plan.Node))
		return &out
	}
	if len(cols) > 1 && s.Kind != expr.SubplanAny && s.Kind != expr.SubplanAll {
		cols = cols[:1]
	}
	var need logical.ColSet
	need.AddAll(cols)
	h := hint{}
	if s.Kind == expr.SubplanScalar {
		h.limit = 2
	}
	out.Plan = b.exact(n, &need, cols, h).node
	out.Repeatable = repeatable(out.Plan.(plan.Node))
	return &out
}
