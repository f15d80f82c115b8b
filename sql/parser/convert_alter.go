package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
)

// alterStmt converts the ALTER statements.
func (c *converter) alterStmt(kind int, m msg) ast.Statement {
	switch kind {
	case nAlterTableStmt:
		return c.alterTable(m)
	case nRenameStmt:
		return c.rename(m)
	case nAlterObjectSchemaStmt:
		return &ast.AlterObjectSchema{
			Kind:     objectKind(m.num(fAlterObjectSchemaStmtObjectType)),
			Relation: c.rangeVar(m.sub(fAlterObjectSchemaStmtRelation)),
			Object:   c.object(m.sub(fAlterObjectSchemaStmtObject)), NewSchema: m.text(fAlterObjectSchemaStmtNewschema),
			IfExists: m.flag(fAlterObjectSchemaStmtMissingOk),
		}
	case nAlterOwnerStmt:
		return &ast.AlterOwnerTo{
			Kind:     objectKind(m.num(fAlterOwnerStmtObjectType)),
			Relation: c.rangeVar(m.sub(fAlterOwnerStmtRelation)),
			Object:   c.object(m.sub(fAlterOwnerStmtObject)), Owner: c.roleSpec(m.sub(fAlterOwnerStmtNewowner)),
		}
	case nAlterSeqStmt:
		return &ast.AlterSequence{
			Sequence: c.rangeVar(m.sub(fAlterSeqStmtSequence)), Options: c.options(m, fAlterSeqStmtOptions),
			IfExists: m.flag(fAlterSeqStmtMissingOk),
		}
	case nAlterDatabaseStmt:
		return &ast.AlterDatabase{
			Name: m.text(fAlterDatabaseStmtDbname), Options: c.options(m, fAlterDatabaseStmtOptions),
		}
	case nAlterDatabaseSetStmt:
		return &ast.AlterDatabase{
			Name: m.text(fAlterDatabaseSetStmtDbname), Set: c.set(m.sub(fAlterDatabaseSetStmtSetstmt)),
		}
	case nAlterRoleStmt:
		return &ast.AlterRole{
			Role: c.roleSpec(m.sub(fAlterRoleStmtRole)), Options: c.options(m, fAlterRoleStmtOptions),
			DropMember: m.num(fAlterRoleStmtAction) < 0,
		}
	case nAlterRoleSetStmt:
		return &ast.AlterRoleSet{
			Role: c.roleSpec(m.sub(fAlterRoleSetStmtRole)), Database: m.text(fAlterRoleSetStmtDatabase),
			Set: c.set(m.sub(fAlterRoleSetStmtSetstmt)),
		}
	}
	return c.alterOther(kind, m)
}

func (c *converter) rename(m msg) ast.Statement {
	r := &ast.Rename{
		Kind:     objectKind(m.num(fRenameStmtRenameType)),
		Relation: c.rangeVar(m.sub(fRenameStmtRelation)), Object: c.object(m.sub(fRenameStmtObject)),
		Name: m.text(fRenameStmtSubname), NewName: m.text(fRenameStmtNewname),
		Cascade: cascade(m, fRenameStmtBehavior), IfExists: m.flag(fRenameStmtMissingOk),
	}
	switch r.Kind {
	case ast.ObjectColumn, ast.ObjectAttribute:
		r.RelationKind = objectKind(m.num(fRenameStmtRelationType))
	case ast.ObjectTableConstraint:
		r.RelationKind = ast.ObjectTable
	}
	if r.Kind == ast.ObjectAttribute {
		r.Relation.Only = false // a type's name has no ONLY
	}
	return r
}

