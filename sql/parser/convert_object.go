package parser

import (
	"github.com/tidemarkdb/tidemark/sql/ast"
)

var objectKinds = map[int]ast.ObjectKind{
	eObjectAccessMethod: ast.ObjectAccessMethod, eObjectAggregate: ast.ObjectAggregate,
	eObjectAttribute: ast.ObjectAttribute, eObjectCast: ast.ObjectCast, eObjectColumn: ast.ObjectColumn,
	eObjectCollation: ast.ObjectCollation, eObjectConversion: ast.ObjectConversion,
	eObjectDatabase: ast.ObjectDatabase, eObjectDomain: ast.ObjectDomain,
	eObjectDomconstraint: ast.ObjectDomainConstraint, eObjectEventTrigger: ast.ObjectEventTrigger,
	eObjectExtension: ast.ObjectExtension, eObjectFdw: ast.ObjectForeignData,
	eObjectForeignServer: ast.ObjectForeignServer, eObjectForeignTable: ast.ObjectForeignTable,
	eObjectFunction: ast.ObjectFunction, eObjectIndex: ast.ObjectIndex, eObjectLanguage: ast.ObjectLanguage,
	eObjectLargeobject: ast.ObjectLargeObject, eObjectMatview: ast.ObjectMaterializedView,
	eObjectOpclass: ast.ObjectOpClass, eObjectOperator: ast.ObjectOperator,
	eObjectOpfamily: ast.ObjectOpFamily, eObjectParameterAcl: ast.ObjectParameter,
	eObjectPolicy: ast.ObjectPolicy, eObjectProcedure: ast.ObjectProcedure,
	eObjectPublication: ast.ObjectPublication, eObjectRole: ast.ObjectRole, eObjectRoutine: ast.ObjectRoutine,
	eObjectRule: ast.ObjectRule, eObjectSchema: ast.ObjectSchema, eObjectSequence: ast.ObjectSequence,
	eObjectSubscription: ast.ObjectSubscription, eObjectStatisticExt: ast.ObjectStatistics,
	eObjectTabconstraint: ast.ObjectTableConstraint, eObjectTable: ast.ObjectTable,
	eObjectTablespace: ast.ObjectTablespace, eObjectTransform: ast.ObjectTransform,
	eObjectTrigger: ast.ObjectTrigger, eObjectTsconfiguration: ast.ObjectTSConfig,
	eObjectTsdictionary: ast.ObjectTSDictionary, eObjectTsparser: ast.ObjectTSParser,
	eObjectTstemplate: ast.ObjectTSTemplate, eObjectType: ast.ObjectType,
	eObjectUserMapping: ast.ObjectUserMapping, eObjectView: ast.ObjectView,
}

func objectKind(v int) ast.ObjectKind {
	if kind, ok := objectKinds[v]; ok {
		return kind
	}
	return ast.ObjectUnknown
}

// object converts what a statement names an object with.
func (c *converter) object(node msg) *ast.ObjectRef {
	kind, m := node.node()
	switch kind {
	case 0:
		return nil
	case nString:
		return &ast.ObjectRef{Names: []string{m.text(fStringSval)}}
	case nTypeName:
		t := c.typeName(m)
		return &ast.ObjectRef{Pos: t.Pos, Names: t.Names, Type: t}
	case nObjectWithArgs:
		return &ast.ObjectRef{
			Names: names(m, fObjectWithArgsObjname), Args: c.typeNames(m, fObjectWithArgsObjargs),
			ArgsUnspecified: m.flag(fObjectWithArgsArgsUnspecified),
		}
	case nInteger, nFloat:
		return &ast.ObjectRef{Names: []string{c.value(kind, m).Text}}
	case nRangeVar:
		r := c.rangeVar(m)
		ref := &ast.ObjectRef{Pos: r.Pos, Names: []string{r.Name}}
		if r.Schema != "" {
			ref.Names = []string{r.Schema, r.Name}
		}
		return ref
	}
	ref := &ast.ObjectRef{}
	for item := range m.each(fListItems) {
		switch kind, body := item.node(); kind {
		case nString:
			ref.Names = append(ref.Names, body.text(fStringSval))
		case nTypeName: // of a cast, a transform or a domain's constraint
			if ref.Type == nil {
				ref.Type = c.typeName(body)
				continue
			}
			ref.Args = append(ref.Args, c.typeName(body))
		}
	}
	return ref
}

func (c *converter) objects(m msg, field int) []*ast.ObjectRef {
	var list []*ast.ObjectRef
	for item := range m.each(field) {
		list = append(list, c.object(item))
	}
	return list
}

