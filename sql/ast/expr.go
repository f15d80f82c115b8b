package ast

// ConstKind is the lexical kind of a constant.
type ConstKind uint8

// The constant kinds.
const (
	ConstNull      ConstKind = iota
	ConstInt                 // fits int4
	ConstFloat               // any other number, also an integer over int4
	ConstString              // '...', E'...', $$...$$: type unknown
	ConstBitString           // B'...' or X'...'
	ConstBool
)

// Const is a literal.
type Const struct {
	Pos
	Kind ConstKind
	// Text is the value: digits with a leading '-' where the grammar folded the
	// sign in, the unescaped string, "b0101" or "xFF" for bit strings, "true"
	// or "false".
	Text string
	// Int is the value of a ConstInt.
	Int int64
	// Negated says that a '-' was folded in; Pos is then the sign's place.
	Negated bool
	// TokenLoc and TokenLen are where the literal's token, without a sign, lies
	// in the text; TokenLen is 0 when that is unknown.
	TokenLoc int32
	TokenLen int32
}

// Bool returns the value of a ConstBool.
func (c *Const) Bool() bool { return c.Text == "true" }

// ParamRef is $Number; Number is 0 for a bare "?" of another dialect.
type ParamRef struct {
	Pos
	Number int
}

// ColumnRef is a possibly qualified column name, or name.* when Star is set.
type ColumnRef struct {
	Pos
	Names []string
	Star  bool
}

// FuncCall is a call of a function, aggregate or window function. Forms with a
// grammar of their own are calls as in PostgreSQL (EXTRACT is
// pg_catalog.extract, AT TIME ZONE pg_catalog.timezone, ...) with SQLSyntax.
type FuncCall struct {
	Pos
	Name []string
	// Args may hold *NamedArg after the positional ones.
	Args        []Expr
	Star        bool // count(*)
	Distinct    bool
	Variadic    bool // the last argument is VARIADIC
	OrderBy     []*SortBy
	WithinGroup bool // OrderBy came from WITHIN GROUP
	Filter      Expr
	Over        *WindowDef
	SQLSyntax   bool
}

// NamedArg is name => value (or name := value) in a call.
type NamedArg struct {
	Pos
	Name string
	Arg  Expr
}

// Operator is Left Name Right; Left is nil for a prefix operator. Schema is
// set by OPERATOR(schema.name).
type Operator struct {
	Pos
	Schema string
	Name   string
	Left   Expr
	Right  Expr
}

// AnyAll is Left Op ANY (Right) or, with All, Left Op ALL (Right) over an array.
type AnyAll struct {
	Pos
	Schema string
	Name   string
	All    bool
	Left   Expr
	Right  Expr
}

// And is the conjunction of two or more expressions.
type And struct {
	Pos
	Args []Expr
}

// Or is the disjunction of two or more expressions.
type Or struct {
	Pos
	Args []Expr
}

// Not is NOT Arg.
type Not struct {
	Pos
	Arg Expr
}

// IsNull is Arg IS [NOT] NULL.
type IsNull struct {
	Pos
	Arg Expr
	Not bool
}

// BoolTest is what a BooleanTest asks for.
type BoolTest uint8

// The boolean tests.
const (
	IsTrue BoolTest = iota
	IsNotTrue
	IsFalse
	IsNotFalse
	IsUnknown
	IsNotUnknown
)

// BooleanTest is Arg IS [NOT] TRUE, FALSE or UNKNOWN.
type BooleanTest struct {
	Pos
	Arg  Expr
	Test BoolTest
}

// IsDistinct is Left IS [NOT] DISTINCT FROM Right.
type IsDistinct struct {
	Pos
	Left  Expr
	Right Expr
	Not   bool
}

// In is Left [NOT] IN (List); IN over a query is a SubLink.
type In struct {
	Pos
	Left Expr
	List []Expr
	Not  bool
}

// Between is Arg [NOT] BETWEEN [SYMMETRIC] Low AND High.
type Between struct {
	Pos
	Arg       Expr
	Low       Expr
	High      Expr
	Not       bool
	Symmetric bool
}

// LikeKind is the sort of pattern match.
type LikeKind uint8

// The pattern matches.
const (
	LikeLike LikeKind = iota
	LikeILike
	LikeSimilar
)

// Like is Left [NOT] LIKE, ILIKE or SIMILAR TO Pattern [ESCAPE Escape].
type Like struct {
	Pos
	Kind    LikeKind
	Left    Expr
	Pattern Expr
	Escape  Expr // nil when not given
	Not     bool
}

// Case is CASE [Arg] WHEN ... [ELSE Else] END.
type Case struct {
	Pos
	Arg   Expr
	Whens []*When
	Else  Expr
}

// When is one branch of a Case.
type When struct {
	Pos
	Cond   Expr
	Result Expr
}

// Coalesce is COALESCE(Args).
type Coalesce struct {
	Pos
	Args []Expr
}

