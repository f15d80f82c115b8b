package binder

import (
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// poly is what the polymorphic pseudo-types of a call stand for.
type poly struct {
	elem, array             types.Type // anyelement family
	rang, multi             types.Type
	compatElem, compatArray types.Type
}

// resolvePolymorphic is enforce_generic_type_consistency (and with check the
// quieter check_generic_type_consistency): it finds the actual types from the
// arguments.
func (b *Binder) resolvePolymorphic(declared []types.OID, actual []types.Type, check bool) (poly, error) {
	var p poly
	var compat []types.Type
	nonArray, enum := false, false
	haveElem, haveCompat := false, false
	for i, d := range declared {
		a := actual[i]
		switch d {
		case types.AnyElement, types.AnyNonArray, types.AnyEnum:
			haveElem = true
			nonArray = nonArray || d == types.AnyNonArray
			enum = enum || d == types.AnyEnum
			if a.OID == types.Unknown {
				continue
			}
			if p.elem.OID != 0 && p.elem.OID != a.OID {
				return p, pgerror.New(pgerror.DatatypeMismatch, "arguments declared \"%s\" are not all alike", "anyelement").
					WithDetail("%s versus %s", b.typeName(p.elem), b.typeName(a))
			}
			p.elem = types.Of(a.OID)
		case types.AnyArray:
			haveElem = true
			if a.OID == types.Unknown {
				continue
			}
			a = b.base(a)
			if p.array.OID != 0 && p.array.OID != a.OID {
				return p, pgerror.New(pgerror.DatatypeMismatch, "arguments declared \"%s\" are not all alike", "anyarray").
					WithDetail("%s versus %s", b.typeName(p.array), b.typeName(a))
			}
			p.array = types.Of(a.OID)
		case types.AnyCompatible, types.AnyCompatibleNonArray:
			haveCompat = true
			if a.OID != types.Unknown {
				compat = append(compat, a)
			}
		case types.AnyCompatibleArray:
			haveCompat = true
			if a.OID == types.Unknown {
				continue
			}
			e, ok := b.elem(a)
			if !ok {
				return p, pgerror.New(pgerror.DatatypeMismatch, "argument declared %s is not an array but type %s", "anycompatiblearray", b.typeName(a))
			}
			compat = append(compat, types.Of(e.OID))
		case types.AnyRange:
			haveElem = true
			if err := b.sameDeclared(&p.rang, a, "anyrange"); err != nil {
				return p, err
			}
		case types.AnyMultirange:
			haveElem = true
			if err := b.sameDeclared(&p.multi, a, "anymultirange"); err != nil {
				return p, err
			}
		}
	}
	if p.array.OID != 0 && p.array.OID != types.AnyArray {
		e, ok := b.elem(p.array)
		if !ok {
			return p, pgerror.New(pgerror.DatatypeMismatch, "argument declared %s is not an array but type %s", "anyarray", b.typeName(p.array))
		}
		if p.elem.OID == 0 {
			p.elem = types.Of(e.OID)
		} else if p.elem.OID != e.OID {
			return p, pgerror.New(pgerror.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", "anyarray", "anyelement").
				WithDetail("%s versus %s", b.typeName(p.array), b.typeName(p.elem))
		}
	}
	if err := b.resolveRanges(&p); err != nil {
		return p, err
	}
	if haveElem && p.elem.OID == 0 && !check && p.array.OID != types.AnyArray {
		// Only unknown literals.
		return p, pgerror.New(pgerror.DatatypeMismatch, "could not determine polymorphic type because input has type unknown")
	}
	if nonArray && p.elem.OID != 0 && b.isArray(p.elem.OID) {
		return p, pgerror.New(pgerror.DatatypeMismatch, "type matched to anynonarray is an array type: %s", b.typeName(p.elem))
	}
	if enum && p.elem.OID != 0 && b.category(p.elem.OID) != 'E' {
		return p, pgerror.New(pgerror.DatatypeMismatch, "type matched to anyenum is not an enum type: %s", b.typeName(p.elem))
	}
	if p.elem.OID != 0 && p.array.OID == 0 {
		p.array, _ = b.arrayOf(p.elem)
	}
	if haveCompat {
		if len(compat) == 0 {
			p.compatElem = textType
		} else {
			t, err := b.commonOf(compat, make([]int, len(compat)), "arguments of anycompatible family")
			if err != nil {
				return p, err
			}
			p.compatElem = t
			for _, a := range compat {
				if !b.canCoerce(a.OID, t.OID, functions.CastImplicit) {
					return p, pgerror.New(pgerror.DatatypeMismatch, "arguments of anycompatible family cannot be cast to a common type")
				}
			}
		}
		p.compatArray, _ = b.arrayOf(p.compatElem)
	}
	return p, nil
}

// sameDeclared notes the type of an argument; all that are declared so have one type.
func (b *Binder) sameDeclared(to *types.Type, a types.Type, declared string) error {
	if a.OID == types.Unknown {
		return nil
	}
	a = b.base(a)
	if to.OID != 0 && to.OID != a.OID {
		return pgerror.New(pgerror.DatatypeMismatch, "arguments declared \"%s\" are not all alike", declared).
			WithDetail("%s versus %s", b.typeName(*to), b.typeName(a))
	}
	*to = types.Of(a.OID)
	return nil
}

// resolveRanges finds what anyrange, anymultirange and anyelement are of each other.
func (b *Binder) resolveRanges(p *poly) error {
	inconsistent := func(one, other string, t, u types.Type) error {
		return pgerror.New(pgerror.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s", one, other).
			WithDetail("%s versus %s", b.typeName(t), b.typeName(u))
	}
	if p.multi.OID != 0 {
		if !p.multi.IsMultirange() {
			return pgerror.New(pgerror.DatatypeMismatch, "argument declared %s is not a multirange type but type %s", "anymultirange", b.typeName(p.multi))
		}
		r := types.Of(types.FindRange(p.multi.OID).Range)
		if p.rang.OID != 0 && p.rang != r {
			return inconsistent("anymultirange", "anyrange", p.multi, p.rang)
		}
		p.rang = r
	}
	if p.rang.OID == 0 {
		return nil
	}
	if !p.rang.IsRange() {
		return pgerror.New(pgerror.DatatypeMismatch, "argument declared %s is not a range type but type %s", "anyrange", b.typeName(p.rang))
	}
	t := types.FindRange(p.rang.OID)
	p.multi = types.Of(t.Multirange)
	switch {
	case p.elem.OID == 0:
		p.elem = types.Of(t.Subtype)
	case p.elem.OID != t.Subtype:
		return inconsistent("anyrange", "anyelement", p.rang, p.elem)
	}
	return nil
}

// actual replaces a pseudo-type by what it stands for.
func (p *poly) actual(t types.OID) types.OID {
	switch t {
	case types.AnyElement, types.AnyNonArray, types.AnyEnum:
		return p.elem.OID
	case types.AnyArray:
		return p.array.OID
	case types.AnyRange:
		return p.rang.OID
	case types.AnyMultirange:
		return p.multi.OID
	case types.AnyCompatible, types.AnyCompatibleNonArray:
		return p.compatElem.OID
	case types.AnyCompatibleArray:
		return p.compatArray.OID
	}
	return t
}
