// Package functions holds the operators, casts, scalar functions, aggregates
// and set-returning functions of the language: one registration each, with
// signature, kernel, documentation and examples in one place. It knows types,
// not tables; what a function needs of the session or the catalog it reads
// from the Context.
package functions

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Context is what kernels may use besides their arguments. One lives as long
// as a statement; it is used by one goroutine at a time (parallel operators
// make copies).
type Context struct {
	Ctx   context.Context
	Alloc memory.Allocator
	IO    *types.IO // print and parse settings; never nil
	// TxnStart, StatementStart: now() and statement_timestamp(); clock_timestamp() calls Clock.
	TxnStart, StatementStart time.Time
	Clock                    func() time.Time
	// Session answers current_user, current_setting, nextval, pg_get_constraintdef, ...
	// It is nil when constants are folded at plan time: functions that need it
	// are stable or volatile and are not folded.
	Session Session
	// Params are the statement's parameters ($1 is Params[0]), already of their
	// inferred types.
	Params []types.Datum
	// Exec are the execution parameters that correlated subplans and lateral
	// joins set (expr.ExecParam).
	Exec []types.Datum
	// Subplan runs an expr.Subplan; set by the executor.
	Subplan func(c *Context, s any, args []Value, n int) (arrow.Array, error)
}

// Session is what functions see of the session and of the catalog. It is an
// optional-interface holder: function families assert the narrower interfaces
// they declare in their own files (for example SequenceSession, SettingsSession,
// CatalogSession) and answer 0A000 when the session does not offer them.
type Session any

// Value is an argument or a result of a kernel: an array of the batch's length,
// or (Const) an array of length 1 that stands for all rows.
type Value struct {
	Array arrow.Array
	Const bool
}

// Kernel computes a function over n rows. args[i].Array has n values, or one if
// Const; if all are Const, n is 1. The result has n values and belongs to the
// caller; args stay the caller's. For Strict functions the kernel need not
// look at nulls' values but must produce the null bitmap (the helpers in
// kernels.go do).
type Kernel func(c *Context, args []Value, n int) (arrow.Array, error)

// Volatility is PostgreSQL's function volatility.
type Volatility byte

// The volatilities.
const (
	Immutable Volatility = 'i'
	Stable    Volatility = 's'
	Volatile  Volatility = 'v'
)

// Example is a checked example of documentation.
type Example struct{ SQL, Want string }

// Steps says where a function, as that of its argument Of (from 1), changes its
// result; both are integers (times, days). Of the other arguments, which are not NULL if it is strict,
// At makes the function that returns the result for t, and a range lo <= t < hi of
// values with the same result, empty if it is not known.
type Steps struct {
	Of int
	At func(c *Context, args []types.Datum) (func(t int64) (result, lo, hi int64, err error), error)
}

// Scalar is a scalar function (or the function behind an operator or cast).
type Scalar struct {
	OID     types.OID // pg_proc.oid where PostgreSQL has the function, else assigned from 9000 up
	Name    string
	Args    []types.Type // pseudo-types allowed: AnyElement, AnyArray, Any, AnyCompatible...
	Returns types.Type   // pseudo-type: resolved from the arguments by the polymorphic rules
	// Variadic: the last of Args is the array type whose elements may be given one by one
	// (or Any: VARIADIC "any", the kernel sees all arguments).
	Variadic   bool
	Defaults   int        // how many trailing arguments may be left out; then Kernel/Eval sees fewer
	Strict     bool       // NULL in, NULL out
	Volatility Volatility // zero means Immutable
	Doc        string
	Examples   []Example
	Hidden     bool // functions behind operators and casts: no documentation, no example needed
	Params     []Param
	// Monotone is the argument (from 1) with which the result never decreases
	// when the others stay the same; 0 if there is none or it is not known.
	Monotone int
	// Steps, if set, says where a function of an integer changes its result.
	Steps *Steps
	// ChangesCatalog: calls are DDL. A statement with one runs as one that writes,
	// with the catalog open for editing.
	ChangesCatalog bool
	// Routine: a user made the function, and the session runs it. Its Name is qualified
	// and quoted, so that it is none of the others'.
	Routine bool

	// One of Kernel and Eval is set; Eval is row by row, for what is not hot.
	// A Strict Eval never sees NULL.
	Kernel Kernel
	Eval   func(c *Context, args []types.Datum) (types.Datum, error)
	// EvalTyped is Eval for functions that need the bound argument types
	// (polymorphic and "any" ones): args types and the result type.
	EvalTyped func(c *Context, t Signature, args []types.Datum) (types.Datum, error)
	// KernelTyped is Kernel with the bound signature.
	KernelTyped func(c *Context, t Signature, args []Value, n int) (arrow.Array, error)
	// Resolve computes the result type from bound argument types, for results
	// that the polymorphic rules cannot express (nil: use Returns).
	Resolve func(args []types.Type) types.Type
}

