package ddl

import (
	"maps"
	"slices"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// createRole executes CREATE ROLE, USER and GROUP.
func createRole(env *Env, st *ast.CreateRole) error {
	r := &catalog.Role{Name: st.Name, Inherit: true, Login: st.Word == "USER", ConnLimit: -1}
	members, err := roleOptions(env, r, st.Options)
	if err != nil {
		return err
	}
	if err := env.Editor.CreateRole(r); err != nil {
		return err
	}
	return addMembers(env, r, members)
}

// roleOptions applies the options of CREATE and ALTER ROLE and returns the
// roles that are to be members.
func roleOptions(env *Env, r *catalog.Role, opts []*ast.Option) ([]*catalog.Role, error) {
	var members []*catalog.Role
	seen := map[string]bool{}
	for _, o := range opts {
		if seen[o.Name] {
			return nil, pgerror.New(pgerror.SyntaxError, "conflicting or redundant options").At(o.Loc())
		}
		seen[o.Name] = true
		on, _ := o.Bool()
		switch o.Name {
		case "superuser":
			r.Super = on
		case "inherit":
			r.Inherit = on
		case "createrole":
			r.CreateRole = on
		case "createdb":
			r.CreateDB = on
		case "canlogin":
			r.Login = on
		case "isreplication":
			r.Replication = on
		case "bypassrls":
			r.BypassRLS = on
		case "connectionlimit":
			c, ok := o.Arg.(*ast.Const)
			if !ok || c.Int < -1 {
				return nil, pgerror.New(pgerror.InvalidParameterValue, "invalid connection limit: %s", o.Text())
			}
			r.ConnLimit = int(c.Int)
		case "validUntil":
			r.ValidUntil = o.Text()
		case "password":
			if o.Arg != nil && o.Text() != "" {
				return nil, pgerror.Unsupported("PASSWORD of a role")
			}
			r.Password = ""
		case "sysid":
			env.Notice(pgerror.NewNotice("SYSID can no longer be specified"))
		case "addroleto", "rolemembers", "adminmembers":
			for _, spec := range o.Roles {
				m, err := resolveRole(env, spec)
				if err != nil {
					return nil, err
				}
				switch {
				case o.Name == "adminmembers":
					return nil, pgerror.Unsupported("ADMIN of a role")
				case o.Name == "addroleto":
					r.MemberOf = append(slices.Clone(r.MemberOf), m.ID)
				default:
					members = append(members, m)
				}
			}
		default:
			return nil, pgerror.Unsupported("role option %s", o.Name)
		}
	}
	return members, nil
}

func addMembers(env *Env, r *catalog.Role, members []*catalog.Role) error {
	for _, m := range members {
		if m.ID == r.ID {
			return pgerror.New(pgerror.InvalidGrantOperation, "role %q is a member of role %q", m.Name, r.Name)
		}
		next := *env.Editor.Snapshot().RoleByID(m.ID)
		if slices.Contains(next.MemberOf, r.ID) {
			continue
		}
		next.MemberOf = append(slices.Clone(next.MemberOf), r.ID)
		if err := env.Editor.UpdateRole(&next); err != nil {
			return err
		}
	}
	return nil
}

// alterRole executes ALTER ROLE with options and ALTER GROUP.
func alterRole(env *Env, st *ast.AlterRole) error {
	old, err := resolveRole(env, st.Role)
	if err != nil {
		return err
	}
	r := *old
	members, err := roleOptions(env, &r, st.Options)
	if err != nil {
		return err
	}
	if err := env.Editor.UpdateRole(&r); err != nil {
		return err
	}
	if !st.DropMember {
		return addMembers(env, &r, members)
	}
	for _, m := range members {
		if err := removeMember(env, &r, m); err != nil {
			return err
		}
	}
	return nil
}

func removeMember(env *Env, group, m *catalog.Role) error {
	next := *env.Editor.Snapshot().RoleByID(m.ID)
	if !slices.Contains(next.MemberOf, group.ID) {
		env.Notice(pgerror.NewWarning(pgerror.Warning, "role %q is not a member of role %q", m.Name, group.Name))
		return nil
	}
	next.MemberOf = slices.DeleteFunc(slices.Clone(next.MemberOf), func(id catalog.OID) bool { return id == group.ID })
	return env.Editor.UpdateRole(&next)
}

// dropRole executes DROP ROLE.
func dropRole(env *Env, st *ast.DropRole) error {
	for _, spec := range st.Roles {
		r := env.Editor.Snapshot().Role(spec.Name)
		if spec.Kind != ast.RoleName {
			return pgerror.New(pgerror.InvalidParameterValue, "cannot use special role specifier in DROP ROLE")
		}
		switch {
		case r == nil && st.IfExists:
			env.Notice(pgerror.NewNotice("role %q does not exist, skipping", spec.Name))
			continue
		case r == nil:
			return pgerror.New(pgerror.UndefinedObject, "role %q does not exist", spec.Name)
		case r.Name == env.User:
			return pgerror.New(pgerror.ObjectInUse, "current user cannot be dropped")
		}
		if err := env.Editor.DropRole(r.ID); err != nil {
			return err
		}
	}
	return nil
}

// alterRoleSet executes ALTER ROLE ... SET: the settings are kept with the role.
func alterRoleSet(env *Env, st *ast.AlterRoleSet) error {
	if st.Role == nil || st.Database != "" {
		return pgerror.Unsupported("ALTER ROLE ALL and IN DATABASE")
	}
	r, err := resolveRole(env, st.Role)
	if err != nil {
		return err
	}
	next := *r
	next.Config = maps.Clone(r.Config)
	if next.Config == nil {
		next.Config = map[string]string{}
	}
	switch st.Set.Kind {
	case ast.SetResetAll:
		next.Config = nil
	case ast.SetReset, ast.SetDefault:
		delete(next.Config, st.Set.Name)
	default:
		// The settings of a role are not applied at the start of a session yet.
		return pgerror.Unsupported("ALTER ROLE ... SET")
	}
	return env.Editor.UpdateRole(&next)
}

// grantRole executes GRANT and REVOKE of roles.
func grantRole(env *Env, st *ast.GrantRole) error {
	if len(st.Options) > 0 || st.GrantedBy != nil {
		return pgerror.Unsupported("ADMIN OPTION and GRANTED BY of roles")
	}
	for _, p := range st.Roles {
		group := env.Editor.Snapshot().Role(p.Name)
		if group == nil {
			return pgerror.New(pgerror.UndefinedObject, "role %q does not exist", p.Name)
		}
		for _, g := range st.Grantees {
			m, err := resolveRole(env, g)
			if err != nil {
				return err
			}
			if st.Revoke {
				err = removeMember(env, group, m)
			} else {
				err = grantMember(env, group, m)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func grantMember(env *Env, group, m *catalog.Role) error {
	snap := env.Editor.Snapshot()
	if isMember(snap, group.ID, m.ID) {
		return pgerror.New(pgerror.InvalidGrantOperation, "role %q is a member of role %q", group.Name, m.Name)
	}
	next := *snap.RoleByID(m.ID)
	if slices.Contains(next.MemberOf, group.ID) {
		env.Notice(pgerror.NewNotice("role %q is already a member of role %q", m.Name, group.Name))
		return nil
	}
	return addMembers(env, group, []*catalog.Role{m})
}

// isMember says whether a role is, or is inside of, another one.
func isMember(snap *catalog.Snapshot, id, of catalog.OID) bool {
	if id == of {
		return true
	}
	r := snap.RoleByID(id)
	return r != nil && slices.ContainsFunc(r.MemberOf, func(up catalog.OID) bool { return isMember(snap, up, of) })
}
