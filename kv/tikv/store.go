// Package tikv is the kv.Store over a TiKV cluster (client-go). The parts:
//
//	writes     a transaction's writes: a copy-on-write tree, so that savepoints and views are copies of its root
//	lock       row locks: first those of this node (kv/locktable), then the cluster's
//	share      the shared lock modes, which the servers do not have
//	announce   shared locks that stay within their node
//	deadlock   finds those that no lock table and no store sees as a whole
//	traffic    counts requests for those who ask
//	silence    gives up connections to stores that do not answer
//	heartbeat  keeps the locks of living transactions alive
//	gc         how long old versions stay, agreed among the nodes
//
// docs/tikv.md says how it is run, and what was tested on which server.
package tikv

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pingcap/kvproto/pkg/metapb"
	"github.com/tikv/client-go/v2/config/retry"
	"github.com/tikv/client-go/v2/oracle"
	"github.com/tikv/client-go/v2/tikv"
	"github.com/tikv/client-go/v2/txnkv/transaction"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/locktable"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Config says which cluster to use, and how.
type Config struct {
	// PDs are the addresses of the placement drivers.
	PDs []string
	// Security is how to reach them and the stores by TLS.
	Security Security
	// Keyspace, if not empty, is the keyspace of the cluster to live in (API v2).
	Keyspace string
	// Route, if set, maps the addresses by which the placement drivers know
	// themselves and the stores to those at which this node reaches them.
	Route func(address string) string
	// Prefix, if not empty, is put before every key: tests share a cluster so.
	Prefix string
	// Near are the labels of stores that are near this node: replicas in them are
	// read where they may. None: any are near.
	Near map[string]string
	// MaxTxnBytes bounds a transaction's writes. Default 256 MiB.
	MaxTxnBytes int64
	// GCLifetime is how long old versions stay readable. Default 10 minutes;
	// negative: not at all beyond open snapshots and barriers.
	GCLifetime time.Duration
	// GCInterval is how often old versions are looked for. Default a minute;
	// negative: only on request.
	GCInterval time.Duration
	Logger     *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.MaxTxnBytes <= 0 {
		c.MaxTxnBytes = 256 << 20
	}
	switch {
	case c.GCLifetime == 0:
		c.GCLifetime = 10 * time.Minute
	case c.GCLifetime < 0:
		c.GCLifetime = 0
	}
	if c.GCInterval == 0 {
		c.GCInterval = time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Store is a kv.Store over a TiKV cluster.
type Store struct {
	cfg    Config
	client *tikv.KVStore
	// fastCommit says that the stores know async commit and 1PC.
	fastCommit bool
	keys       keyspace
	// records is the keyspace of the driver's own records.
	records keyspace
	locks   *locktable.Table
	near    []*metapb.StoreLabel
	// replicaSeed has requests take turns among replicas.
	replicaSeed atomic.Uint32
	hearts      heartbeats
	gc          collector
	// announced are the exclusive locks of keys that nodes share without asking.
	announced announcements
	deadlocks deadlocks
	silence   silence

	closing, closed atomic.Bool
	// life ends with the store: what it does in the background, and waits.
	life context.Context
	end  context.CancelFunc
	work sync.WaitGroup
}

var _ kv.Store = (*Store)(nil)

// Open connects to a cluster.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg = cfg.withDefaults()
	client, err := connect(ctx, cfg)
	if err != nil {
		return nil, pgerror.Wrap(err, pgerror.ConnectionFailure, "connect to the placement drivers at %v: %s", cfg.PDs, err.Error())
	}
	fast, err := supportsFastCommit(ctx, client)
	if err != nil {
		_ = client.Close()
		return nil, pgerror.Wrap(err, pgerror.ConnectionFailure, "ask for the stores of the cluster: %s", err.Error())
	}
	s, err := newStore(ctx, client, cfg, fast)
	if err != nil {
		_ = client.Close()
	}
	return s, err
}

// newStore makes a store over a client, which it owns.
func newStore(ctx context.Context, client *tikv.KVStore, cfg Config, fastCommit bool) (*Store, error) {
	s := &Store{cfg: cfg, client: client, fastCommit: fastCommit, keys: newKeyspace(cfg.Prefix), locks: locktable.New()}
	s.near = storeLabels(cfg.Near)
	s.records = recordKeyspace(cfg.Prefix)
	s.silence.init()
	client.SetTiKVClient(trafficClient{client.GetTiKVClient(), &s.silence})
	client.SetOracle(trafficOracle{client.GetOracle()})
	s.life, s.end = context.WithCancel(context.Background())
	s.hearts.init()
	s.announced.init(s)
	s.deadlocks.init(s)
	if err := s.checkForeign(ctx); err != nil {
		s.end()
		return nil, err
	}
	if err := s.gc.start(ctx, s); err != nil {
		s.end()
		return nil, err
	}
	if _, err := s.announced.poll(ctx); err != nil {
		s.end()
		return nil, err
	}
	s.work.Go(s.runAnnouncements)
	s.work.Go(s.runDeadlocks)
	s.work.Go(s.runSilence)
	s.work.Go(s.runHeartbeats)
	s.work.Go(s.runCollector)
	return s, nil
}

// tsoPatience bounds a wait for a timestamp, in milliseconds.
const tsoPatience = transaction.TsoMaxBackoff

// Now implements kv.Store.
func (s *Store) Now(ctx context.Context) (kv.Timestamp, error) {
	if s.closed.Load() {
		return 0, kv.ErrClosed
	}
	bo := retry.NewBackofferWithVars(ctx, tsoPatience, nil)
	ts, err := s.client.GetTimestampWithRetry(bo, oracle.GlobalTxnScope)
	if err != nil {
		return 0, s.translate(ctx, err)
	}
	return kv.Timestamp(ts), nil
}

// Begin implements kv.Store.
func (s *Store) Begin(ctx context.Context, opts kv.TxnOptions) (kv.Txn, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	t := s.newTxn(&s.keys, now)
	t.readOnly, t.traffic = opts.ReadOnly, kv.TrafficOf(ctx)
	if opts.MaxBytes > 0 {
		t.maxBytes = opts.MaxBytes
	}
	if opts.ReadTS != 0 {
		t.readOnly = true
		if err := s.openAt(ctx, t, opts.ReadTS, now); err != nil {
			return nil, err
		}
		return t, nil
	}
	s.gc.open(&t.held, t.readTS)
	return t, nil
}

// Snapshot implements kv.Store.
func (s *Store) Snapshot(ctx context.Context, ts kv.Timestamp) (kv.Reader, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	t := s.newTxn(&s.keys, now)
	t.readOnly, t.traffic = true, kv.TrafficOf(ctx)
	if err := s.openAt(ctx, t, ts, now); err != nil {
		return nil, err
	}
	return t, nil
}

func (s *Store) newTxn(keys *keyspace, now kv.Timestamp) *txn {
	begun := time.Now()
	return &txn{store: s, keys: keys, readTS: now, beginTS: now, begun: begun, readAt: begun, maxBytes: s.cfg.MaxTxnBytes}
}

func (s *Store) openAt(ctx context.Context, t *txn, ts, now kv.Timestamp) error {
	if ts > now {
		return errFuture
	}
	t.readTS, t.takenTS = ts, now
	return s.gc.openAt(ctx, &t.held, ts)
}

// LockWaiters returns how many requests wait for locks of transactions of this
// node.
func (s *Store) LockWaiters() int { return s.locks.Waiters() }

// Close implements kv.Store.
func (s *Store) Close() error {
	if s.closing.Swap(true) {
		return nil
	}
	s.locks.Close()
	s.gc.leave()
	s.closed.Store(true)
	s.end()
	s.work.Wait()
	return s.client.Close()
}
