package catalog

import (
	"context"

	"github.com/tidemarkdb/tidemark/kv"
)

// bootstrap writes the initial catalog into an empty store: the databases
// tidemark and postgres with a schema public each, and the superusers tidemark
// and postgres. template0 and template1 are rows for tools that expect them;
// nobody connects to them.
func bootstrap(ctx context.Context, txn kv.Txn) error {
	put := func(kind objectKind, db, id OID, v any) error {
		b, err := encodeRecord(v)
		if err != nil {
			return err
		}
		return txn.Put(objectKey(kind, db, id), b)
	}
	for _, db := range []*Database{
		{ID: TidemarkDatabaseOID, Name: "tidemark", Owner: BootstrapRoleOID, AllowConnections: true},
		{ID: PostgresDatabaseOID, Name: "postgres", Owner: PostgresRoleOID, AllowConnections: true, Comment: "default administrative connection database"},
		{ID: 1, Name: "template1", Owner: BootstrapRoleOID, Template: true, Comment: "default template for new databases"},
		{ID: 4, Name: "template0", Owner: BootstrapRoleOID, Template: true, Comment: "unmodifiable empty database"},
	} {
		if err := put(kindDatabase, 0, db.ID, db); err != nil {
			return err
		}
		pub := publicSchema()
		if err := put(kindSchema, db.ID, pub.ID, pub); err != nil {
			return err
		}
	}
	for _, r := range []*Role{superuser(BootstrapRoleOID, "tidemark"), superuser(PostgresRoleOID, "postgres")} {
		if err := put(kindRole, 0, r.ID, r); err != nil {
			return err
		}
	}
	alloc, err := encodeRecord(allocatorRecord{OID: firstUserOID, Storage: 1, Version: initialVersion + 1})
	if err != nil {
		return err
	}
	if err := txn.Put(allocatorKey, alloc); err != nil {
		return err
	}
	return putVersion(txn, initialVersion)
}

func superuser(id OID, name string) *Role {
	return &Role{
		ID: id, Name: name, Super: true, Inherit: true, CreateRole: true, CreateDB: true,
		Login: true, Replication: true, BypassRLS: true, ConnLimit: -1,
	}
}

// publicSchema is the schema public of a new database.
func publicSchema() *Schema {
	return &Schema{ID: PublicOID, Name: "public", Owner: PgDatabaseOwnerOID, Comment: "standard public schema"}
}

// PgDatabaseOwnerOID is the predefined role pg_database_owner, which owns public.
const PgDatabaseOwnerOID OID = 6171

// initialVersion is the version of the initial catalog; the numbers that the
// allocator gives come after it.
const initialVersion = 1
