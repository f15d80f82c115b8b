package catalog

import (
	"sync"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func init() {
	virtual("pg_type", func(v VirtualEnv, emit emitFunc) error {
		s := v.Snapshot
		if err := staticType.each(emit); err != nil {
			return err
		}
		for _, t := range s.SystemTables() {
			if err := emitType(s, rowTypeOf(t), emit); err != nil {
				return err
			}
		}
		for _, t := range s.Tables() {
			if t.RowType != 0 {
				if err := emitType(s, rowTypeOf(t), emit); err != nil {
					return err
				}
			}
		}
		for _, t := range s.Types() {
			if err := emitType(s, t, emit); err != nil {
				return err
			}
		}
		return nil
	}).byOID(0, func(v VirtualEnv, id OID, emit emitFunc) error {
		if row, ok := staticTypeRows()[id]; ok {
			return emit(row)
		}
		t := v.Snapshot.typeByID(id)
		switch {
		case t == nil:
			return nil
		case t.ArrayID == id:
			return emit(arrayTypeRow(v.Snapshot, t))
		}
		return emit(userTypeRow(v.Snapshot, t))
	})

	virtual("pg_enum", func(v VirtualEnv, emit emitFunc) error {
		for _, t := range v.Snapshot.Types() {
			if err := emitLabels(t, emit); err != nil {
				return err
			}
		}
		return nil
	}).byOID(1, func(v VirtualEnv, id OID, emit emitFunc) error {
		if t := v.Snapshot.Type(id); t != nil {
			return emitLabels(t, emit)
		}
		return nil
	})
}

func emitLabels(t *UserType, emit emitFunc) error {
	for _, l := range t.Labels {
		if err := emit([]types.Datum{dOid(l.ID), dOid(t.ID), types.NewFloat32(l.Sort), dText(l.Label)}); err != nil {
			return err
		}
	}
	return nil
}

var staticTypeRows = sync.OnceValue(func() map[OID][]types.Datum {
	m := map[OID][]types.Datum{}
	_ = staticType.each(func(r []types.Datum) error { m[OID(r[0].I)] = r; return nil })
	return m
})

// rowTypeOf is the composite type of a relation's rows.
func rowTypeOf(t *Table) *UserType {
	return &UserType{ID: t.RowType, ArrayID: t.RowArray, Name: t.Name, Schema: t.Schema, Owner: t.Owner, Kind: 'c', Relation: t.ID}
}

func emitType(s *Snapshot, t *UserType, emit emitFunc) error {
	if err := emit(userTypeRow(s, t)); err != nil || t.ArrayID == 0 {
		return err
	}
	return emit(arrayTypeRow(s, t))
}

// pg_proc OIDs of the I/O functions of user types.
const (
	procEnumIn, procEnumOut, procEnumRecv, procEnumSend         = 3506, 3507, 3532, 3533
	procArrayIn, procArrayOut, procArrayRecv, procArraySend     = 750, 751, 2400, 2401
	procRecordIn, procRecordOut, procRecordRecv, procRecordSend = 2290, 2291, 2402, 2403
	procDomainIn, procDomainRecv                                = 2597, 2598
	procArraySubscript, procArrayAnalyze                        = 6179, 3816
)

type typeFields struct {
	id, schema, owner, rel, elem, array, base, collation OID
	name, def                                            string
	typ, category                                        byte
	preferred, notNull                                   bool
	delim                                                byte
	baseMod                                              int32
	dims                                                 int
	io                                                   [4]OID
	subscript, analyze                                   OID
	facts                                                typeFacts
}

func (f *typeFields) row() []types.Datum {
	return []types.Datum{
		dOid(f.id), dText(f.name), dOid(f.schema), dOid(f.owner), dInt2(f.facts.len), dBool(f.facts.byVal), dChar(f.typ), dChar(f.category), dBool(f.preferred), dBool(true),
		dChar(f.delim), dOid(f.rel), dOid(f.subscript), dOid(f.elem), dOid(f.array), dOid(f.io[0]), dOid(f.io[1]), dOid(f.io[2]), dOid(f.io[3]),
		dOid(0), dOid(0), dOid(f.analyze), dChar(f.facts.align), dChar(f.facts.storage), dBool(f.notNull), dOid(f.base), dInt4(int(f.baseMod)), dInt4(f.dims), dOid(f.collation),
		dNullText(f.def), dNullText(f.def), types.Null,
	}
}

func userTypeRow(s *Snapshot, t *UserType) []types.Datum {
	f := typeFields{
		id: t.ID, name: t.Name, schema: t.Schema, owner: t.Owner, rel: t.Relation, array: t.ArrayID, typ: t.Kind,
		delim: ',', baseMod: -1, facts: s.facts(t.ID),
	}
	switch t.Kind {
	case 'e':
		f.category, f.io = 'E', [4]OID{procEnumIn, procEnumOut, procEnumRecv, procEnumSend}
	case 'c':
		f.category, f.io = 'C', [4]OID{procRecordIn, procRecordOut, procRecordRecv, procRecordSend}
		f.facts = typeFacts{len: -1, align: 'd', storage: 'x'}
	case 'd':
		f.base, f.baseMod, f.notNull, f.def, f.collation = t.Base.OID, t.Base.Mod, t.NotNull, t.Default, f.facts.collation
		f.category, f.io = s.typeCategory(t.Base.OID), [4]OID{procDomainIn, 0, procDomainRecv, 0}
		f.dims = btoi(s.isArray(t.Base.OID))
		if base, ok := staticTypeRows()[s.BaseType(t.Base).OID]; ok {
			f.io[1], f.io[3] = OID(base[16].I), OID(base[18].I)
		}
	}
	return f.row()
}

func arrayTypeRow(s *Snapshot, t *UserType) []types.Datum {
	f := typeFields{
		id: t.ArrayID, name: ArrayTypeName(t.Name), schema: t.Schema, owner: t.Owner, elem: t.ID, typ: 'b', category: 'A', delim: ',', baseMod: -1,
		io: [4]OID{procArrayIn, procArrayOut, procArrayRecv, procArraySend}, subscript: procArraySubscript, analyze: procArrayAnalyze,
		facts: typeFacts{len: -1, align: 'i', storage: 'x'},
	}
	if t.Kind == 'c' || s.facts(t.ID).align == 'd' {
		f.facts.align = 'd'
	}
	f.collation = s.facts(t.ID).collation
	return f.row()
}

// typeCategory is pg_type.typcategory.
func (s *Snapshot) typeCategory(id OID) byte {
	if info := types.Lookup(id); info != nil {
		return info.Category
	}
	t, isArray := s.TypeOrRow(id)
	switch {
	case t == nil:
		return 'U'
	case isArray:
		return 'A'
	case t.Kind == 'e':
		return 'E'
	case t.Kind == 'd':
		return s.typeCategory(t.Base.OID)
	}
	return 'C'
}
