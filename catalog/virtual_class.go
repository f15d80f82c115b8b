package catalog

import "github.com/tidemarkdb/tidemark/sql/types"

func init() {
	virtual("pg_class", func(v VirtualEnv, emit emitFunc) error {
		for _, t := range v.Snapshot.SystemTables() {
			if err := emit(classRow(v, t)); err != nil {
				return err
			}
		}
		for _, t := range v.Snapshot.Tables() {
			if err := emit(classRow(v, t)); err != nil {
				return err
			}
			for i := range t.Indexes {
				if err := emit(indexClassRow(v, t, &t.Indexes[i])); err != nil {
					return err
				}
			}
		}
		for _, t := range v.Snapshot.Types() {
			if t.Kind == 'c' {
				if err := emit(compositeClassRow(t)); err != nil {
					return err
				}
			}
		}
		return nil
	}).byOID(0, func(v VirtualEnv, id OID, emit emitFunc) error {
		if t := v.Snapshot.TableByID(id); t != nil {
			return emit(classRow(v, t))
		}
		if t, ix := v.Snapshot.IndexByID(id); ix != nil {
			return emit(indexClassRow(v, t, ix))
		}
		if t := v.Snapshot.compositeByRelation(id); t != nil {
			return emit(compositeClassRow(t))
		}
		return nil
	})
}

// compositeByRelation finds a composite type by its pg_class OID.
func (s *Snapshot) compositeByRelation(id OID) *UserType {
	for _, t := range s.Types() {
		if t.Kind == 'c' && t.Relation == id {
			return t
		}
	}
	return nil
}

// classFields are the columns of pg_class that differ between relations.
type classFields struct {
	id, schema, rowType, owner, am, filenode OID
	name                                     string
	pages                                    int
	tuples                                   float64
	hasIndex, shared                         bool
	persistence                              byte
	kind                                     RelKind
	natts, checks                            int
	hasRules, hasTriggers, populated         bool
	replident                                byte
	options                                  map[string]string
}

func (f *classFields) row() []types.Datum {
	return []types.Datum{
		dOid(f.id), dText(f.name), dOid(f.schema), dOid(f.rowType), dOid(0), dOid(f.owner), dOid(f.am), dOid(f.filenode), dOid(0),
		dInt4(f.pages), dReal(f.tuples), dInt4(0), dOid(0), dBool(f.hasIndex), dBool(f.shared), dChar(f.persistence), dChar(byte(f.kind)),
		dInt2(f.natts), dInt2(f.checks), dBool(f.hasRules), dBool(f.hasTriggers), dBool(false), dBool(false), dBool(false),
		dBool(f.populated), dChar(f.replident), dBool(false), dOid(0), dXid(0), dXid(0), types.Null, options(f.options), types.Null,
	}
}

func classRow(v VirtualEnv, t *Table) []types.Datum {
	f := classFields{
		id: t.ID, name: t.Name, schema: t.Schema, rowType: t.RowType, owner: t.Owner, filenode: t.ID, kind: systemKind(t),
		natts: len(t.Columns), checks: len(t.Checks), hasIndex: len(t.Indexes) > 0, persistence: persistence(t),
		hasTriggers: len(t.ForeignKeys)+len(t.ReferencedBy) > 0, populated: true, replident: 'n', options: t.StorageOptions(),
	}
	f.pages, f.tuples = v.size(t)
	switch f.kind {
	case KindTable:
		f.am, f.replident = amHeap, 'd'
		if t.Access == AccessTimeSeries {
			f.am = amTimeSeries
		}
		if t.Kind == KindVirtual {
			f.replident, f.filenode = 'n', 0
			f.shared = sharedCatalogs[t.ID]
		}
	case KindMaterializedView:
		f.am, f.replident, f.hasRules = amHeap, 'd', true
		f.populated = t.View != nil && t.View.Populated
	case KindView:
		f.filenode, f.hasRules, f.tuples, f.pages = 0, true, -1, 0
	case KindSequence:
		f.pages, f.tuples = 1, 1
	}
	return f.row()
}

// sharedCatalogs are the catalogs that all databases share.
var sharedCatalogs = map[OID]bool{
	1213: true, 1214: true, 1260: true, 1261: true, 1262: true, 2396: true, 2964: true, 3592: true, 6000: true, 6100: true, 6243: true,
}

func persistence(t *Table) byte {
	switch {
	case t.Temporary:
		return 't'
	case t.Unlogged:
		return 'u'
	}
	return 'p'
}

func indexClassRow(v VirtualEnv, t *Table, ix *Index) []types.Datum {
	f := classFields{
		id: ix.ID, name: ix.Name, schema: t.Schema, owner: t.Owner, am: amBtree, filenode: ix.ID, kind: KindIndex, persistence: persistence(t),
		natts: len(ix.Columns) + len(ix.Include), populated: true, replident: 'n', options: ix.Options,
	}
	f.pages, f.tuples = v.size(t)
	if f.tuples < 0 {
		f.tuples = 0
	}
	return f.row()
}

func compositeClassRow(t *UserType) []types.Datum {
	f := classFields{
		id: t.Relation, name: t.Name, schema: t.Schema, rowType: t.ID, owner: t.Owner, kind: KindCompositeType, persistence: 'p',
		natts: len(t.Fields), populated: true, replident: 'n',
	}
	return f.row()
}

// size is relpages and reltuples: what ANALYZE saw, -1 rows before.
func (v VirtualEnv) size(t *Table) (pages int, tuples float64) {
	st := v.Snapshot.Stats(t.ID)
	if st == nil {
		return 0, -1
	}
	const page, rowHeader = 8192, 28
	width := float64(rowHeader)
	for _, c := range st.Columns {
		width += float64(c.Width)
	}
	return int(st.Rows*width/page) + btoi(st.Rows > 0), st.Rows
}
