package binder

import (
	"context"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Options are what a statement's meaning depends on besides its text.
type Options struct {
	Catalog *catalog.Snapshot
	// SearchPath is the effective one, with pg_temp_N and pg_catalog in front.
	SearchPath     []string
	Database, User string
	// ParamTypes are the declared parameter types; OID 0 or unknown means infer.
	ParamTypes []types.Type
	// AutoParams maps source offsets of literals (ast.Const.TokenLoc) to
	// parameter indexes. Such a literal in an ordinary expression is bound as a
	// parameter typed as the literal would be after resolution; its offset is
	// reported as used, and its index as negated if its value has the sign before
	// it. In a structural position it stays a constant.
	AutoParams map[int]int
	// IO are the settings by which literals are read; nil means the defaults.
	IO *types.IO
	// ReadOnly refuses statements that write (25006).
	ReadOnly bool
	// NoFold keeps constant expressions as they are written.
	NoFold bool
	// Routine, if set, is the function whose body the statement belongs to; ParamTypes
	// are the types of its parameters.
	Routine *Routine
	// Procedure is the call of a statement that stands for CALL.
	Procedure *ast.FuncCall
	// Trace, if set, is told what names stand for.
	Trace *Trace
}

// Binder binds one statement.
type Binder struct {
	opts *Options
	cat  *catalog.Snapshot
	path []string
	MD   logical.Metadata

	params  []types.Type
	isAuto  []bool
	used    []int
	negated []int
	noAuto  int // > 0: literals stay constants

	deps      []plan.Dep
	writes    []*catalog.Table
	locks     bool
	changes   bool // a function changes the catalog
	cacheable bool
	nextCTE   int
	depth     int // nesting of views and subqueries
	stored    int // nesting of views

	// locs are the places of column references, recorded on the second run
	// after an error that needs them.
	locs   map[*expr.Column]int
	record bool
	// aggDepth names the query level of aggregates that belong to an outer query.
	aggDepth map[*expr.Aggregate]int32
	userInfo map[types.OID]*types.Info
	trace    *Trace
	// routine is the function whose body is bound; inlining are those whose bodies
	// take the place of their calls.
	routine  *routineScope
	inlining []*catalog.Function
	scalars  []*functions.Scalar // what calls of functions that users made run
	tables   bool                // there are such that yield rows
	// called: a function is called that may write.
	called bool
}

// New makes a binder.
func New(opts *Options) *Binder {
	b := &Binder{opts: opts, cat: opts.Catalog, path: opts.SearchPath, cacheable: true, trace: opts.Trace}
	if b.trace != nil {
		b.trace.reset()
	}
	if opts.Routine != nil {
		b.routine = &routineScope{name: opts.Routine.Name, names: opts.Routine.Params, types: opts.ParamTypes}
	}
	if n := len(opts.ParamTypes); n > 0 {
		b.params = make([]types.Type, n)
		for i, t := range opts.ParamTypes {
			if t.OID == 0 {
				t = unknownType
			}
			b.params[i] = t
		}
	}
	return b
}

// Result is a bound statement.
type Result struct {
	Root logical.Node
	// Cols are the result columns in order (an id may occur twice), named by Names.
	Cols  []expr.ColumnID
	Names []string
	Tag   string
	// ReturnsRows: the columns go to the client.
	ReturnsRows bool
	ReadOnly    bool
	Cacheable   bool
	// ChangesCatalog: a function does (functions.Scalar.ChangesCatalog).
	ChangesCatalog bool
	// Calls: a user's function is called that may write; Routines: any is.
	Calls, Routines bool
	ParamTypes      []types.Type
	Used            []int
	Negated         []int
	Deps            []plan.Dep
	Writes          []*catalog.Table
	MD              *logical.Metadata
}

// maxDepth bounds the nesting of queries and views.
const maxDepth = 200

// Bind binds a SELECT, VALUES, INSERT, UPDATE or DELETE.
func Bind(ctx context.Context, stmt ast.Statement, opts *Options) (*Result, *Binder, error) {
	b := New(opts)
	res, err := b.run(stmt)
	if err == errNeedLocs { //nolint:errorlint // a sentinel that is never wrapped
		b = New(opts)
		b.record, b.locs = true, map[*expr.Column]int{}
		res, err = b.run(stmt)
	}
	if err == nil {
		err = ctx.Err()
	}
	return res, b, err
}

func (b *Binder) run(stmt ast.Statement) (*Result, error) {
	res := &Result{}
	var q query
	var err error
	root := &scope{depth: 1}
	switch s := stmt.(type) {
	case *ast.Select:
		res.Tag, res.ReturnsRows = "SELECT", true
		q, err = b.bindSelect(nil, s, nil)
	case *ast.Insert:
		res.Tag, res.ReturnsRows = "INSERT", len(s.Returning) > 0
		q, err = b.bindInsert(root, s)
	case *ast.Update:
		res.Tag, res.ReturnsRows = "UPDATE", len(s.Returning) > 0
		q, err = b.bindUpdate(root, s)
	case *ast.Delete:
		res.Tag, res.ReturnsRows = "DELETE", len(s.Returning) > 0
		q, err = b.bindDelete(root, s)
	case *ast.Merge:
		res.Tag = "MERGE"
		q, err = b.bindMerge(root, s)
	default:
		err = pgerror.New(pgerror.InternalError, "statement %T cannot be planned", stmt)
	}
	if err != nil {
		return nil, err
	}
	if b.opts.Routine != nil {
		if err := b.routineResult(&q, stmt, b.opts.Routine); err != nil {
			return nil, err
		}
	}
	if err := b.finishParams(); err != nil {
		return nil, err
	}
	res.Root = q.node
	res.Cols = make([]expr.ColumnID, len(q.cols))
	res.Names = make([]string, len(q.cols))
	for i, c := range q.cols {
		res.Cols[i], res.Names[i] = c.id, c.name
	}
	res.ReadOnly = len(b.writes) == 0 && !b.locks && !b.changes && !b.called
	res.Calls, res.Routines = b.called, len(b.scalars) > 0 || b.tables
	res.Cacheable = b.cacheable && !b.changes
	res.ChangesCatalog = b.changes
	res.ParamTypes, res.Used, res.Negated, res.Deps, res.Writes = b.params, b.used, b.negated, b.deps, b.writes
	res.MD = &b.MD
	return res, nil
}

// addDep notes that the plan depends on a table's descriptor.
func (b *Binder) addDep(t *catalog.Table) {
	for _, d := range b.deps {
		if d.ID == t.ID {
			return
		}
	}
	b.deps = append(b.deps, plan.Dep{ID: t.ID, Version: t.Version})
}

func (b *Binder) addWrite(t *catalog.Table) {
	for _, w := range b.writes {
		if w == t {
			return
		}
	}
	b.writes = append(b.writes, t)
}

// enter counts a level of nesting; leave it with b.depth--.
func (b *Binder) enter() error {
	b.depth++
	if b.depth > maxDepth {
		return pgerror.New(pgerror.StatementTooComplex, "stack depth limit exceeded").
			WithHint("The statement nests queries or expressions too deeply.")
	}
	return nil
}

// at points an error at a syntax node.
func at(n ast.Node, code pgerror.Code, format string, args ...any) *pgerror.Error {
	return pgerror.New(code, format, args...).At(n.Loc())
}

// withLoc adds a position to an error that has none.
func withLoc(err error, loc int) error {
	if err == nil || loc < 0 {
		return err
	}
	if e, ok := err.(*pgerror.Error); ok { //nolint:errorlint // only the binder's and types' own errors get here
		return e.At(loc)
	}
	return err
}

// Deps are the tables bound so far.
func (b *Binder) Deps() []plan.Dep { return b.deps }
