package binder

import (
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var (
	unknownType = types.Of(types.Unknown)
	boolType    = types.Of(types.Bool)
	textType    = types.Of(types.Text)
	int4Type    = types.Of(types.Int4)
	int8Type    = types.Of(types.Int8)
)

// info describes a built-in or user-defined type, nil if there is none.
func (b *Binder) info(oid types.OID) *types.Info {
	if i := types.Lookup(oid); i != nil {
		return i
	}
	if i, ok := b.userInfo[oid]; ok {
		return i
	}
	var i *types.Info
	if b.opts.IO != nil && b.opts.IO.Resolve != nil {
		i = b.opts.IO.Resolve.TypeInfo(oid)
	}
	if i == nil && b.cat != nil {
		i = b.cat.TypeInfo(oid)
	}
	if b.userInfo == nil {
		b.userInfo = map[types.OID]*types.Info{}
	}
	b.userInfo[oid] = i
	return i
}

// typeName is format_type(oid) for messages.
func (b *Binder) typeName(t types.Type) string {
	if types.Lookup(t.OID) != nil {
		return types.FormatID(t.OID)
	}
	if i := b.info(t.OID); i != nil {
		return i.SQLName
	}
	return "???"
}

// typeNameMod is typeName with the modifier.
func (b *Binder) typeNameMod(t types.Type) string {
	if types.Lookup(t.OID) != nil {
		return types.Format(t)
	}
	return b.typeName(t)
}

func (b *Binder) category(oid types.OID) byte {
	if i := b.info(oid); i != nil {
		return i.Category
	}
	return 'U'
}

func (b *Binder) preferred(oid types.OID) bool {
	i := b.info(oid)
	return i != nil && i.Preferred
}

// base strips domains.
func (b *Binder) base(t types.Type) types.Type {
	if types.Lookup(t.OID) != nil {
		return t
	}
	for range 32 {
		i := b.info(t.OID)
		if i == nil || i.Type != 'd' {
			break
		}
		t = i.Base
	}
	return t
}

// elem returns the element type of a true array type (or of the vector types).
func (b *Binder) elem(t types.Type) (types.Type, bool) {
	if i := b.info(b.base(t).OID); i != nil && i.Elem != 0 {
		return types.Type{OID: i.Elem, Mod: t.Mod}, true
	}
	return types.Type{}, false
}

// arrayOf returns the array type over t.
func (b *Binder) arrayOf(t types.Type) (types.Type, bool) {
	if i := b.info(t.OID); i != nil && i.Array != 0 {
		return types.Type{OID: i.Array, Mod: t.Mod}, true
	}
	return types.Type{}, false
}

func (b *Binder) isArray(oid types.OID) bool {
	i := b.info(oid)
	return i != nil && i.Elem != 0 && i.Category == 'A'
}

// bindTypeName resolves a type as written.
func (b *Binder) bindTypeName(tn *ast.TypeName) (types.Type, error) {
	if tn.SetOf {
		return types.Type{}, at(tn, pgerror.InvalidTableDefinition, "type cannot be SETOF here")
	}
	if tn.PctType {
		return types.Type{}, pgerror.Unsupported("%%TYPE").At(tn.Loc())
	}
	oid, err := b.lookupType(tn)
	if err != nil {
		return types.Type{}, err
	}
	b.traceType(tn.Loc(), oid)
	t := types.Of(oid)
	if len(tn.Mods) > 0 {
		mods := make([]int32, len(tn.Mods))
		for i, m := range tn.Mods {
			c, ok := m.(*ast.Const)
			if !ok || c.Kind != ast.ConstInt {
				return types.Type{}, at(tn, pgerror.SyntaxError, "type modifiers must be simple constants or identifiers")
			}
			mods[i] = int32(c.Int)
		}
		if t.Mod, err = types.ModFromArgs(oid, mods); err != nil {
			return types.Type{}, withLoc(err, tn.Loc())
		}
	}
	if len(tn.Bounds) > 0 {
		arr, ok := b.arrayOf(t)
		if !ok {
			if b.isArray(oid) {
				return t, nil
			}
			return types.Type{}, at(tn, pgerror.UndefinedObject, "could not find array type for data type %s", b.typeName(t))
		}
		t = arr
	}
	return t, nil
}

// valueType resolves the type of a column of a function's result as written.
// Domains are refused there: nothing would check their constraints.
func (b *Binder) valueType(tn *ast.TypeName) (types.Type, error) {
	t, err := b.bindTypeName(tn)
	if err != nil {
		return t, err
	}
	if err := RefuseDomain(b.cat, t); err != nil {
		return t, withLoc(err, tn.Loc())
	}
	return t, nil
}

// RefuseDomain is the error (0A000) for values of a user's domain type.
func RefuseDomain(cat *catalog.Snapshot, t types.Type) error {
	if cat == nil {
		return nil
	}
	if u, _ := cat.TypeOrRow(t.OID); u != nil && u.Kind == 'd' {
		return pgerror.Unsupported("a value of domain type %q", u.Name)
	}
	return nil
}

func (b *Binder) lookupType(tn *ast.TypeName) (types.OID, error) {
	schema, name := "", tn.Names[len(tn.Names)-1]
	if len(tn.Names) > 1 {
		schema = tn.Names[len(tn.Names)-2]
	}
	if oid, ok := b.typeByName(schema, name); ok {
		return oid, nil
	}
	if schema != "" && b.cat != nil && b.cat.Schema(schema) == nil {
		return 0, at(tn, pgerror.UndefinedSchema, "schema %q does not exist", schema)
	}
	return 0, at(tn, pgerror.UndefinedObject, "type %q does not exist", strings.Join(tn.Names, "."))
}

func (b *Binder) typeByName(schema, name string) (types.OID, bool) {
	if schema == "" || schema == "pg_catalog" {
		if i := types.LookupName(name); i != nil {
			return i.OID, true
		}
	}
	if b.cat == nil {
		return 0, false
	}
	find := func(schema string) (types.OID, bool) {
		if s := b.cat.Schema(schema); s != nil {
			if u := b.cat.TypeOrRowByName(s.ID, name); u != nil {
				return u.ID, true
			}
		}
		return 0, false
	}
	if schema != "" {
		return find(schema)
	}
	for _, p := range b.path {
		if oid, ok := find(p); ok {
			return oid, true
		}
	}
	return 0, false
}
