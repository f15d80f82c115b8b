package ast

import "strings"

// OptionAction is what ALTER ... OPTIONS does with an option.
type OptionAction uint8

// The actions.
const (
	OptionUnspecified OptionAction = iota
	OptionSet
	OptionAdd
	OptionDrop
)

// Option is a "name [= value]" of a statement: WITH (...), EXPLAIN (...),
// transaction modes, sequence and role options. Arg is nil when there is no
// value, a *Const, a *TypeName, a *List, a *ColumnRef (names, or a star) or
// another expression.
type Option struct {
	Pos
	Namespace string
	Name      string
	Arg       Expr
	Action    OptionAction
	// Roles are the role or roles that the option names, instead of Arg.
	Roles []*RoleSpec
	// Set is the SET clause of ALTER FUNCTION and CREATE FUNCTION.
	Set *Set
}

// Text returns the argument as text, as PostgreSQL's defGetString does; it is
// empty without an argument.
func (o *Option) Text() string { return argText(o.Arg) }

func argText(e Expr) string {
	switch e := e.(type) {
	case *Const:
		return e.Text
	case *TypeName:
		if len(e.Names) == 2 && e.Names[0] == "pg_catalog" {
			return e.Names[1]
		}
		return strings.Join(e.Names, ".")
	case *ColumnRef:
		if e.Star {
			return "*"
		}
		return strings.Join(e.Names, ".")
	case *List:
		var parts []string
		for _, item := range e.Items {
			parts = append(parts, argText(item))
		}
		return strings.Join(parts, ", ")
	}
	return ""
}

// Bool reads the argument as PostgreSQL's defGetBoolean does: no argument is
// true; ok is false when it is no boolean.
func (o *Option) Bool() (value, ok bool) {
	if o.Arg == nil {
		return true, true
	}
	if c, isConst := o.Arg.(*Const); isConst && c.Kind == ConstInt {
		return c.Int == 1, c.Int == 0 || c.Int == 1
	}
	switch strings.ToLower(o.Text()) {
	case "true", "on":
		return true, true
	case "false", "off":
		return false, true
	}
	return false, false
}
