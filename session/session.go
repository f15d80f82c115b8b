package session

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/executor/spill"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Session is one client's conversation. Its methods are called by one
// goroutine; only interrupt and drain come from others.
type Session struct {
	server *Server
	client Client
	pid    uint32
	secret uint32

	database *catalog.Database
	login    string // who connected
	user     string // session user
	role     string // current user
	remote   net.Addr
	local    net.Addr
	started  time.Time

	settings settings
	io       *types.IO // from settings; replaced, never changed
	planEnv  uint32    // identifies what plans depend on besides text and catalog

	ctx    context.Context // ends with the connection
	cancel context.CancelCauseFunc
	// interruptMu guards running and runCancel: who interrupts a statement must
	// not hit the next one.
	interruptMu sync.Mutex
	running     bool
	runCtx      context.Context
	runCancel   context.CancelCauseFunc
	draining    atomic.Bool
	disconnect  func() // closes the connection's reading side

	tx       transaction
	prepared map[string]*prepared
	portals  map[string]*portal
	memory   *executor.Account
	temp     *spill.Space
	currval  map[catalog.OID]int64
	lastval  catalog.OID
	// hasAdvisory: an advisory lock was taken, perhaps released since.
	hasAdvisory bool
	random      *functions.RandomState // of random() and setseed, nil before the first
	emptied     []catalog.OID          // temporary tables ON COMMIT DELETE ROWS
	tempID      catalog.OID            // this session's pg_temp schema, 0 before the first temporary table

	traffic kv.Traffic // with the store, a part of the server's

	// routines are the planned bodies of functions that users made; routineDepth counts
	// those that are running inside of each other.
	routines     map[routineKey]*routineProgram
	routineDepth int

	noticeFunc func(error) // notice, made once

	// What pg_stat_activity shows.
	activityMu sync.Mutex
	activity   activity
	meter      meter
	scratch    scratch
	writes     []tableWrites // of the transaction
}

type activity struct {
	application string
	query       string
	state       string
	queryStart  time.Time
	stateSince  time.Time
	txnStart    time.Time
}

// Options are a client's start-up parameters.
type Options struct {
	User, Database string
	// Settings are the other start-up parameters by name, those of
	// options='-c name=value' included.
	Settings map[string]string
	Remote   net.Addr
	Local    net.Addr
	// Disconnect unblocks the connection's reader when the server drains.
	Disconnect func()
}

// Connect opens a session. Errors are FATAL and end the connection: 3D000,
// 28000, 53300, 57P03, 22023.
func (srv *Server) Connect(ctx context.Context, client Client, opts Options) (*Session, error) {
	if opts.User == "" {
		return nil, fatal(pgerror.InvalidAuthorizationSpecification, "no PostgreSQL user name specified in startup packet")
	}
	if opts.Database == "" {
		opts.Database = opts.User
	}
	db, err := srv.catalog.Database(ctx, opts.Database)
	if err != nil {
		return nil, err
	}
	if db == nil {
		return nil, fatal(pgerror.InvalidCatalogName, "database %q does not exist", opts.Database)
	}
	snap, err := srv.catalog.Snapshot(ctx, db.ID)
	if err != nil {
		return nil, err
	}
	role := snap.Role(opts.User)
	if role == nil {
		return nil, fatal(pgerror.InvalidAuthorizationSpecification, "role %q does not exist", opts.User)
	}
	if !role.Login {
		return nil, fatal(pgerror.InvalidAuthorizationSpecification, "role %q is not permitted to log in", opts.User)
	}
	s := &Session{
		server: srv, client: client, database: db, login: opts.User, user: opts.User, role: opts.User,
		remote: opts.Remote, local: opts.Local, started: srv.config.Clock(), disconnect: opts.Disconnect,
		prepared: map[string]*prepared{}, portals: map[string]*portal{}, currval: map[catalog.OID]int64{},
		memory: executor.NewAccount("session", 0, srv.memory), temp: srv.config.Temp.NewSpace(),
	}
	s.noticeFunc = s.notice
	s.traffic.Within = &srv.traffic
	s.ctx, s.cancel = context.WithCancelCause(kv.WithTraffic(ctx, &s.traffic))
	s.settings.init(s)
	for name, value := range opts.Settings {
		if err := s.settings.startup(name, value); err != nil {
			s.cancel(nil)
			e := *pgerror.From(err)
			return nil, e.WithSeverity(pgerror.SeverityFatal)
		}
	}
	if err := srv.register(s); err != nil {
		s.cancel(nil)
		return nil, err
	}
	s.setActivity("idle", "")
	return s, nil
}

