package session

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// functionSession is what SQL functions see of the session and its catalog: it
// implements the interfaces of functions/session_interfaces.go. One lives as
// long as a statement.
type functionSession struct {
	s    *Session
	snap *catalog.Snapshot
	// writes: the statement writes, and what functions read beside it is read at once.
	writes bool
}

var (
	_ functions.IdentitySession    = (*functionSession)(nil)
	_ functions.NetworkSession     = (*functionSession)(nil)
	_ functions.SearchPathSession  = (*functionSession)(nil)
	_ functions.SettingsSession    = (*functionSession)(nil)
	_ functions.SequenceSession    = (*functionSession)(nil)
	_ functions.ServerSession      = (*functionSession)(nil)
	_ functions.TransactionSession = (*functionSession)(nil)
	_ functions.NoticeSession      = (*functionSession)(nil)
)

// CurrentUser implements functions.IdentitySession.
func (f *functionSession) CurrentUser() string { return f.s.role }

// RandomState implements functions.RandomSession.
func (f *functionSession) RandomState() *functions.RandomState {
	if f.s.random == nil {
		f.s.random = &functions.RandomState{}
		f.s.random.Seed(rand.Float64())
	}
	return f.s.random
}

// RowColumns implements functions.RowTypeSession.
func (f *functionSession) RowColumns(id types.OID) []string {
	t, _ := f.snap.TypeOrRow(id)
	if t == nil {
		return nil
	}
	var names []string
	for i := range t.Fields {
		if !t.Fields[i].Dropped {
			names = append(names, t.Fields[i].Name)
		}
	}
	return names
}

// SessionUser implements functions.IdentitySession.
func (f *functionSession) SessionUser() string { return f.s.user }

// Database implements functions.IdentitySession.
func (f *functionSession) Database() string { return f.s.database.Name }

// BackendPID implements functions.IdentitySession.
func (f *functionSession) BackendPID() int32 { return int32(f.s.pid) }

// Version implements functions.IdentitySession.
func (f *functionSession) Version() string {
	return fmt.Sprintf("PostgreSQL %s on %s-%s, compiled by %s, 64-bit", ServerVersion, runtime.GOARCH, runtime.GOOS, runtime.Version())
}

// Query implements functions.IdentitySession.
func (f *functionSession) Query() string {
	return f.s.currentActivity().query
}

// ClientAddr implements functions.NetworkSession.
func (f *functionSession) ClientAddr() netip.AddrPort { return addrPort(f.s.remote) }

// ServerAddr implements functions.NetworkSession.
func (f *functionSession) ServerAddr() netip.AddrPort { return addrPort(f.s.local) }

func addrPort(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return netip.AddrPortFrom(tcp.AddrPort().Addr().Unmap(), tcp.AddrPort().Port())
	}
	return netip.AddrPort{}
}

// Schemas implements functions.SearchPathSession.
func (f *functionSession) Schemas(implicit bool) []string {
	var out []string
	path := f.s.searchPath()
	if !implicit {
		path = f.s.namedPath()
	}
	for _, name := range path {
		if f.snap.Schema(name) != nil {
			out = append(out, name)
		}
	}
	return out
}

// Setting implements functions.SettingsSession.
func (f *functionSession) Setting(name string) (string, bool) {
	_, v, err := f.s.settings.show(name)
	return v, err == nil
}

// SetSetting implements functions.SettingsSession.
func (f *functionSession) SetSetting(name string, value *string, local bool) (string, error) {
	var err error
	if value == nil {
		err = f.s.settings.reset(name, local)
	} else {
		err = f.s.settings.set(name, *value, local)
	}
	if err != nil {
		return "", err
	}
	_, v, err := f.s.settings.show(name)
	return v, err
}

