// Package expr is the bound scalar expression: typed, name-free, read-only
// after binding, shared by planner, catalog and executor. Compile (eval.go)
// turns one into an Evaluator over Arrow batches.
package expr

import (
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Expr is a bound expression. Trees are immutable: rewrites copy.
type Expr interface {
	Type() types.Type
}

// ColumnID is a column's number within one statement's logical plan (planner only).
type ColumnID int32

// Column refers to a column by id. It exists in logical plans only; the
// physical step replaces it by Ordinal.
type Column struct {
	ID   ColumnID
	Name string // for messages and EXPLAIN
	Typ  types.Type
}

// Ordinal refers to a column of the operator's input batch by position.
type Ordinal struct {
	Index int
	Name  string // for EXPLAIN
	Typ   types.Type
}

// Const is a constant.
type Const struct {
	Value types.Datum
	Typ   types.Type
}

// Param is a statement parameter: $1 is Index 0.
type Param struct {
	Index int
	Typ   types.Type
}

// ExecParam is a value set while running: by the outer side of a correlated
// subplan or lateral join (functions.Context.Exec[Slot]).
type ExecParam struct {
	Slot int
	Name string
	Typ  types.Type
}

// Call calls a scalar function, an operator's function, or a cast's function.
type Call struct {
	Fn   *functions.Scalar
	Args []Expr
	Typ  types.Type
	// Op is set when the call was written as an operator (for deparsing).
	Op string
}

// Cast is a conversion without a plain function: relabelling (binary
// coercible), text I/O conversion, or a modifier change (varchar(10)).
type Cast struct {
	Arg      Expr
	Typ      types.Type
	Kind     CastKind
	Explicit bool // written by the user: varchar(n) truncates
	// Domain is set when Fn checks that domain's constraints; Typ is its base type.
	Domain types.OID
	// Fn is the conversion of the element type for CastArray, and of the value for CastFunc.
	Fn *functions.Scalar
}

// CastKind says how a Cast converts.
type CastKind uint8

// The cast kinds.
const (
	CastRelabel CastKind = iota // same physical value, other type
	CastIO                      // through text output and input
	CastMod                     // apply Typ.Mod (length coercion)
	CastFunc                    // by Fn
	CastArray                   // element by element by Fn (nil: through text)
)

// Logic is AND/OR over two or more arguments (three-valued).
type Logic struct {
	Or   bool
	Args []Expr
}

// Not negates (three-valued).
type Not struct{ Arg Expr }

// IsNull is IS [NOT] NULL.
type IsNull struct {
	Arg Expr
	Not bool
	// Row asks of the fields of a row: it is NULL when all are, NOT NULL when none is
	// (PostgreSQL 9.2).
	Row bool
}

// BoolTest is IS [NOT] TRUE/FALSE/UNKNOWN.
type BoolTest struct {
	Arg  Expr
	Want types.Datum // true, false, or NULL for UNKNOWN
	Not  bool
}

// Distinct is IS [NOT] DISTINCT FROM; Eq is the type's equality function.
type Distinct struct {
	Left, Right Expr
	Eq          *functions.Scalar
	Not         bool
}

// When is an arm of Case.
type When struct{ Cond, Then Expr }

// Case is CASE WHEN; the form with an operand is bound to equalities. Arms
// are evaluated on the rows that reach them only.
type Case struct {
	Whens []When
	Else  Expr // nil means NULL
	Typ   types.Type
}

// Coalesce evaluates its arguments on the rows still NULL only.
type Coalesce struct {
	Args []Expr
	Typ  types.Type
}

// MinMax is GREATEST/LEAST, NULLs ignored.
type MinMax struct {
	Args  []Expr
	Least bool
	Typ   types.Type
}

// AnyAll is `left op ANY/ALL (array)`, also what `x IN (constants)` becomes.
type AnyAll struct {
	Left, Array Expr
	Fn          *functions.Scalar // the operator on (left, element), returning bool
	Op          string
	All         bool
}

// InList is `left = ANY (list)` with a list of expressions (x IN (a, b)).
type InList struct {
	Left Expr
	List []Expr
	Eq   *functions.Scalar
	Not  bool
}

// Array is ARRAY[...]; with Multi the arguments are arrays themselves.
type Array struct {
	Args  []Expr
	Typ   types.Type
	Multi bool
}

// Subscript is a[i] or a[l:u] (Slice).
type Subscript struct {
	Arg          Expr
	Lower, Upper []Expr // Upper is used for plain subscripts; nil entries are open bounds
	Slice        bool
	Typ          types.Type
}

// Row is ROW(...), a record value. Comparisons of rows are bound to Logic over
// their fields and do not reach the evaluator as Row.
type Row struct {
	Args  []Expr
	Names []string
	Typ   types.Type
}

// Field selects a field of a record value by position. Name is what it is printed with.
type Field struct {
	Arg   Expr
	Index int
	Name  string
	Typ   types.Type
}

// SubplanKind says what a Subplan yields.
type SubplanKind uint8

// The subplan kinds.
const (
	SubplanScalar SubplanKind = iota // the one value, NULL for none, 21000 for more than one row
	SubplanExists
	SubplanAny   // Left Op ANY (rows), three-valued
	SubplanAll   // Left Op ALL (rows)
	SubplanArray // ARRAY(SELECT ...)
)

// Subplan is a subquery in an expression. Plan is a planner/plan.Node in
// physical plans (planner/logical in logical ones); this package only carries it.
type Subplan struct {
	Kind SubplanKind
	Plan any
	// Args are evaluated over the outer row and stored to the ExecParam slots
	// before each run: Slots[i] = Args[i]. Without Args the plan is run once
	// and its result kept for the statement.
	Args  []Expr
	Slots []int
	// Repeatable: runs with equal parameters have equal results, so that one
	// may stand for the others: nothing in Plan is volatile, writes or locks.
	Repeatable bool
	// Left and Compare serve Any/All: Compare[i] is a boolean function on
	// (Left[i], column i of the row); rows compare by AND of them (for = and
	// ALL <>). Compare results are combined by SQL's three-valued rules.
	Left    []Expr
	Compare []*functions.Scalar
	Op      string
	Typ     types.Type
}

// Aggregate is an aggregate call in a logical plan's target; the planner
// replaces it by a column of the aggregate node before compilation.
type Aggregate struct {
	Fn       *functions.Aggregate
	Args     []Expr
	Distinct bool
	Filter   Expr
	OrderBy  []SortKey
	Typ      types.Type
}

// SortKey is one key of an ordering.
type SortKey struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// Default stands for DEFAULT in VALUES and SET lists until the binder fills it in.
type Default struct{ Typ types.Type }

// Type implementations.
func (e *Column) Type() types.Type    { return e.Typ }
func (e *Ordinal) Type() types.Type   { return e.Typ }
func (e *Const) Type() types.Type     { return e.Typ }
func (e *Param) Type() types.Type     { return e.Typ }
func (e *ExecParam) Type() types.Type { return e.Typ }
func (e *Call) Type() types.Type      { return e.Typ }
func (e *Cast) Type() types.Type      { return e.Typ }
func (e *Logic) Type() types.Type     { return boolType }
func (e *Not) Type() types.Type       { return boolType }
func (e *IsNull) Type() types.Type    { return boolType }
func (e *BoolTest) Type() types.Type  { return boolType }
func (e *Distinct) Type() types.Type  { return boolType }
func (e *Case) Type() types.Type      { return e.Typ }
func (e *Coalesce) Type() types.Type  { return e.Typ }
func (e *MinMax) Type() types.Type    { return e.Typ }
func (e *AnyAll) Type() types.Type    { return boolType }
func (e *InList) Type() types.Type    { return boolType }
func (e *Array) Type() types.Type     { return e.Typ }
func (e *Subscript) Type() types.Type { return e.Typ }
func (e *Row) Type() types.Type       { return e.Typ }
func (e *Field) Type() types.Type     { return e.Typ }
func (e *Subplan) Type() types.Type   { return e.Typ }
func (e *Aggregate) Type() types.Type { return e.Typ }
func (e *Default) Type() types.Type   { return e.Typ }

var boolType = types.Of(types.Bool)

// The package's surface, next to the tree (files of their own):
//
//	type Evaluator interface {
//	    // Eval computes the expression over the columns of a batch with n rows.
//	    Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error)
//	}
//	func Compile(e Expr) (Evaluator, error)                      once per operator or cached with the plan; safe to share between goroutines
//	func EvalConst(c *functions.Context, e Expr) (types.Datum, error)   no columns: bounds, defaults, LIMIT; fast for Const and Param
//	func FilterMask(...)                                          selection of rows where the value is true
//	func Walk(e Expr, fn func(Expr) bool); func Transform(e Expr, fn func(Expr) Expr) Expr   copy on write
//	func Fold(c *functions.Context, e Expr) (Expr, error)         constant folding of immutable calls; what fails is left
//	func Deparse(e Expr, opt DeparseOptions) string               PostgreSQL's ruleutils form, for EXPLAIN, pg_get_expr, \d
//	func Equal(a, b Expr) bool; func Volatility(e Expr) functions.Volatility
