package parser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// TestTrees parses statements and prints their trees. Commands: parse, expr,
// type, deparse.
func TestTrees(t *testing.T) {
	datadriven.Walk(t, "testdata/trees", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return run(d)
		})
	})
}

func run(d *datadriven.TestData) string {
	var node any
	var err error
	switch d.Cmd {
	case "expr":
		node, err = ParseExpr(d.Input)
	case "type":
		node, err = ParseTypeName(d.Input)
	case "deparse":
		var text string
		if text, err = DeparseSelect(d.Input); err == nil {
			return text
		}
	default:
		stmts, err := Parse(d.Input)
		if err != nil {
			return printError(err)
		}
		return printStmts(stmts)
	}
	if err != nil {
		return printError(err)
	}
	return ast.Sexpr(node)
}

func printStmts(stmts []ast.RawStmt) string {
	var b strings.Builder
	for _, s := range stmts {
		fmt.Fprintf(&b, "%s", ast.Tag(s.Stmt))
		if s.Start > 0 {
			fmt.Fprintf(&b, " at %d: %q", s.Start, s.Text)
		}
		if s.NumParams > 0 {
			fmt.Fprintf(&b, " params %v", s.ParamUsed)
		}
		fmt.Fprintf(&b, "\n%s\n", ast.Sexpr(s.Stmt))
	}
	return b.String()
}

func printError(err error) string {
	e := pgerror.From(err)
	s := fmt.Sprintf("ERROR %s: %s", e.Code, e.Message)
	if e.Offset() >= 0 {
		s += fmt.Sprintf(" (at byte %d)", e.Offset())
	}
	if e.Detail != "" {
		s += "\nDETAIL: " + e.Detail
	}
	if e.Hint != "" {
		s += "\nHINT: " + e.Hint
	}
	return s
}
