// Package session is one client's conversation: statements, portals, settings
// and the state of its transaction. It is the only place where transaction,
// plan and results meet. Protocols (pgwire) call it; it knows none of them.
package session

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/executor/spill"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Config are a node's settings for its sessions.
type Config struct {
	// MaxConnections is how many sessions may live at once (53300 beyond). Default 200.
	MaxConnections int
	// MemoryLimit bounds what all queries together keep, in bytes. Default 4 GiB.
	MemoryLimit int64
	// QueryMemoryLimit bounds one query (53200 beyond). Default 1 GiB.
	QueryMemoryLimit int64
	// WorkMemLimit bounds what a session's work_mem counts for, in bytes; tests
	// make everything spill with it. Default: no bound.
	WorkMemLimit int64
	// Temp is where queries spill to. Default: the system's temporary files.
	Temp *spill.Dir
	// ColumnCacheBytes bounds the columns of scanned rows that are kept, if the
	// store can tell what changes. Default 256 MiB; negative for none.
	ColumnCacheBytes int64
	// StoreCacheBytes is how large the store's cache of blocks is; 0 if that is not known.
	StoreCacheBytes int64
	// SeriesCacheBytes bounds the decoded blocks of time-series tables that are
	// kept. Default 256 MiB; negative for none.
	SeriesCacheBytes int64
	// Series says when time-series tables are packed.
	Series SeriesSettings
	// PlanCacheBytes bounds the parse trees and plans kept by text. Default 64 MiB.
	PlanCacheBytes int64
	// Logger takes what no client sees. Default slog.Default().
	Logger *slog.Logger
	// Clock tells the time. Default time.Now.
	Clock func() time.Time
	// Alloc is where batches come from. Default memory.DefaultAllocator.
	Alloc memory.Allocator
	// ServerPort is what inet_server_port() answers.
	ServerPort int
	// AutoAnalyze is when statistics are refreshed by themselves.
	AutoAnalyze AutoAnalyze
}