func (c *converter) alterOther(kind int, m msg) ast.Statement {
	switch kind {
	case nAlterSystemStmt:
		return &ast.AlterSystem{Set: c.set(m.sub(fAlterSystemStmtSetstmt))}
	case nAlterEnumStmt:
		return &ast.AlterEnum{
			Name: names(m, fAlterEnumStmtTypeName), OldValue: m.text(fAlterEnumStmtOldVal),
			Value: m.text(fAlterEnumStmtNewVal), Neighbor: m.text(fAlterEnumStmtNewValNeighbor),
			After: m.flag(fAlterEnumStmtNewValIsAfter), IfNotExists: m.flag(fAlterEnumStmtSkipIfNewValExists),
		}
	case nAlterDomainStmt:
		d := &ast.AlterDomain{
			Kind: ast.AlterDomainKind(m.char(fAlterDomainStmtSubtype)), Name: names(m, fAlterDomainStmtTypeName),
			ConName: m.text(fAlterDomainStmtName), Cascade: cascade(m, fAlterDomainStmtBehavior),
			IfExists: m.flag(fAlterDomainStmtMissingOk),
		}
		def := m.sub(fAlterDomainStmtDef)
		if kind, body := def.node(); kind == nConstraint {
			d.Constraint = c.constraint(body)
		} else {
			d.Default, d.DefaultText = c.expr(def), c.exprText(def)
		}
		return d
	case nAlterDefaultPrivilegesStmt:
		return &ast.AlterDefaultPrivileges{
			Options: c.options(m, fAlterDefaultPrivilegesStmtOptions),
			Grant:   c.grant(m.sub(fAlterDefaultPrivilegesStmtAction)),
		}
	case nAlterFunctionStmt:
		f := m.sub(fAlterFunctionStmtFunc)
		return &ast.AlterFunction{
			Kind: objectKind(m.num(fAlterFunctionStmtObjtype)),
			Func: &ast.ObjectRef{
				Names: names(f, fObjectWithArgsObjname), Args: c.typeNames(f, fObjectWithArgsObjargs),
				ArgsUnspecified: f.flag(fObjectWithArgsArgsUnspecified),
			},
			Options: c.options(m, fAlterFunctionStmtActions),
		}
	}
	return nil
}

var alterKinds = map[int]ast.AlterKind{
	eAtAddColumn: ast.AlterAddColumn, eAtDropNotNull: ast.AlterDropNotNull,
	eAtSetNotNull: ast.AlterSetNotNull, eAtSetExpression: ast.AlterSetExpression,
	eAtDropExpression: ast.AlterDropExpression, eAtSetStatistics: ast.AlterSetStatistics,
	eAtSetOptions: ast.AlterSetColumnOptions, eAtResetOptions: ast.AlterResetColumnOptions,
	eAtSetStorage: ast.AlterSetStorage, eAtSetCompression: ast.AlterSetCompression,
	eAtDropColumn: ast.AlterDropColumn, eAtAddConstraint: ast.AlterAddConstraint,
	eAtAlterConstraint: ast.AlterAlterConstraint, eAtValidateConstraint: ast.AlterValidateConstraint,
	eAtDropConstraint: ast.AlterDropConstraint, eAtAlterColumnType: ast.AlterColumnType,
	eAtAlterColumnGenericOptions: ast.AlterColumnGenericOption, eAtChangeOwner: ast.AlterOwner,
	eAtClusterOn: ast.AlterClusterOn, eAtDropCluster: ast.AlterDropCluster,
	eAtSetLogged: ast.AlterSetLogged, eAtSetUnLogged: ast.AlterSetUnlogged,
	eAtDropOids: ast.AlterSetWithoutOIDs, eAtSetAccessMethod: ast.AlterSetAccessMethod,
	eAtSetTableSpace: ast.AlterSetTablespace, eAtSetRelOptions: ast.AlterSetOptions,
	eAtResetRelOptions: ast.AlterResetOptions, eAtReplaceRelOptions: ast.AlterSetOptions,
	eAtEnableTrig: ast.AlterEnableTrigger, eAtEnableAlwaysTrig: ast.AlterEnableTrigger,
	eAtEnableReplicaTrig: ast.AlterEnableTrigger, eAtDisableTrig: ast.AlterDisableTrigger,
	eAtEnableTrigAll: ast.AlterEnableTrigger, eAtDisableTrigAll: ast.AlterDisableTrigger,
	eAtEnableTrigUser: ast.AlterEnableTrigger, eAtDisableTrigUser: ast.AlterDisableTrigger,
	eAtEnableRule: ast.AlterEnableRule, eAtEnableAlwaysRule: ast.AlterEnableRule,
	eAtEnableReplicaRule: ast.AlterEnableRule, eAtDisableRule: ast.AlterDisableRule,
	eAtAddInherit: ast.AlterInherit, eAtDropInherit: ast.AlterNoInherit, eAtAddOf: ast.AlterOf,
	eAtDropOf: ast.AlterNotOf, eAtReplicaIdentity: ast.AlterReplicaIdentity,
	eAtEnableRowSecurity: ast.AlterEnableRowSecurity, eAtDisableRowSecurity: ast.AlterDisableRowSecurity,
	eAtForceRowSecurity: ast.AlterForceRowSecurity, eAtNoForceRowSecurity: ast.AlterNoForceRowSecurity,
	eAtGenericOptions: ast.AlterGenericOptions, eAtAttachPartition: ast.AlterAttachPartition,
	eAtDetachPartition: ast.AlterDetachPartition, eAtDetachPartitionFinalize: ast.AlterDetachFinalize,
	eAtAddIdentity: ast.AlterAddIdentity, eAtSetIdentity: ast.AlterSetIdentity,
	eAtDropIdentity: ast.AlterDropIdentity,
}

