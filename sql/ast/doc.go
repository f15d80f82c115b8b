// Package ast is Tidemark's own syntax tree: what a parser makes of the text
// of a statement before any name or type is known.
//
// It follows PostgreSQL's raw parse tree (nodes/parsenodes.h), less what only
// later stages of PostgreSQL need. Both dialects produce it, and nothing above
// sql/parser sees the grammars' own trees. Trees are read-only: they are
// cached by statement text and shared between sessions.
package ast

// Pos is a node's place in the statement's text. Nodes embed it; its zero
// value means that the place is not known, as in nodes made by Tidemark.
type Pos int32

// At returns the position of a byte offset; a negative one is unknown.
func At(offset int) Pos {
	if offset < 0 {
		return 0
	}
	return Pos(offset + 1)
}

// Loc returns the byte offset in the text handed to Parse, or -1. In a text of
// several statements it counts from the start of the whole text, as
// PostgreSQL's error positions do.
func (p Pos) Loc() int { return int(p) - 1 }

// Node is what an error can point at.
type Node interface {
	Loc() int
}

// Expr is a scalar expression.
type Expr interface {
	Node
	exprNode()
}

// TableExpr is an item of a FROM clause.
type TableExpr interface {
	Node
	tableNode()
}

// Statement is one SQL statement.
type Statement interface {
	stmtNode()
}

// RawStmt is a statement with its place in the text that Parse was given.
type RawStmt struct {
	Stmt Statement
	// Text is the statement's own text, without the semicolon and without
	// white space around it. It starts at byte Start of the whole text.
	Text  string
	Start int
	Len   int
	// NumParams is the highest n of the $n in the statement, and ParamUsed[n-1]
	// tells whether $n occurs in it.
	NumParams int
	ParamUsed []bool
	// Consts are the literals of the statement whose token's place is known, in
	// the order of their TokenLoc. They are nodes of Stmt, type modifiers and
	// settings' values among them.
	Consts []*Const
}
