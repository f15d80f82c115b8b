package catalog

// This file states the package's surface until the named functions stand in
// files of their own.
//
//	// Catalog is the node's cached catalog over a store.
//	func Open(ctx context.Context, store kv.Store) (*Catalog, error)      creates the initial catalog on an empty store (databases tidemark
//	                                                                     and postgres, roles, schemas public, pg_catalog, information_schema)
//	func (c *Catalog) Snapshot(ctx, db OID) (*Snapshot, error)           the newest committed snapshot; a cheap atomic load on the hot path
//	func (c *Catalog) Databases / Database(name) / Roles ...
//
//	// Snapshot: immutable
//	func (s *Snapshot) Version() uint64                                  changes whenever anything changes
//	func (s *Snapshot) Schema(name string) *Schema; SchemaByID(OID) *Schema
//	func (s *Snapshot) Table(schema OID, name string) *Table; TableByID(OID) *Table
//	func (s *Snapshot) Resolve(searchPath []string, schema, name string) *Table     virtual tables and pg_catalog first as PostgreSQL does
//	func (s *Snapshot) IndexByID(OID) (*Table, *Index); Index(schema OID, name string) (*Table, *Index)
//	func (s *Snapshot) Relation lookups share one name space (tables, indexes, sequences, views): RelationByName(schema OID, name) (Relation, bool)
//	func (s *Snapshot) Type(oid) *UserType; TypeByName(schema, name)
//	func (s *Snapshot) Roles, Role(name), RoleByID
//	func (s *Snapshot) All(fn)                                           iteration in OID order
//	func (s *Snapshot) Stats(table OID) *TableStats                       row count etc. from ANALYZE; nil if none
//
//	// Editor: DDL inside a transaction
//	func (c *Catalog) Edit(txn kv.Txn, base *Snapshot) *Editor
//	func (e *Editor) Snapshot() *Snapshot                                includes the edits made so far
//	func (e *Editor) CreateTable(*Table) error, UpdateTable, DropTable, CreateSchema, ... ; NewOID(), NewStorage()
//	func (e *Editor) Savepoint() int; RollbackTo(int)
//	func (e *Editor) Committed(ts kv.Timestamp)                          called by session after the transaction's commit: publishes the snapshot
//	                                                                     and starts the destruction of dropped storage
//	// Concurrency: DDL takes table locks through kv.Txn.Lock on LockKey(tableID): SELECT takes none (it reads its snapshot), DML takes
//	// kv.LockShare, CREATE INDEX kv.LockNoKeyUpdate, other DDL kv.LockUpdate. Global catalog edits take LockKey(0) in LockUpdate.
//	func TableLockKey(id OID) kv.Key
//
//	// Sequences
//	func (c *Catalog) NextVal(ctx, snapshot, seq OID) (int64, error)     cached blocks, never rolled back, as PostgreSQL; CurrVal is the session's
//	func (c *Catalog) SetVal(...)