// Param names a parameter, for calls with named arguments, and gives its default as
// SQL text; "" if it must be given. A function that takes them has one for each of
// its Args, with defaults for the last Defaults.
type Param struct{ Name, Default string }

// Signature is how a call was bound.
type Signature struct {
	Args    []types.Type
	Returns types.Type
}

// Operator is one entry of pg_operator. Left is zero for prefix operators.
type Operator struct {
	OID         types.OID
	Name        string
	Left, Right types.OID
	Fn          *Scalar
	Commutator  string // operator name, "" if none
	Negator     string
}

// CastContext says when a cast may be applied on its own.
type CastContext byte

// The cast contexts.
const (
	CastImplicit   CastContext = 'i'
	CastAssignment CastContext = 'a'
	CastExplicit   CastContext = 'e'
)

// Cast converts between two types. A nil Fn means the physical values are the
// same (binary coercible) or, with InOut, that the value goes through text.
type Cast struct {
	From, To types.OID
	Context  CastContext
	Fn       *Scalar // one argument, or a second one for the length of the type
	InOut    bool
}

// Aggregate is an aggregate function.
type Aggregate struct {
	OID      types.OID
	Name     string
	Args     []types.Type // empty for count(*)
	Returns  types.Type
	Variadic bool
	// Direct is the number of leading direct arguments of an ordered-set aggregate (percentile_cont: 1).
	Direct     int
	OrderedSet bool
	// OrderSensitive: the executor sorts the input when ORDER BY was given (array_agg, string_agg).
	OrderSensitive bool
	// SkipNulls: rows with a NULL argument are left out before Update (most aggregates).
	SkipNulls bool
	Params    []Param
	Doc       string
	Examples  []Example
	Resolve   func(args []types.Type) types.Type
	// New makes the state for all groups of one aggregate call.
	New func(c *Context, t Signature) Accumulator
}

// Accumulator holds one aggregate call's states, one for each group.
type Accumulator interface {
	// Resize makes states for groups [0, n); new ones are empty.
	Resize(n int)
	// Update adds n rows: row i belongs to group groups[i]. args as in Kernel.
	// A nil groups means that all rows belong to group 0.
	Update(c *Context, groups []uint32, args []Value, n int) error
	// Merge adds other's state of group from to this one's group to (for
	// parallel and spilled aggregation). other is of the same type.
	Merge(c *Context, other Accumulator, from, to int) error
	// Append appends group's result to b (NULL for the SQL NULL).
	Append(c *Context, group int, b array.Builder) error
	// Bytes estimates the memory held.
	Bytes() int64
}

// Column is a named and typed result column of a table function.
type Column struct {
	Name string
	Type types.Type
}

// TableFunc is a set-returning function.
type TableFunc struct {
	OID      types.OID
	Name     string
	Args     []types.Type
	Defaults int
	Variadic bool
	// Columns of the result; a single column takes the function's (or alias's) name.
	Columns    []Column
	Resolve    func(args []types.Type) []Column // nil: Columns
	Strict     bool
	Volatility Volatility
	Params     []Param
	// ChangesCatalog is as Scalar's.
	ChangesCatalog bool
	Routine        bool // a user made it
	Doc            string
	Examples       []Example
	// Open starts a call; args are datums of the bound types.
	Open func(c *Context, t Signature, args []types.Datum) (RowSource, error)
	// OpenRecord, if set, makes Open for the columns of a column definition list: the
	// function returns record. Open fails then.
	OpenRecord func(cols []Column) func(c *Context, t Signature, args []types.Datum) (RowSource, error)
}

// RowSource yields rows of a table function call.
type RowSource interface {
	// Next appends up to max rows to the builders (one a column) and returns how many; 0 means the end.
	Next(c *Context, max int, out []array.Builder) (int, error)
	Close()
}

// The registry (registry.go): register panics on a duplicate signature; it is
// called from package-level variables only.
//
//	func register[T Scalar | Aggregate | TableFunc | Operator | Cast](x T) *T
//	func Scalars(name string) []*Scalar          lower-case name, without schema
//	func Aggregates(name string) []*Aggregate
//	func TableFuncs(name string) []*TableFunc
//	func Operators(name string) []*Operator
//	func FindCast(from, to types.OID) *Cast      array casts by element and text I/O casts included
//	func All() iterator over everything (pg_proc, documentation)