// sequence finds a sequence or PostgreSQL's error.
func (f *functionSession) sequence(id uint32) (*catalog.Table, error) {
	t := f.snap.TableByID(catalog.OID(id))
	if t == nil {
		return nil, pgerror.New(pgerror.UndefinedTable, "could not open relation with OID %d", id)
	}
	if t.Kind != catalog.KindSequence {
		return nil, pgerror.New(pgerror.WrongObjectType, "%q is not a sequence", t.Name)
	}
	return t, nil
}

// NextVal implements functions.SequenceSession.
func (f *functionSession) NextVal(ctx context.Context, id uint32) (int64, error) {
	t, err := f.sequence(id)
	if err != nil {
		return 0, err
	}
	if f.s.readOnly() {
		return 0, readOnlyError("nextval()")
	}
	v, err := f.s.server.catalog.NextVal(ctx, f.snap, t.ID)
	if err == nil {
		f.s.currval[t.ID], f.s.lastval = v, t.ID
	}
	return v, err
}

// CurrVal implements functions.SequenceSession.
func (f *functionSession) CurrVal(_ context.Context, id uint32) (int64, error) {
	t, err := f.sequence(id)
	if err != nil {
		return 0, err
	}
	v, ok := f.s.currval[t.ID]
	if !ok {
		return 0, pgerror.New(pgerror.ObjectNotInPrerequisiteState, "currval of sequence %q is not yet defined in this session", t.Name)
	}
	return v, nil
}

// LastVal implements functions.SequenceSession.
func (f *functionSession) LastVal(context.Context) (int64, error) {
	v, ok := f.s.currval[f.s.lastval]
	if !ok || f.snap.TableByID(f.s.lastval) == nil {
		return 0, pgerror.New(pgerror.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
	}
	return v, nil
}

// SetVal implements functions.SequenceSession.
func (f *functionSession) SetVal(ctx context.Context, id uint32, value int64, called bool) error {
	t, err := f.sequence(id)
	if err != nil {
		return err
	}
	if f.s.readOnly() {
		return readOnlyError("setval()")
	}
	if err := f.s.server.catalog.SetVal(ctx, f.snap, t.ID, value, called); err != nil {
		return err
	}
	if called {
		f.s.currval[t.ID] = value
	}
	return nil
}

// SequenceLast implements functions.SequenceSession.
func (f *functionSession) SequenceLast(ctx context.Context, id uint32) (int64, bool, error) {
	t, err := f.sequence(id)
	if err != nil {
		return 0, false, err
	}
	last, called, _, err := f.s.server.catalog.SequenceState(ctx, t)
	return last, called, err
}

// StartTime implements functions.ServerSession.
func (f *functionSession) StartTime() time.Time { return f.s.server.started }

// ReloadTime implements functions.ServerSession.
func (f *functionSession) ReloadTime() time.Time { return f.s.server.started }

// CancelBackend implements functions.ServerSession.
func (f *functionSession) CancelBackend(pid int32) (bool, error) {
	return f.signal(pid, func(s *Session) { s.interrupt(ErrCancelled) }), nil
}

// TerminateBackend implements functions.ServerSession.
func (f *functionSession) TerminateBackend(pid int32) (bool, error) {
	return f.signal(pid, func(s *Session) { s.drain(true) }), nil
}

func (f *functionSession) signal(pid int32, fn func(*Session)) bool {
	srv := f.s.server
	srv.mu.Lock()
	s := srv.sessions[uint32(pid)]
	srv.mu.Unlock()
	if s == nil {
		f.s.warn(pgerror.Code("01000"), "PID %d is not a PostgreSQL backend process", pid)
		return false
	}
	fn(s)
	return true
}

// TransactionID implements functions.TransactionSession.
func (f *functionSession) TransactionID(bool) (uint64, bool) {
	if f.s.tx.txn == nil {
		return 0, false
	}
	return f.s.tx.txn.ID(), true
}

// Warning implements functions.NoticeSession.
func (f *functionSession) Warning(code pgerror.Code, message string) {
	f.s.notice(pgerror.NewWarning(code, "%s", message))
}