func (c *converter) alterTable(m msg) ast.Statement {
	t := &ast.AlterTable{
		Kind: objectKind(m.num(fAlterTableStmtObjtype)), Table: c.rangeVar(m.sub(fAlterTableStmtRelation)),
		IfExists: m.flag(fAlterTableStmtMissingOk),
	}
	if t.Kind == ast.ObjectType {
		t.Table.Only = false // a type's name has no ONLY
	}
	for item := range m.each(fAlterTableStmtCmds) {
		_, cmd := item.node()
		t.Cmds = append(t.Cmds, c.alterCmd(cmd))
	}
	return t
}

func (c *converter) alterCmd(m msg) *ast.AlterCmd {
	subtype := m.num(fAlterTableCmdSubtype)
	a := &ast.AlterCmd{
		Kind: alterKinds[subtype], Name: m.text(fAlterTableCmdName), Num: m.num(fAlterTableCmdNum),
		Owner: c.roleSpec(m.sub(fAlterTableCmdNewowner)), Cascade: cascade(m, fAlterTableCmdBehavior),
		IfExists: m.flag(fAlterTableCmdMissingOk),
	}
	def := m.sub(fAlterTableCmdDef)
	switch subtype {
	case eAtAddColumn:
		a.IfExists, a.IfNotExists = false, a.IfExists
	case eAtSetStatistics:
		a.Default = c.expr(def)
		return a
	case eAtColumnDefault, eAtSetExpression:
		a.Default, a.DefaultText = c.expr(def), c.exprText(def)
		if subtype == eAtColumnDefault {
			a.Kind = ast.AlterSetDefault
			if a.Default == nil {
				a.Kind = ast.AlterDropDefault
			}
		}
		return a
	}
	c.alterDef(a, def)
	return a
}

// alterDef puts a subcommand's definition where its type belongs.
func (c *converter) alterDef(a *ast.AlterCmd, def msg) {
	switch kind, m := def.node(); kind {
	case nColumnDef:
		a.Column = c.columnDef(m)
		using := m.sub(fColumnDefRawDefault)
		a.Using, a.UsingText = c.expr(using), c.exprText(using)
	case nConstraint:
		a.Constraint = c.constraint(m)
		if a.Kind == ast.AlterAlterConstraint {
			a.Constraint.Pos = ast.At(-1) // the grammar leaves it out
		}
	case nList:
		a.Options = c.options(m, fListItems)
	case nString:
		a.Text = m.text(fStringSval)
	case nRangeVar:
		a.Table = c.rangeVar(m)
	case nTypeName:
		a.Column = &ast.ColumnDef{Type: c.typeName(m)}
	case nReplicaIdentityStmt:
		a.Text, a.Name = m.text(fReplicaIdentityStmtIdentityType), m.text(fReplicaIdentityStmtName)
	case nPartitionCmd:
		a.Table = c.rangeVar(m.sub(fPartitionCmdName))
		a.Bound = c.partitionBound(m.sub(fPartitionCmdBound))
		a.Concurrently = m.flag(fPartitionCmdConcurrent)
	}
}