func (c *converter) roleSpec(m msg) *ast.RoleSpec {
	if m == nil {
		return nil
	}
	r := &ast.RoleSpec{Pos: c.pos(m, fRoleSpecLocation), Name: m.text(fRoleSpecRolename)}
	switch m.num(fRoleSpecRoletype) {
	case eRolespecCurrentRole:
		r.Kind = ast.RoleCurrentRole
	case eRolespecCurrentUser:
		r.Kind = ast.RoleCurrentUser
	case eRolespecSessionUser:
		r.Kind = ast.RoleSessionUser
	case eRolespecPublic:
		r.Kind = ast.RolePublic
	}
	return r
}

func (c *converter) roleSpecs(m msg, field int) []*ast.RoleSpec {
	var list []*ast.RoleSpec
	for item := range m.each(field) {
		_, r := item.node()
		list = append(list, c.roleSpec(r))
	}
	return list
}

// objectStmt converts the statements that create, drop, describe and grant
// objects other than relations.
func (c *converter) objectStmt(kind int, m msg) ast.Statement {
	switch kind {
	case nDropStmt:
		return &ast.Drop{
			Kind: objectKind(m.num(fDropStmtRemoveType)), Objects: c.objects(m, fDropStmtObjects),
			IfExists: m.flag(fDropStmtMissingOk), Cascade: cascade(m, fDropStmtBehavior),
			Concurrently: m.flag(fDropStmtConcurrent),
		}
	case nDropdbStmt:
		return &ast.DropDatabase{
			Name: m.text(fDropdbStmtDbname), IfExists: m.flag(fDropdbStmtMissingOk),
			Options: c.options(m, fDropdbStmtOptions),
		}
	case nDropRoleStmt:
		return &ast.DropRole{Roles: c.roleSpecs(m, fDropRoleStmtRoles), IfExists: m.flag(fDropRoleStmtMissingOk)}
	case nDropOwnedStmt:
		return &ast.DropOwned{
			Roles: c.roleSpecs(m, fDropOwnedStmtRoles), Cascade: cascade(m, fDropOwnedStmtBehavior),
		}
	case nReassignOwnedStmt:
		return &ast.ReassignOwned{
			Roles: c.roleSpecs(m, fReassignOwnedStmtRoles), NewRole: c.roleSpec(m.sub(fReassignOwnedStmtNewrole)),
		}
	case nCommentStmt:
		s := &ast.Comment{Kind: objectKind(m.num(fCommentStmtObjtype)), Object: c.object(m.sub(fCommentStmtObject))}
		if text := m.text(fCommentStmtComment); text != "" {
			s.Text = &text
		}
		return s
	case nGrantStmt:
		return c.grant(m)
	case nGrantRoleStmt:
		return &ast.GrantRole{
			Revoke: !m.flag(fGrantRoleStmtIsGrant), Roles: c.privileges(m, fGrantRoleStmtGrantedRoles),
			Grantees: c.roleSpecs(m, fGrantRoleStmtGranteeRoles), Options: c.options(m, fGrantRoleStmtOpt),
			GrantedBy: c.roleSpec(m.sub(fGrantRoleStmtGrantor)), Cascade: cascade(m, fGrantRoleStmtBehavior),
		}
	}
	return c.createObject(kind, m)
}

func (c *converter) privileges(m msg, field int) []*ast.Privilege {
	var list []*ast.Privilege
	for item := range m.each(field) {
		_, p := item.node()
		list = append(list, &ast.Privilege{Name: p.text(fAccessPrivPrivName), Columns: names(p, fAccessPrivCols)})
	}
	return list
}

func (c *converter) grant(m msg) *ast.Grant {
	if m == nil {
		return nil
	}
	target := m.num(fGrantStmtTargtype)
	g := &ast.Grant{
		Revoke:      !m.flag(fGrantStmtIsGrant),
		Kind:        objectKind(m.num(fGrantStmtObjtype)),
		AllInSchema: target == eAclTargetAllInSchema,
		Defaults:    target == eAclTargetDefaults,
		Privileges:  c.privileges(m, fGrantStmtPrivileges),
		Grantees:    c.roleSpecs(m, fGrantStmtGrantees),
		GrantOption: m.flag(fGrantStmtGrantOption),
		GrantedBy:   c.roleSpec(m.sub(fGrantStmtGrantor)),
		Cascade:     cascade(m, fGrantStmtBehavior),
	}
	for item := range m.each(fGrantStmtObjects) {
		if kind, r := item.node(); kind == nRangeVar {
			g.Tables = append(g.Tables, c.rangeVar(r))
			continue
		}
		g.Objects = append(g.Objects, c.object(item))
	}
	return g
}
