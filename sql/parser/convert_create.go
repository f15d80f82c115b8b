package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
)

// createObject converts the CREATE statements that make no relation.
func (c *converter) createObject(kind int, m msg) ast.Statement {
	switch kind {
	case nCreateSchemaStmt:
		s := &ast.CreateSchema{
			Name: m.text(fCreateSchemaStmtSchemaname), Owner: c.roleSpec(m.sub(fCreateSchemaStmtAuthrole)),
			IfNotExists: m.flag(fCreateSchemaStmtIfNotExists),
		}
		for item := range m.each(fCreateSchemaStmtSchemaElts) {
			s.Elements = append(s.Elements, c.stmt(item))
		}
		return s
	case nCreatedbStmt:
		return &ast.CreateDatabase{Name: m.text(fCreatedbStmtDbname), Options: c.options(m, fCreatedbStmtOptions)}
	case nCreateSeqStmt:
		return &ast.CreateSequence{
			Sequence: c.rangeVar(m.sub(fCreateSeqStmtSequence)), Options: c.options(m, fCreateSeqStmtOptions),
			IfNotExists: m.flag(fCreateSeqStmtIfNotExists),
		}
	case nCreateRoleStmt:
		words := map[int]string{eRolestmtRole: "ROLE", eRolestmtUser: "USER", eRolestmtGroup: "GROUP"}
		return &ast.CreateRole{
			Word: words[m.num(fCreateRoleStmtStmtType)], Name: m.text(fCreateRoleStmtRole),
			Options: c.options(m, fCreateRoleStmtOptions),
		}
	case nCreateEnumStmt:
		return &ast.CreateEnum{Name: names(m, fCreateEnumStmtTypeName), Labels: names(m, fCreateEnumStmtVals)}
	case nCompositeTypeStmt:
		name := c.rangeVar(m.sub(fCompositeTypeStmtTypevar))
		name.Only = false // a type's name has no ONLY
		return &ast.CreateComposite{Name: name, Columns: c.columnDefs(m, fCompositeTypeStmtColdeflist)}
	case nCreateDomainStmt:
		return &ast.CreateDomain{
			Name: names(m, fCreateDomainStmtDomainname), Type: c.typeName(m.sub(fCreateDomainStmtTypeName)),
			Collation:   names(m.sub(fCreateDomainStmtCollClause), fCollateClauseCollname),
			Constraints: c.constraints(m, fCreateDomainStmtConstraints),
		}
	case nAlterExtensionStmt:
		return &ast.AlterExtension{Name: m.text(fAlterExtensionStmtExtname), Options: c.options(m, fAlterExtensionStmtOptions)}
	case nCreateExtensionStmt:
		return &ast.CreateExtension{
			Name: m.text(fCreateExtensionStmtExtname), IfNotExists: m.flag(fCreateExtensionStmtIfNotExists),
			Options: c.options(m, fCreateExtensionStmtOptions),
		}
	case nCreateFunctionStmt:
		return c.createFunction(m)
	}
	return nil
}

func (c *converter) createFunction(m msg) ast.Statement {
	f := &ast.CreateFunction{
		Procedure: m.flag(fCreateFunctionStmtIsProcedure),
		Replace:   m.flag(fCreateFunctionStmtReplace),
		Name:      names(m, fCreateFunctionStmtFuncname),
		Returns:   c.typeName(m.sub(fCreateFunctionStmtReturnType)),
		Options:   c.options(m, fCreateFunctionStmtOptions),
	}
	for item := range m.each(fCreateFunctionStmtParameters) {
		_, p := item.node()
		def := p.sub(fFunctionParameterDefexpr)
		f.Params = append(f.Params, &ast.FuncParam{
			Name: p.text(fFunctionParameterName), Type: c.typeName(p.sub(fFunctionParameterArgType)),
			Mode: paramModes[p.num(fFunctionParameterMode)], Default: c.expr(def), DefaultText: c.exprText(def),
		})
	}
	f.Body = c.body(nil, m.sub(fCreateFunctionStmtSqlBody))
	return f
}

var paramModes = map[int]ast.ParamMode{
	eFuncParamIn: ast.ParamIn, eFuncParamOut: ast.ParamOut, eFuncParamInout: ast.ParamInOut,
	eFuncParamVariadic: ast.ParamVariadic, eFuncParamTable: ast.ParamTable, eFuncParamDefault: ast.ParamDefault,
}

// body flattens the lists that a BEGIN ATOMIC body consists of.
func (c *converter) body(list []ast.Statement, node msg) []ast.Statement {
	switch kind, m := node.node(); kind {
	case 0:
		return list
	case nList:
		for item := range m.each(fListItems) {
			list = c.body(list, item)
		}
		return list
	case nReturnStmt:
		return append(list, &ast.Select{Targets: []*ast.Target{{Expr: c.field(m, fReturnStmtReturnval)}}})
	}
	return append(list, c.stmt(node))
}
