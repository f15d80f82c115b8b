package catalog

import "github.com/tidemarkdb/tidemark/sql/types"

// OIDs of the schemas of our own system views. OIDs from 8900 on are ours.
const (
	TidemarkSchemaOID       OID = 8903
	TimescaleInformationOID OID = 8904
)

// The row type of an own view, and its array, have OIDs at these distances from the
// view's. Views are 8920 to 8939.
const (
	ownRowTypes  = 40
	ownRowArrays = 60
)

// ownView is a system view that PostgreSQL does not have.
type ownView struct {
	id      OID
	schema  OID
	name    string
	columns []Column
	rows    func(v VirtualEnv, emit emitFunc) error
}

// ownViews are registered by init functions.
var ownViews []ownView

// viewColumn names a column of an own view and its type.
type viewColumn struct {
	name string
	typ  OID
}

func addOwnView(id, schema OID, name string, columns []viewColumn, rows func(v VirtualEnv, emit emitFunc) error) {
	x := ownView{id: id, schema: schema, name: name, rows: rows}
	for i, c := range columns {
		x.columns = append(x.columns, Column{Num: int16(i + 1), Name: c.name, Type: types.Of(c.typ)})
	}
	ownViews = append(ownViews, x)
}

// addOwnViews puts the own views into the built-in catalog.
func (s *system) addOwnViews() {
	for _, x := range ownViews {
		t := &Table{
			ID: x.id, Schema: x.schema, Name: x.name, Kind: KindVirtual, Owner: BootstrapRoleOID, Version: 1, Columns: x.columns,
			RowType: x.id + ownRowTypes, RowArray: x.id + ownRowArrays,
			Virtual: &Virtual{Rows: x.rows},
		}
		s.kinds[t.ID] = KindView
		s.tables[t.ID] = t
		s.tableNames[qualified{t.Schema, t.Name}] = t
		s.ordered = append(s.ordered, t)
	}
}