func fatal(code pgerror.Code, format string, args ...any) error {
	return pgerror.New(code, format, args...).WithSeverity(pgerror.SeverityFatal)
}

// Key returns the process id and secret of the session's cancel key.
func (s *Session) Key() (pid, secret uint32) { return s.pid, s.secret }

// Context ends when the session is to end.
func (s *Session) Context() context.Context { return s.ctx }

// Parameters calls fn for every setting that is reported to clients.
func (s *Session) Parameters(fn func(name, value string)) { s.settings.reported(fn) }

// IdleTimeout is how long the session may now wait for the client, and the
// error that ends it then; zero means for ever.
func (s *Session) IdleTimeout() (time.Duration, error) {
	if s.tx.block {
		return s.settings.idleInTransaction, errIdleInTransaction
	}
	return s.settings.idleSession, errIdleSession
}

var (
	errIdleInTransaction = pgerror.New(pgerror.IdleInTransactionSessionTimeout,
		"terminating connection due to idle-in-transaction timeout").WithSeverity(pgerror.SeverityFatal)
	errIdleSession = pgerror.New(pgerror.IdleSessionTimeout,
		"terminating connection due to idle-session timeout").WithSeverity(pgerror.SeverityFatal)
)

// Close ends the session: its transaction is rolled back, everything released.
func (s *Session) Close() {
	for name := range s.portals {
		s.closePortal(name)
	}
	s.abandon()
	if s.hasAdvisory {
		s.server.advisory.releaseAll(s, false)
	}
	s.dropTemporary()
	s.server.unregister(s)
	s.cancel(nil)
	s.memory.Close()
}

// begin marks a statement as running and returns its context.
func (s *Session) begin() context.Context {
	s.interruptMu.Lock()
	defer s.interruptMu.Unlock()
	s.running = true
	if s.runCtx == nil || s.runCtx.Err() != nil {
		s.runCtx, s.runCancel = context.WithCancelCause(s.ctx)
	}
	return s.runCtx
}

func (s *Session) end() {
	s.interruptMu.Lock()
	defer s.interruptMu.Unlock()
	s.running = false
}

// interrupt cancels the statement that runs now, if any.
func (s *Session) interrupt(cause error) {
	s.interruptMu.Lock()
	defer s.interruptMu.Unlock()
	if s.running {
		s.runCancel(cause)
	}
}

// drain ends the session when it is idle, or at any rate with force.
func (s *Session) drain(force bool) {
	s.interruptMu.Lock()
	defer s.interruptMu.Unlock()
	s.draining.Store(true)
	if s.running && !force {
		return
	}
	if s.running {
		s.runCancel(errShutdown)
	}
	if s.disconnect != nil {
		s.disconnect()
	}
}

// Draining reports whether the session is to end as soon as it is idle, and the error to say.
func (s *Session) Draining() error {
	if s.draining.Load() {
		return errShutdown
	}
	return nil
}

func (s *Session) setActivity(state, query string) {
	now := s.server.config.Clock()
	s.activityMu.Lock()
	defer s.activityMu.Unlock()
	if s.activity.state == "active" && state != "active" {
		s.meter.took(now.Sub(s.activity.queryStart))
	}
	s.activity = activity{query: query, state: state, stateSince: now, queryStart: now, txnStart: s.tx.start, application: s.settings.application}
}

// currentActivity may be called from any session.
func (s *Session) currentActivity() activity {
	s.activityMu.Lock()
	defer s.activityMu.Unlock()
	return s.activity
}