// NullIf is NULLIF(Left, Right).
type NullIf struct {
	Pos
	Left  Expr
	Right Expr
}

// GreatestLeast is GREATEST(Args) or, with Least, LEAST(Args).
type GreatestLeast struct {
	Pos
	Least bool
	Args  []Expr
}

// Cast is CAST(Arg AS Type), Arg::Type or Type 'literal'.
type Cast struct {
	Pos
	Arg  Expr
	Type *TypeName
}

// Collate is Arg COLLATE Name.
type Collate struct {
	Pos
	Arg  Expr
	Name []string
}

// Array is ARRAY[Elems].
type Array struct {
	Pos
	Elems []Expr
}

// Row is ROW(Args) or, when not Explicit, (a, b, ...).
type Row struct {
	Pos
	Args     []Expr
	Explicit bool
}

// Indirection is Arg followed by subscripts, slices, field names or a star.
type Indirection struct {
	Pos
	Arg   Expr
	Steps []Step
}

// Step is one element of an Indirection: .Field, .*, [Upper] or, for a slice,
// [Lower:Upper] with either bound nil when left out.
type Step struct {
	Field string
	Star  bool
	Slice bool
	Lower Expr
	Upper Expr
}

// SubLinkKind is how a query is used in an expression.
type SubLinkKind uint8

// The sub-query kinds.
const (
	SubLinkScalar SubLinkKind = iota // (SELECT ...)
	SubLinkExists                    // EXISTS (SELECT ...)
	SubLinkAny                       // Test Op ANY (SELECT ...); IN when Op is empty
	SubLinkAll                       // Test Op ALL (SELECT ...)
	SubLinkArray                     // ARRAY(SELECT ...)
)

// SubLink is a query inside an expression. NOT IN is Not over a SubLinkAny.
type SubLink struct {
	Pos
	Kind   SubLinkKind
	Test   Expr
	Schema string // of Op
	Op     string // empty for IN
	Query  *Select
}

// SQLFunc is a function that is called without parentheses.
type SQLFunc uint8

// The functions without parentheses.
const (
	CurrentDate SQLFunc = iota
	CurrentTime
	CurrentTimestamp
	LocalTime
	LocalTimestamp
	CurrentRole
	CurrentUser
	User
	SessionUser
	CurrentCatalog
	CurrentSchema
)

// SQLValueFunction is CURRENT_DATE, CURRENT_TIMESTAMP(Precision), USER, ...
type SQLValueFunction struct {
	Pos
	Func      SQLFunc
	Precision int // -1 when not given
}

// Grouping is GROUPING(Args).
type Grouping struct {
	Pos
	Args []Expr
}

// SetToDefault is DEFAULT in VALUES or in SET.
type SetToDefault struct {
	Pos
}

// CurrentOf is CURRENT OF Cursor.
type CurrentOf struct {
	Pos
	Cursor string
}

// UnsupportedExpr is an expression that Tidemark does not have; Name is what
// the 0A000 error calls it. Args are its parts that are expressions.
type UnsupportedExpr struct {
	Pos
	Name string
	Args []Expr
}

// List is a list of values as an argument of an Option.
type List struct {
	Pos
	Items []Expr
}

// TypeName is the name of a type as written.
type TypeName struct {
	Pos
	Names []string
	// Mods are the modifiers in parentheses; for INTERVAL fields the first is
	// PostgreSQL's bit mask of them.
	Mods []Expr
	// Bounds has an element per array dimension, -1 for [].
	Bounds []int
	SetOf  bool
	// PctType is for name%TYPE.
	PctType bool
}

func (*Const) exprNode()            {}
func (*ParamRef) exprNode()         {}
func (*ColumnRef) exprNode()        {}
func (*FuncCall) exprNode()         {}
func (*NamedArg) exprNode()         {}
func (*Operator) exprNode()         {}
func (*AnyAll) exprNode()           {}
func (*And) exprNode()              {}
func (*Or) exprNode()               {}
func (*Not) exprNode()              {}
func (*IsNull) exprNode()           {}
func (*BooleanTest) exprNode()      {}
func (*IsDistinct) exprNode()       {}
func (*In) exprNode()               {}
func (*Between) exprNode()          {}
func (*Like) exprNode()             {}
func (*Case) exprNode()             {}
func (*Coalesce) exprNode()         {}
func (*NullIf) exprNode()           {}
func (*GreatestLeast) exprNode()    {}
func (*Cast) exprNode()             {}
func (*Collate) exprNode()          {}
func (*Array) exprNode()            {}
func (*Row) exprNode()              {}
func (*Indirection) exprNode()      {}
func (*SubLink) exprNode()          {}
func (*SQLValueFunction) exprNode() {}
func (*Grouping) exprNode()         {}
func (*SetToDefault) exprNode()     {}
func (*CurrentOf) exprNode()        {}
func (*UnsupportedExpr) exprNode()  {}
func (*List) exprNode()             {}
func (*TypeName) exprNode()         {}
