package catalog

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Extension is an extension installed in a database: a name for clients that look
// for it, as what extensions bring is built in.
type Extension struct {
	ID      OID    `json:",omitempty"`
	Name    string `json:",omitempty"`
	Version string `json:",omitempty"`
	Schema  OID    `json:",omitempty"`
	Owner   OID    `json:",omitempty"`
}

// AvailableExtension is an extension that CREATE EXTENSION knows.
type AvailableExtension struct {
	Name, Version, Comment string
	Requires               []string
	// Schemas are the built-in schemas that are shown when it is installed.
	Schemas []OID
}

// AvailableExtensions are what CREATE EXTENSION knows, by name. The versions are those
// whose functions and views ours follow.
var AvailableExtensions = []AvailableExtension{
	{
		Name: "timescaledb", Version: "2.17.2", Comment: "TimescaleDB's functions and views over time-series tables",
		Schemas: []OID{TimescaleInformationOID},
	},
	{Name: "timescaledb_toolkit", Version: "1.18.0", Comment: "TimescaleDB toolkit's aggregates", Requires: []string{"timescaledb"}},
}

// builtinExtension owns the schema tidemark, so that pg_dump leaves it out.
var builtinExtension = Extension{ID: 8902, Name: "tidemark", Version: "1.0", Schema: TidemarkSchemaOID, Owner: BootstrapRoleOID}

// FindExtension finds an extension to install, nil if there is none.
func FindExtension(name string) *AvailableExtension {
	for i := range AvailableExtensions {
		if AvailableExtensions[i].Name == name {
			return &AvailableExtensions[i]
		}
	}
	return nil
}

// Extension finds an installed extension, nil if there is none.
func (d *Database) Extension(name string) *Extension {
	for i := range d.Extensions {
		if d.Extensions[i].Name == name {
			return &d.Extensions[i]
		}
	}
	return nil
}

// Extensions are the extensions of the snapshot's database, the built-in one first.
func (s *Snapshot) Extensions() []Extension {
	return append([]Extension{builtinExtension}, s.database.Extensions...)
}

// shows says whether listings show a built-in schema: that of an extension only
// where it is installed. Its name is always known.
func (s *Snapshot) shows(schema OID) bool {
	for i := range AvailableExtensions {
		if x := &AvailableExtensions[i]; slices.Contains(x.Schemas, schema) {
			return s.database.Extension(x.Name) != nil
		}
	}
	return true
}

// members are the built-in schemas of an extension.
func (x *Extension) members() []OID {
	if x.ID == builtinExtension.ID {
		return []OID{TidemarkSchemaOID}
	}
	if a := FindExtension(x.Name); a != nil {
		return a.Schemas
	}
	return nil
}

const classExtension OID = 3079

// extensionMembers yields the pg_depend rows of what belongs to extensions.
func (d *depends) extensionMembers() {
	for _, x := range d.s.Extensions() {
		for _, schema := range x.members() {
			d.add(classNamespace, schema, 0, classExtension, x.ID, 0, 'e')
			for _, t := range systemCatalog().ordered {
				if t.Schema == schema {
					d.add(classClass, t.ID, 0, classExtension, x.ID, 0, 'e')
				}
			}
		}
	}
}

func init() {
	virtual("pg_extension", func(v VirtualEnv, emit emitFunc) error {
		for _, x := range v.Snapshot.Extensions() {
			err := emit([]types.Datum{
				dOid(x.ID), dText(x.Name), dOid(x.Owner), dOid(x.Schema), dBool(false), dText(x.Version), types.Null, types.Null,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_available_extensions", func(v VirtualEnv, emit emitFunc) error {
		for i := range AvailableExtensions {
			x, installed := &AvailableExtensions[i], types.Null
			if have := v.Snapshot.database.Extension(x.Name); have != nil {
				installed = dText(have.Version)
			}
			if err := emit([]types.Datum{dText(x.Name), dText(x.Version), installed, dText(x.Comment)}); err != nil {
				return err
			}
		}
		return nil
	})
	virtual("pg_available_extension_versions", func(v VirtualEnv, emit emitFunc) error {
		for i := range AvailableExtensions {
			x := &AvailableExtensions[i]
			requires := types.Null
			if x.Requires != nil {
				requires = types.BuildArray(types.Name, stringDatums(x.Requires))
			}
			err := emit([]types.Datum{
				dText(x.Name), dText(x.Version), dBool(v.Snapshot.database.Extension(x.Name) != nil), dBool(true), dBool(false), dBool(false),
				types.Null, requires, dText(x.Comment),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