func (c *Config) setDefaults() {
	if c.MaxConnections == 0 {
		c.MaxConnections = 200
	}
	if c.MemoryLimit == 0 {
		c.MemoryLimit = 4 << 30
	}
	if c.QueryMemoryLimit == 0 {
		c.QueryMemoryLimit = 1 << 30
	}
	if c.Temp == nil {
		c.Temp = spill.Temporary()
	}
	if c.ColumnCacheBytes == 0 {
		c.ColumnCacheBytes = 256 << 20
	}
	if c.SeriesCacheBytes == 0 {
		c.SeriesCacheBytes = 256 << 20
	}
	if c.PlanCacheBytes == 0 {
		c.PlanCacheBytes = 64 << 20
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.AutoAnalyze.setDefaults()
	c.Series.setDefaults()
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Alloc == nil {
		c.Alloc = memory.DefaultAllocator
	}
}

// Server is what the sessions of a node share. It is safe for use by many goroutines.
type Server struct {
	config  Config
	store   kv.Store
	catalog *catalog.Catalog
	memory  *executor.Account
	rowIDs  *executor.RowIDs
	workers *executor.WorkerPool
	columns *executor.ColumnCache // nil without
	blocks  *executor.BlockCache  // nil without
	series  *executor.SeriesKeeper
	trees   *parser.Cache
	plans   *planCache
	// advisory locks belong to sessions, not to transactions of the store.
	advisory advisoryLocks
	activity activities
	traffic  kv.Traffic // of all sessions with the store
	spans    spanLog
	ended    meter // of sessions that are over
	errors   errorCounts
	opened   atomic.Int64 // sessions so far
	started  time.Time

	mu       sync.Mutex
	sessions map[uint32]*Session // by process id
	nextPID  uint32
	draining bool
	count    atomic.Int64
	cancels  atomic.Int64 // requests that are being passed on
}

// Traffic counts the requests that sessions sent to a store over a network.
func (srv *Server) Traffic() *kv.Traffic { return &srv.traffic }

// NewServer makes the server of a node. It owns neither the store nor the catalog.
func NewServer(store kv.Store, cat *catalog.Catalog, config Config) *Server {
	config.setDefaults()
	firstPID := uint32(0)
	if _, ok := store.(kv.SharedStore); ok {
		// Process ids are in the names of temporary schemas, which all nodes share.
		firstPID = uint32(mathrand.Int32N(1<<15)) << 16
	}
	srv := &Server{
		config:   config,
		store:    store,
		catalog:  cat,
		memory:   executor.NewAccount("process", config.MemoryLimit, nil),
		rowIDs:   executor.NewRowIDs(store),
		workers:  executor.NewWorkerPool(maxWorkers()),
		columns:  executor.NewColumnCache(store, config.ColumnCacheBytes),
		blocks:   executor.NewBlockCache(store, config.SeriesCacheBytes),
		trees:    parser.NewCache(config.PlanCacheBytes / 2),
		plans:    newPlanCache(config.PlanCacheBytes / 2),
		started:  config.Clock(),
		sessions: map[uint32]*Session{},
		nextPID:  firstPID,
	}
	srv.series = newSeriesKeeper(srv)
	if b, ok := store.(kv.Broadcaster); ok {
		b.Receive(srv.cancelHere)
	}
	return srv
}

// Memory is the process account that all queries reserve from.
func (srv *Server) Memory() *executor.Account { return srv.memory }

// errShutdown is the cause of a drain's cancellation.
var errShutdown = pgerror.New(pgerror.AdminShutdown, "terminating connection due to administrator command").WithSeverity(pgerror.SeverityFatal)

// ErrCancelled is the cause of a cancelled statement.
var ErrCancelled = pgerror.New(pgerror.QueryCanceled, "canceling statement due to user request")

// register admits a session and gives it its cancel key.
func (srv *Server) register(s *Session) error {
	var secret [4]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return err
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.draining {
		return pgerror.New(pgerror.CannotConnectNow, "the database system is shutting down").WithSeverity(pgerror.SeverityFatal)
	}
	if len(srv.sessions) >= srv.config.MaxConnections {
		return pgerror.New(pgerror.TooManyConnections, "sorry, too many clients already").WithSeverity(pgerror.SeverityFatal)
	}
	for {
		srv.nextPID++
		if srv.nextPID&0x7fffffff == 0 {
			srv.nextPID = 1
		}
		if srv.sessions[srv.nextPID] == nil {
			break
		}
	}
	s.pid, s.secret = srv.nextPID, binary.BigEndian.Uint32(secret[:])
	srv.sessions[s.pid] = s
	srv.opened.Add(1)
	srv.count.Store(int64(len(srv.sessions)))
	return nil
}

func (srv *Server) unregister(s *Session) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.sessions[s.pid] == s {
		s.activityMu.Lock()
		srv.ended.add(&s.meter)
		s.activityMu.Unlock()
	}
	delete(srv.sessions, s.pid)
	srv.count.Store(int64(len(srv.sessions)))
}

// Sessions is the number of living sessions.
func (srv *Server) Sessions() int { return int(srv.count.Load()) }

// connected counts the sessions of a database.
func (srv *Server) connected(database catalog.OID) int {
	n := 0
	for _, s := range srv.list() {
		if s.database.ID == database {
			n++
		}
	}
	return n
}

// Drain stops admitting sessions, ends idle ones, and lets running statements
// finish until ctx is done; then it cancels them with 57P01.
func (srv *Server) Drain(ctx context.Context) {
	srv.mu.Lock()
	srv.draining = true
	srv.mu.Unlock()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		left := 0
		for _, s := range srv.list() {
			s.drain(false)
			left++
		}
		if left == 0 {
			return
		}
		select {
		case <-ctx.Done():
			for _, s := range srv.list() {
				s.drain(true)
			}
			return
		case <-tick.C:
		}
	}
}

func (srv *Server) list() []*Session {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	out := make([]*Session, 0, len(srv.sessions))
	for _, s := range srv.sessions {
		out = append(out, s)
	}
	return out
}
