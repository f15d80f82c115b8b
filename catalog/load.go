package catalog

import (
	"context"
	"errors"
	"io"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// versionRecord is the value under versionKey.
type versionRecord struct{ Version uint64 }

func putVersion(txn kv.Txn, version uint64) error {
	b, err := encodeRecord(versionRecord{Version: version})
	if err != nil {
		return err
	}
	return txn.Put(versionKey, b)
}

func readVersion(ctx context.Context, r kv.Reader) (uint64, error) {
	value, found, err := r.Get(ctx, versionKey)
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, pgerror.New(pgerror.DataCorrupted, "catalog: the version record is missing")
	}
	var v versionRecord
	if err := decodeRecord(value, &v); err != nil {
		return 0, err
	}
	return v.Version, nil
}

// refresh loads the whole catalog from the store and publishes it.
func (c *Catalog) refresh(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	txn, err := c.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	st, err := c.load(ctx, txn)
	if err != nil {
		return err
	}
	if old := c.state.Load(); old != nil {
		st.pending = old.pending
	}
	c.state.Store(st)
	return nil
}

// load reads all descriptors at the reader's snapshot.
func (c *Catalog) load(ctx context.Context, r kv.Reader) (*state, error) {
	version, err := readVersion(ctx, r)
	if err != nil {
		return nil, err
	}
	g := &globals{databases: map[OID]*Database{}, roles: map[OID]*Role{}}
	st := &state{version: version, since: r.ReadTS(), globals: g, databases: map[OID]*Snapshot{}}
	objects := kv.Span{Start: kv.Key{catalogPrefix, keyDescriptor}, End: kv.Key{catalogPrefix, keyDescriptor + 1}}
	// Databases must be known before their objects; 'd' does not sort first.
	passes := []func(kind objectKind, db, id OID, value []byte) error{
		func(kind objectKind, _, _ OID, value []byte) error { return g.load(kind, value) },
		func(kind objectKind, db, id OID, value []byte) error {
			if kind.global() {
				return nil
			}
			snap := st.databases[db]
			if snap == nil {
				d := g.databases[db]
				if d == nil {
					return pgerror.New(pgerror.DataCorrupted, "catalog: object %d belongs to database %d, which does not exist", id, db)
				}
				snap = newSnapshot(d, g, version)
				st.databases[db] = snap
			}
			return c.loadObject(snap, kind, id, value)
		},
	}
	for _, pass := range passes {
		if err := scanObjects(ctx, r, objects, pass); err != nil {
			return nil, err
		}
	}
	for id, d := range g.databases {
		if st.databases[id] == nil {
			st.databases[id] = newSnapshot(d, g, version)
		}
	}
	return st, nil
}

func scanObjects(ctx context.Context, r kv.Reader, span kv.Span, fn func(kind objectKind, db, id OID, value []byte) error) error {
	return scan(ctx, r, span, func(key kv.Key, value []byte) error {
		kind, db, id, ok := splitObjectKey(key)
		if !ok {
			return pgerror.New(pgerror.DataCorrupted, "catalog: malformed key %x", key)
		}
		return fn(kind, db, id, value)
	})
}

func scan(ctx context.Context, r kv.Reader, span kv.Span, fn func(key kv.Key, value []byte) error) error {
	it, err := r.Scan(ctx, span, kv.ScanOptions{})
	if err != nil {
		return err
	}
	defer it.Close()
	for {
		batch, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, p := range batch {
			if err := fn(p.Key, p.Value); err != nil {
				return err
			}
		}
	}
}

func (g *globals) load(kind objectKind, value []byte) error {
	switch kind {
	case kindDatabase:
		d := new(Database)
		if err := decodeRecord(value, d); err != nil {
			return err
		}
		g.databases[d.ID] = d
	case kindRole:
		r := new(Role)
		if err := decodeRecord(value, r); err != nil {
			return err
		}
		g.roles[r.ID] = r
	}
	return nil
}

func (c *Catalog) loadObject(s *Snapshot, kind objectKind, id OID, value []byte) error {
	switch kind {
	case kindSchema:
		sch := new(Schema)
		if err := decodeRecord(value, sch); err != nil {
			return err
		}
		s.putSchema(sch)
	case kindRelation:
		t := new(Table)
		if err := decodeRecord(value, t); err != nil {
			return err
		}
		c.attach(t)
		s.putTable(t)
	case kindType:
		t := new(UserType)
		if err := decodeRecord(value, t); err != nil {
			return err
		}
		s.putType(t)
	case kindFunction:
		f := new(Function)
		if err := decodeRecord(value, f); err != nil {
			return err
		}
		s.putFunction(f)
	case kindStats:
		st := new(TableStats)
		if err := decodeRecord(value, st); err != nil {
			return err
		}
		s.stats.set(id, st)
	default:
		return pgerror.New(pgerror.DataCorrupted, "catalog: unknown kind %q of object %d", byte(kind), id)
	}
	return nil
}

// attach gives a descriptor what is not stored: a sequence reads as a relation
// of one row.
func (c *Catalog) attach(t *Table) {
	if t.Kind == KindSequence {
		t.Virtual = c.sequenceRelation(t)
	}
}
