package catalog

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Catalog is the node's cached catalog over a store. It is safe for use by
// many goroutines.
//
// The published state is one atomic pointer. A DDL transaction holds the
// catalog's lock (BeginEdit) from its first edit to its end, so published
// states follow each other in the order of commits; between its kv commit and
// the publication new statements wait (state.pending), so that nobody works
// on a descriptor that the store has already replaced.
//
// With several nodes on one store the published state follows what the others
// commit: follow.go.
type Catalog struct {
	store kv.Store
	// others, if not nil, makes statements look whether another node changed the
	// catalog.
	others *follower
	state  atomic.Pointer[state]
	ids    allocator
	seqs   sequences

	mu sync.Mutex // serializes changes of state
	// background ends with Close; destruction of dropped storage runs under it.
	background context.Context
	cancel     context.CancelFunc
	wg         sync.WaitGroup
}

// state is what is published. It is immutable.
type state struct {
	version   uint64
	since     kv.Timestamp // a timestamp at which this was the newest version
	globals   *globals
	databases map[OID]*Snapshot
	// pending, if not nil, is closed when the commit in progress has been
	// published or has failed.
	pending chan struct{}
}

// Open loads the catalog of a store, after making the initial one if the store
// is empty, and finishes what a crash left undone: dropped storage that was not
// destroyed yet and temporary tables of dead sessions.
func Open(ctx context.Context, store kv.Store) (*Catalog, error) {
	c := &Catalog{store: store}
	shared, _ := store.(kv.SharedStore)
	if shared != nil {
		c.others = &follower{catalog: c, store: shared}
	}
	c.ids.store = store
	c.seqs.init(store)
	c.background, c.cancel = context.WithCancel(context.Background())
	err := autonomous(ctx, store, func(txn kv.Txn) error {
		_, found, err := txn.Get(ctx, versionKey)
		if err != nil || found {
			return err
		}
		return bootstrap(ctx, txn)
	})
	if err != nil {
		return nil, err
	}
	if err := c.refresh(ctx); err != nil {
		return nil, err
	}
	if shared != nil {
		// What looks left over may be another node's work in progress.
		alone, err := shared.Alone(ctx)
		if err != nil || !alone {
			return c, err
		}
	}
	if err := c.dropTemporary(ctx); err != nil {
		return nil, err
	}
	if err := c.finishDestruction(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Close waits for background work and writes the exact state of sequences, so
// that a clean restart leaves no gap. The store stays open.
func (c *Catalog) Close(ctx context.Context) error {
	c.cancel()
	c.wg.Wait()
	return c.seqs.flush(ctx)
}

// Snapshot returns the newest committed snapshot of a database. It is an atomic
// load, but for the moment in which a DDL transaction commits.
//
// Take the snapshot before the transaction's read timestamp (kv.Store.Begin,
// kv.Txn.Refresh): older descriptors read newer data correctly, not the
// other way around. After waiting for a table lock take a new one and compare.
func (c *Catalog) Snapshot(ctx context.Context, db OID) (*Snapshot, error) {
	st, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	s := st.databases[db]
	if s == nil {
		return nil, pgerror.New(pgerror.UndefinedDatabase, "database with OID %d does not exist", db)
	}
	return s, nil
}

// Database finds a database by name for a connection; 3D000 if there is none.
func (c *Catalog) Database(ctx context.Context, name string) (*Database, error) {
	st, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	if db := st.globals.database(name); db != nil {
		return db, nil
	}
	return nil, pgerror.New(pgerror.UndefinedDatabase, "database %q does not exist", name)
}

// Role finds a role by name for a connection; 28000 if there is none.
func (c *Catalog) Role(ctx context.Context, name string) (*Role, error) {
	st, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	if r := st.globals.role(name); r != nil {
		return r, nil
	}
	return nil, pgerror.New(pgerror.InvalidAuthorizationSpecification, "role %q does not exist", name)
}

// Databases returns all databases in OID order.
func (c *Catalog) Databases() []*Database { return sortedByID(c.state.Load().globals.databases) }

// Roles returns all roles in OID order.
func (c *Catalog) Roles() []*Role { return sortedByID(c.state.Load().globals.roles) }

// UnchangedSince returns a timestamp from which on the newest snapshots, as those
// that Snapshot returned before the call, read all there is. Below it the storage
// of a table may be empty, or another's.
func (c *Catalog) UnchangedSince() kv.Timestamp { return c.state.Load().since }

// current returns the newest state: the published one, after waiting for a
// commit in progress, or what another node committed since.
func (c *Catalog) current(ctx context.Context) (*state, error) {
	if c.others != nil {
		if err := c.others.follow(ctx); err != nil {
			return nil, err
		}
	}
	return c.published(ctx)
}

func (c *Catalog) published(ctx context.Context) (*state, error) {
	for {
		st := c.state.Load()
		if st.pending == nil {
			return st, nil
		}
		select {
		case <-st.pending:
		case <-ctx.Done():
			return nil, pgerror.Wrap(ctx.Err(), pgerror.QueryCanceled, "canceling statement due to user request")
		}
	}
}

// setPending makes new statements wait for the commit of a DDL transaction.
func (c *Catalog) setPending() (done chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := *c.state.Load()
	done = make(chan struct{})
	st.pending = done
	c.state.Store(&st)
	return done
}

// clearPending lets statements go on, with the state published last.
func (c *Catalog) clearPending(done chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st := *c.state.Load(); st.pending == done {
		st.pending = nil
		c.state.Store(&st)
	}
	close(done)
}

// publish replaces one database's snapshot (and the globals in all) by what was
// committed at a timestamp.
func (c *Catalog) publish(s *Snapshot, at kv.Timestamp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.state.Load()
	st := &state{version: s.version, since: at, globals: s.globals, databases: make(map[OID]*Snapshot, len(old.databases)), pending: old.pending}
	for id, snap := range old.databases {
		db := s.globals.databases[id]
		if db == nil {
			continue // dropped
		}
		if old.globals != s.globals {
			snap = snap.withGlobals(db, s.globals, s.version)
		}
		st.databases[id] = snap
	}
	for id, db := range s.globals.databases {
		if st.databases[id] == nil {
			fresh := newSnapshot(db, s.globals, s.version)
			fresh.putSchema(publicSchema())
			st.databases[id] = fresh
		}
	}
	if _, ok := st.databases[s.database.ID]; ok {
		st.databases[s.database.ID] = s
	}
	c.state.Store(st)
}

func (s *Snapshot) withGlobals(db *Database, g *globals, version uint64) *Snapshot {
	c := *s
	c.database, c.globals, c.version, c.schema = db, g, version, version
	return &c
}
