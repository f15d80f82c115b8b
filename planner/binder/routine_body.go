package binder

import (
	"strings"
	"sync"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
)

// RoutineStatements is a function's body as it was parsed; read-only.
type RoutineStatements struct {
	Stmts []ast.RawStmt
	// writes: a statement writes, or locks rows; calls are the names of the functions
	// that statements call.
	writes bool
	calls  []string
}

// bodyCache keeps parsed bodies by their text.
var bodyCache = struct {
	sync.Mutex
	bodies map[string]*RoutineStatements
}{}

// maxBodies bounds the bodies kept.
const maxBodies = 512

// RoutineBody parses a function's body.
func RoutineBody(r *catalog.Function) (*RoutineStatements, error) {
	text := r.Body
	if r.Standard() {
		text = strings.Join(r.Queries, ";\n")
	}
	bodyCache.Lock()
	body := bodyCache.bodies[text]
	bodyCache.Unlock()
	if body != nil {
		return body, nil
	}
	stmts, err := parser.Parse(text)
	if err != nil {
		return nil, err
	}
	body = &RoutineStatements{Stmts: stmts}
	for i := range stmts {
		body.look(stmts[i].Stmt)
	}
	bodyCache.Lock()
	defer bodyCache.Unlock()
	if bodyCache.bodies == nil || len(bodyCache.bodies) >= maxBodies {
		bodyCache.bodies = map[string]*RoutineStatements{}
	}
	bodyCache.bodies[text] = body
	return body, nil
}

// look notes what a part of the body does.
func (r *RoutineStatements) look(n any) {
	switch n := n.(type) {
	case *ast.Select:
		r.writes = r.writes || n.Locking != nil || n.Into != nil
	case *ast.FuncCall:
		r.calls = append(r.calls, n.Name[len(n.Name)-1])
	case ast.Statement:
		r.writes = true
	}
	ast.Children(n, r.look)
}

// mayWrite reports whether a call of a function may write: a volatile one does whose body,
// or a function that it may call, has a statement that does. What views call is not looked at.
func (b *Binder) mayWrite(r *catalog.Function) bool {
	return b.writesIn(r, map[*catalog.Function]bool{})
}

func (b *Binder) writesIn(r *catalog.Function, seen map[*catalog.Function]bool) bool {
	if seen[r] || r.Volatility != 'v' {
		return false
	}
	seen[r] = true
	body, err := RoutineBody(r)
	if err != nil {
		return true
	}
	if body.writes {
		return true
	}
	for _, name := range body.calls {
		for _, sch := range b.cat.Schemas() {
			for _, f := range b.cat.FunctionsNamed(sch.ID, name) {
				if b.writesIn(f, seen) {
					return true
				}
			}
		}
	}
	return false
}

// StoredPath is the search path of a stored query with pg_catalog in it.
func StoredPath(stored, current []string) []string { return viewPath(stored, current) }
