package catalog

import (
	"sync"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// typeFacts is what pg_attribute and pg_type repeat of a type.
type typeFacts struct {
	len       int
	byVal     bool
	align     byte
	storage   byte
	collation OID
}

// Columns of pg_type's rows in systemdata.
const (
	typColLen       = 4
	typColByVal     = 5
	typColAlign     = 22
	typColStorage   = 23
	typColCollation = 28
)

var builtinFacts = sync.OnceValue(func() map[OID]typeFacts {
	m := map[OID]typeFacts{}
	_ = staticType.each(func(r []types.Datum) error {
		m[OID(r[0].I)] = typeFacts{
			len: int(r[typColLen].I), byVal: r[typColByVal].Bool(), align: r[typColAlign].S[0],
			storage: r[typColStorage].S[0], collation: OID(r[typColCollation].I),
		}
		return nil
	})
	return m
})

// facts describes any type of the snapshot.
func (s *Snapshot) facts(id OID) typeFacts {
	if f, ok := builtinFacts()[id]; ok {
		return f
	}
	t, isArray := s.TypeOrRow(id)
	switch {
	case t == nil:
		return typeFacts{len: -1, align: 'i', storage: 'x'}
	case isArray:
		align := byte('i')
		if s.facts(t.ID).align == 'd' {
			align = 'd'
		}
		return typeFacts{len: -1, align: align, storage: 'x', collation: s.facts(t.ID).collation}
	case t.Kind == 'e':
		return typeFacts{len: 4, byVal: true, align: 'i', storage: 'p'}
	case t.Kind == 'd':
		return s.facts(t.Base.OID)
	}
	return typeFacts{len: -1, align: 'd', storage: 'x'}
}

// BaseType follows domains to the type they are made of.
func (s *Snapshot) BaseType(t types.Type) types.Type {
	for t.OID >= firstUserOID {
		u := s.types.get(t.OID)
		if u == nil || u.Kind != 'd' {
			break
		}
		if u.Base.Mod == -1 {
			t.OID = u.Base.OID
			continue
		}
		t = u.Base
	}
	return t
}

// columnCollation is attcollation.
func (s *Snapshot) columnCollation(c *Column) OID {
	if c.Collation != "" {
		return collationByName(c.Collation)
	}
	return s.facts(c.Type.OID).collation
}

func collationByName(name string) OID {
	switch name {
	case "C":
		return collationC
	case "POSIX":
		return collationPosix
	case "ucs_basic":
		return 12546
	}
	return collationDefault
}

// opclassKey finds the default operator class of a type.
type opclassKey struct {
	method OID
	typ    OID
}

type opclassFacts struct {
	id, family OID
	name       string
	isDefault  bool
	inType     OID
}

type opclassTables struct {
	defaults map[opclassKey]opclassFacts
	byName   map[string]opclassFacts // btree only
	equal    map[OID]OID             // type -> btree equality operator
}

// opclasses reads pg_opclass and pg_amop.
var opclasses = sync.OnceValue(func() opclassTables {
	t := opclassTables{map[opclassKey]opclassFacts{}, map[string]opclassFacts{}, map[OID]OID{}}
	// oid opcmethod opcname opcnamespace opcowner opcfamily opcintype opcdefault opckeytype
	_ = staticOpclass.each(func(r []types.Datum) error {
		f := opclassFacts{id: OID(r[0].I), name: r[2].S, family: OID(r[5].I), inType: OID(r[6].I), isDefault: r[7].Bool()}
		if f.isDefault {
			t.defaults[opclassKey{OID(r[1].I), f.inType}] = f
		}
		if OID(r[1].I) == amBtree {
			t.byName[f.name] = f
		}
		return nil
	})
	// oid amopfamily amoplefttype amoprighttype amopstrategy amoppurpose amopopr amopmethod amopsortfamily
	_ = staticAmop.each(func(r []types.Datum) error {
		if OID(r[7].I) == amBtree && r[4].I == 3 && r[2].I == r[3].I {
			if _, dup := t.equal[OID(r[2].I)]; !dup {
				t.equal[OID(r[2].I)] = OID(r[6].I)
			}
		}
		return nil
	})
	return t
})

// operatorType is the type whose operators a type uses in indexes.
func (s *Snapshot) operatorType(id OID) OID {
	id = s.BaseType(types.Of(id)).OID
	switch id {
	case types.Varchar:
		return types.Text
	case types.Cidr:
		return types.Inet
	}
	if info := types.Lookup(id); info != nil {
		switch {
		case info.Elem != 0 && info.Category == 'A':
			return types.AnyArray
		case info.Type == 'r':
			return types.AnyRange
		}
		return id
	}
	t, isArray := s.TypeOrRow(id)
	switch {
	case isArray:
		return types.AnyArray
	case t != nil && t.Kind == 'e':
		return types.AnyEnum
	}
	return types.Record
}

// indexOpclass is the operator class of an index column.
func (s *Snapshot) indexOpclass(c *IndexColumn, typ OID) opclassFacts {
	if c.OpClass != "" {
		if f, ok := opclasses().byName[c.OpClass]; ok {
			return f
		}
	}
	return opclasses().defaults[opclassKey{amBtree, s.operatorType(typ)}]
}

// indexColumnType is the type of an index key column.
func indexColumnType(t *Table, c *IndexColumn) types.Type {
	if c.Num == 0 {
		return c.ExprType
	}
	return t.Columns[c.Num-1].Type
}
