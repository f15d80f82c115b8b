package catalog

import (
	"embed"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tidemarkdb/tidemark/sql/types"
)

//go:generate go run ../internal/gen/syscatalog -dir systemdata

// systemData has what a PostgreSQL 15 says of its system relations:
// relations.txt lists them with their columns, a .tsv file a catalog's rows.
//
//go:embed systemdata
var systemData embed.FS

// OIDs of the built-in schemas and roles.
const (
	PgCatalogOID         OID = 11
	PgToastOID           OID = 99
	PublicOID            OID = 2200
	InformationSchemaOID OID = 13207
	// BootstrapRoleOID is the role "tidemark", which owns what is built in;
	// PostgresRoleOID is the role "postgres".
	BootstrapRoleOID OID = 10
	PostgresRoleOID  OID = 9001
	// TidemarkDatabaseOID and PostgresDatabaseOID are the databases of a new store.
	TidemarkDatabaseOID OID = 6
	PostgresDatabaseOID OID = 5
)

// system is what is built in and the same in every snapshot.
type system struct {
	schemas     map[OID]*Schema
	schemaNames map[string]*Schema
	tables      map[OID]*Table
	tableNames  map[qualified]*Table
	ordered     []*Table
	kinds       map[OID]RelKind // 'r' or 'v' as PostgreSQL has it
}

// systemCatalog returns the built-in relations.
var systemCatalog = sync.OnceValue(loadSystem)

// virtualTables holds the row sources of system relations by
// "schema.name", filled by init functions of the virtual_*.go files. A
// relation without one is empty.
var virtualTables = map[string]*Virtual{}

// noRows is the Virtual of relations that are always empty here.
var noRows = &Virtual{Rows: func(VirtualEnv, func([]types.Datum) error) error { return nil }}

func loadSystem() *system {
	s := &system{
		schemas: map[OID]*Schema{}, schemaNames: map[string]*Schema{}, tables: map[OID]*Table{},
		tableNames: map[qualified]*Table{}, kinds: map[OID]RelKind{},
	}
	for _, sch := range []*Schema{
		{ID: PgCatalogOID, Name: "pg_catalog", Owner: BootstrapRoleOID, Comment: "system catalog schema"},
		{ID: PgToastOID, Name: "pg_toast", Owner: BootstrapRoleOID, Comment: "reserved schema for TOAST tables"},
		{ID: InformationSchemaOID, Name: "information_schema", Owner: BootstrapRoleOID},
		{ID: TidemarkSchemaOID, Name: "tidemark", Owner: BootstrapRoleOID},
		{ID: TimescaleInformationOID, Name: "timescaledb_information", Owner: BootstrapRoleOID},
	} {
		s.schemas[sch.ID] = sch
		s.schemaNames[sch.Name] = sch
	}
	text, err := systemData.ReadFile("systemdata/relations.txt")
	if err != nil {
		panic(err)
	}
	var t *Table
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch f[0] {
		case "R": // R oid schema kind rowtype rowarray name
			t = &Table{
				ID: parseOID(f[1]), Schema: parseOID(f[2]), RowType: parseOID(f[4]), RowArray: parseOID(f[5]), Name: f[6],
				Kind: KindVirtual, Owner: BootstrapRoleOID, Version: 1,
			}
			s.kinds[t.ID] = RelKind(f[3][0])
			s.addTable(t)
		case "C": // C type typmod notnull collation name
			mod, _ := strconv.Atoi(f[2])
			c := Column{
				Num: int16(len(t.Columns) + 1), Name: f[5], NotNull: f[3] == "n",
				Type: types.Type{OID: parseOID(f[1]), Mod: int32(mod)},
			}
			if f[4] != "-" {
				c.Collation = f[4]
			}
			t.Columns = append(t.Columns, c)
		}
	}
	s.addOwnViews()
	slices.SortFunc(s.ordered, func(a, b *Table) int { return compareOID(a.ID, b.ID) })
	return s
}

// IsSystemSchema reports whether a schema of a name is built in.
func IsSystemSchema(name string) bool { return systemCatalog().schemaNames[name] != nil }

func (s *system) addTable(t *Table) {
	t.Virtual = virtualTables[s.schemas[t.Schema].Name+"."+t.Name]
	if t.Virtual == nil {
		t.Virtual = noRows
	}
	s.tables[t.ID] = t
	s.tableNames[qualified{t.Schema, t.Name}] = t
	s.ordered = append(s.ordered, t)
}

func parseOID(s string) OID {
	v, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		panic(err)
	}
	return OID(v)
}

// systemKind is the relkind that pg_class shows of a relation: system
// relations are tables or views there.
func systemKind(t *Table) RelKind {
	if t.Kind == KindVirtual {
		if k := systemCatalog().kinds[t.ID]; k != 0 {
			return k
		}
		return KindView
	}
	return t.Kind
}
