package ast

// Overriding is the OVERRIDING clause of INSERT.
type Overriding uint8

// The overridings.
const (
	OverridingNone Overriding = iota
	OverridingUser
	OverridingSystem
)

// InsertColumn is a target column of INSERT or MERGE.
type InsertColumn struct {
	Pos
	Name  string
	Steps []Step
}

// Insert is INSERT. Query is nil for DEFAULT VALUES.
type Insert struct {
	With       *With
	Table      *RangeVar // with its alias
	Columns    []*InsertColumn
	Overriding Overriding
	Query      *Select
	OnConflict *OnConflict
	Returning  []*Target
}

// OnConflict is ON CONFLICT [target] DO NOTHING, or DO UPDATE when Update is set.
type OnConflict struct {
	Pos
	Target *ConflictTarget // nil when not given
	Update bool
	Set    []*Assignment
	Where  Expr
}

// ConflictTarget says which unique index ON CONFLICT is about.
type ConflictTarget struct {
	Pos
	Columns    []*IndexElem
	Where      Expr
	Constraint string
}

// Assignment is a = value, or (a, b) = row-or-query when Multi is set.
type Assignment struct {
	Pos
	Targets []*InsertColumn
	Multi   bool
	Value   Expr
}

// Update is UPDATE.
type Update struct {
	With      *With
	Table     *RangeVar
	Set       []*Assignment
	From      []TableExpr
	Where     Expr
	Returning []*Target
}

// Delete is DELETE.
type Delete struct {
	With      *With
	Table     *RangeVar
	Using     []TableExpr
	Where     Expr
	Returning []*Target
}

// MergeMatch is when a clause of MERGE applies.
type MergeMatch uint8

// The matches.
const (
	WhenMatched MergeMatch = iota
	WhenNotMatchedBySource
	WhenNotMatched
)

// MergeAction is what a clause of MERGE does.
type MergeAction uint8

// The actions.
const (
	MergeDoNothing MergeAction = iota
	MergeInsert
	MergeUpdate
	MergeDelete
)

// MergeWhen is one WHEN clause of MERGE.
type MergeWhen struct {
	Match      MergeMatch
	Cond       Expr
	Action     MergeAction
	Set        []*Assignment   // MergeUpdate
	Columns    []*InsertColumn // MergeInsert
	Overriding Overriding
	Values     []Expr // nil for DEFAULT VALUES
}

// Merge is MERGE.
type Merge struct {
	With      *With
	Table     *RangeVar
	Source    TableExpr
	On        Expr
	Whens     []*MergeWhen
	Returning []*Target
}

// Copy is COPY. Table or Query is set; File is empty for STDIN and STDOUT.
type Copy struct {
	Table   *RangeVar
	Columns []string
	Query   Statement
	From    bool
	Program bool
	File    string
	Options []*Option
	Where   Expr
}

// Truncate is TRUNCATE.
type Truncate struct {
	Tables          []*RangeVar
	RestartIdentity bool
	Cascade         bool
}

// Call is CALL.
type Call struct {
	Func *FuncCall
}

// Do is DO; Language is empty when not given.
type Do struct {
	Pos
	Language string
	Code     string
}

func (*Insert) stmtNode()   {}
func (*Update) stmtNode()   {}
func (*Delete) stmtNode()   {}
func (*Merge) stmtNode()    {}
func (*Copy) stmtNode()     {}
func (*Truncate) stmtNode() {}
func (*Call) stmtNode()     {}
func (*Do) stmtNode()       {}
