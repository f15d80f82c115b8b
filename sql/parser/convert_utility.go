package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
)

func (c *converter) options(m msg, field int) []*ast.Option {
	var list []*ast.Option
	for item := range m.each(field) {
		_, d := item.node()
		list = append(list, c.option(d))
	}
	return list
}

func (c *converter) option(m msg) *ast.Option {
	o := &ast.Option{
		Pos: c.pos(m, fDefElemLocation), Namespace: m.text(fDefElemDefnamespace), Name: m.text(fDefElemDefname),
	}
	if action := m.num(fDefElemDefaction); action > eDefelemUnspec {
		o.Action = ast.OptionAction(action - eDefelemUnspec)
	}
	arg := m.sub(fDefElemArg)
	kind, body := arg.node()
	switch {
	case kind == nVariableSetStmt:
		o.Set = c.set(body)
	case kind == nRoleSpec:
		o.Roles = []*ast.RoleSpec{c.roleSpec(body)}
	case kind == nList && isRoleList(body):
		o.Roles = c.roleSpecs(body, fListItems)
	default:
		o.Arg = c.expr(arg)
	}
	return o
}

func isRoleList(list msg) bool {
	for item := range list.each(fListItems) {
		kind, _ := item.node()
		return kind == nRoleSpec
	}
	return false
}

// utility converts the statements about the session and about upkeep.
func (c *converter) utility(kind int, m msg) ast.Statement {
	switch kind {
	case nTransactionStmt:
		return &ast.Transaction{
			Pos: c.pos(m, fTransactionStmtLocation), Kind: ast.TransactionKind(m.num(fTransactionStmtKind) - eTransStmtBegin),
			Modes: c.options(m, fTransactionStmtOptions), Name: m.text(fTransactionStmtSavepointName),
			GID: m.text(fTransactionStmtGid), Chain: m.flag(fTransactionStmtChain),
		}
	case nVariableSetStmt:
		return c.set(m)
	case nVariableShowStmt:
		return &ast.Show{Name: m.text(fVariableShowStmtName)}
	case nDiscardStmt:
		return &ast.Discard{Kind: ast.DiscardKind(m.num(fDiscardStmtTarget) - eDiscardAll)}
	case nConstraintsSetStmt:
		return &ast.SetConstraints{
			Names: c.rangeVars(m, fConstraintsSetStmtConstraints), Deferred: m.flag(fConstraintsSetStmtDeferred),
		}
	case nPrepareStmt:
		return &ast.Prepare{
			Name: m.text(fPrepareStmtName), Types: c.typeNames(m, fPrepareStmtArgtypes),
			Stmt: c.stmt(m.sub(fPrepareStmtQuery)),
		}
	case nExecuteStmt:
		return &ast.Execute{Name: m.text(fExecuteStmtName), Args: c.exprs(m, fExecuteStmtParams)}
	case nDeallocateStmt:
		return &ast.Deallocate{Name: m.text(fDeallocateStmtName), All: m.flag(fDeallocateStmtIsall)}
	case nDeclareCursorStmt:
		return c.declareCursor(m)
	case nFetchStmt:
		return &ast.Fetch{
			Dir: ast.FetchDir(m.num(fFetchStmtDirection) - eFetchForward), Count: int64(m.num(fFetchStmtHowMany)),
			Name: m.text(fFetchStmtPortalname), Move: m.flag(fFetchStmtIsmove),
		}
	case nClosePortalStmt:
		name := m.text(fClosePortalStmtPortalname)
		return &ast.CloseCursor{Name: name, All: name == ""}
	case nExplainStmt:
		return &ast.Explain{Options: c.options(m, fExplainStmtOptions), Stmt: c.stmt(m.sub(fExplainStmtQuery))}
	case nCopyStmt:
		return c.copyStmt(m)
	case nTruncateStmt:
		return &ast.Truncate{
			Tables: c.rangeVars(m, fTruncateStmtRelations), RestartIdentity: m.flag(fTruncateStmtRestartSeqs),
			Cascade: cascade(m, fTruncateStmtBehavior),
		}
	case nCallStmt:
		return &ast.Call{Func: c.funcCall(m.sub(fCallStmtFunccall))}
	case nDoStmt:
		return c.do(m)
	}
	return c.upkeep(kind, m)
}

func (c *converter) upkeep(kind int, m msg) ast.Statement {
	switch kind {
	case nVacuumStmt:
		return c.vacuum(m)
	case nReindexStmt:
		return &ast.Reindex{
			Kind: reindexKinds[m.num(fReindexStmtKind)], Table: c.rangeVar(m.sub(fReindexStmtRelation)),
			Name: m.text(fReindexStmtName), Options: c.options(m, fReindexStmtParams),
		}
	case nClusterStmt:
		return &ast.Cluster{
			Table: c.rangeVar(m.sub(fClusterStmtRelation)), Index: m.text(fClusterStmtIndexname),
			Options: c.options(m, fClusterStmtParams),
		}
	case nCheckPointStmt:
		return &ast.Checkpoint{}
	case nLockStmt:
		return &ast.Lock{
			Tables: c.rangeVars(m, fLockStmtRelations), Mode: ast.LockMode(m.num(fLockStmtMode)),
			NoWait: m.flag(fLockStmtNowait),
		}
	case nListenStmt:
		return &ast.Listen{Channel: m.text(fListenStmtConditionname)}
	case nUnlistenStmt:
		return &ast.Unlisten{Channel: m.text(fUnlistenStmtConditionname)}
	case nNotifyStmt:
		return &ast.Notify{Channel: m.text(fNotifyStmtConditionname), Payload: m.text(fNotifyStmtPayload)}
	}
	return nil
}

var reindexKinds = map[int]ast.ObjectKind{
	eReindexObjectIndex: ast.ObjectIndex, eReindexObjectTable: ast.ObjectTable,
	eReindexObjectSchema: ast.ObjectSchema, eReindexObjectSystem: ast.ObjectSystem,
	eReindexObjectDatabase: ast.ObjectDatabase,
}

func (c *converter) typeNames(m msg, field int) []*ast.TypeName {
	var list []*ast.TypeName
	for item := range m.each(field) {
		_, t := item.node()
		list = append(list, c.typeName(t)) // nil for NONE of an operator
	}
	return list
}

func (c *converter) set(m msg) *ast.Set {
	s := &ast.Set{
		Kind: ast.SetKind(m.num(fVariableSetStmtKind) - eVarSetValue), Name: m.text(fVariableSetStmtName),
		Local: m.flag(fVariableSetStmtIsLocal),
	}
	for arg := range m.each(fVariableSetStmtArgs) {
		if kind, d := arg.node(); kind == nDefElem {
			s.Modes = append(s.Modes, c.option(d))
			continue
		}
		s.Args = append(s.Args, c.expr(arg))
	}
	return s
}

// Bits of DeclareCursorStmt.options (nodes/parsenodes.h).
const (
	cursorBinary      = 0x01
	cursorScroll      = 0x02
	cursorNoScroll    = 0x04
	cursorInsensitive = 0x08
	cursorAsensitive  = 0x10
	cursorHold        = 0x20
)

func (c *converter) declareCursor(m msg) ast.Statement {
	options := m.num(fDeclareCursorStmtOptions)
	return &ast.DeclareCursor{
		Name:        m.text(fDeclareCursorStmtPortalname),
		Binary:      options&cursorBinary != 0,
		Scroll:      options&cursorScroll != 0,
		NoScroll:    options&cursorNoScroll != 0,
		Insensitive: options&cursorInsensitive != 0,
		Asensitive:  options&cursorAsensitive != 0,
		Hold:        options&cursorHold != 0,
		Query:       c.stmt(m.sub(fDeclareCursorStmtQuery)),
	}
}

func (c *converter) vacuum(m msg) ast.Statement {
	v := &ast.Vacuum{Analyze: !m.flag(fVacuumStmtIsVacuumcmd), Options: c.options(m, fVacuumStmtOptions)}
	for item := range m.each(fVacuumStmtRels) {
		_, r := item.node()
		v.Tables = append(v.Tables, &ast.VacuumTable{
			Table: c.rangeVar(r.sub(fVacuumRelationRelation)), Columns: names(r, fVacuumRelationVaCols),
		})
	}
	return v
}
