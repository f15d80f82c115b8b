package session

import (
	"context"
	"sort"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// runUtility executes a statement that is not planned. many says that it is one
// of several statements of a simple query.
func (s *Session) runUtility(ctx context.Context, raw *ast.RawStmt, out *outcome, many bool) (err error) {
	out.tag = ast.Tag(raw.Stmt)
	switch st := raw.Stmt.(type) {
	case *ast.Transaction:
		out.tag, err = s.runTransaction(ctx, st)
	case *ast.Set:
		err = s.runSet(st)
	case *ast.Show:
		err = s.runShow(st, out)
	case *ast.Discard:
		err = s.runDiscard(ctx, st, many)
	case *ast.Prepare:
		err = s.runPrepare(ctx, raw, st)
	case *ast.Execute:
		err = s.runExecute(ctx, st, out)
	case *ast.Deallocate:
		err = s.runDeallocate(st)
	case *ast.Explain:
		err = s.runExplain(ctx, raw, st, out)
	case *ast.DeclareCursor:
		err = s.runDeclare(ctx, raw, st)
	case *ast.Fetch:
		err = s.runFetch(ctx, st, out)
	case *ast.CloseCursor:
		err = s.runClose(st)
	case *ast.Copy:
		err = s.runCopy(ctx, raw, st, out)
	case *ast.Lock:
		err = s.runLock(ctx, st)
	case *ast.Call:
		err = s.runCall(ctx, st, many)
	case *ast.Checkpoint, *ast.Listen, *ast.Notify, *ast.SetConstraints:
		err = pgerror.Unsupported("%s", ast.Tag(st))
	case *ast.Unlisten:
		// Nothing listens: LISTEN is refused.
	case *ast.Vacuum:
		err = s.runVacuum(ctx, st, many)
	default:
		err = s.runDDL(ctx, raw, out, many)
	}
	return err
}

// preventInBlock refuses statements that cannot run inside of a transaction block.
func (s *Session) preventInBlock(what string, many bool) error {
	if s.tx.block || many {
		if many && !s.tx.block {
			return pgerror.New(pgerror.ActiveSqlTransaction, "%s cannot be executed within a pipeline", what)
		}
		return pgerror.New(pgerror.ActiveSqlTransaction, "%s cannot run inside a transaction block", what)
	}
	return nil
}

// runSet executes SET and RESET.
func (s *Session) runSet(st *ast.Set) error {
	name := strings.ToLower(st.Name)
	switch st.Kind {
	case ast.SetMulti:
		return s.setMulti(st)
	case ast.SetResetAll:
		return s.settings.resetAll()
	case ast.SetReset:
		return s.settings.reset(name, false)
	}
	if st.Local && !s.tx.block {
		s.warn(pgerror.NoActiveSqlTransaction, "SET LOCAL can only be used in transaction blocks")
		return nil
	}
	switch st.Kind {
	case ast.SetDefault:
		return s.settings.reset(name, st.Local)
	case ast.SetCurrent:
		_, v, err := s.settings.show(name)
		if err != nil {
			return err
		}
		return s.settings.set(name, v, st.Local)
	}
	value, err := setValue(name, st.Args)
	if err != nil {
		return err
	}
	return s.settings.set(st.Name, value, st.Local)
}

// setValue joins the arguments of SET as PostgreSQL does: lists of identifiers
// are quoted where needed.
func setValue(name string, args []ast.Expr) (string, error) {
	var parts []string
	for _, a := range args {
		text := ""
		switch a := a.(type) {
		case *ast.Const:
			text = a.Text
			if name == "search_path" && a.Kind == ast.ConstString {
				text = quoteIdentifier(text)
			}
		case *ast.Cast:
			c, ok := a.Arg.(*ast.Const)
			if !ok {
				return "", pgerror.Unsupported("this form of SET")
			}
			text = c.Text
			if name == "timezone" {
				d, err := types.Parse(types.Of(types.Interval), c.Text, nil)
				if err != nil {
					return "", err
				}
				text = intervalHours(d)
			}
		default:
			return "", pgerror.Unsupported("this form of SET")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", "), nil
}

func quoteIdentifier(name string) string {
	plain := name != ""
	for i, c := range []byte(name) {
		lower := c >= 'a' && c <= 'z' || c == '_' || c >= 0x80
		if !lower && (i == 0 || c < '0' || c > '9') && (i == 0 || c != '$') {
			plain = false
		}
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func (s *Session) setMulti(st *ast.Set) error {
	switch strings.ToUpper(st.Name) {
	case "TRANSACTION":
		if !s.tx.block {
			s.warn(pgerror.NoActiveSqlTransaction, "SET TRANSACTION can only be used in transaction blocks")
			return nil
		}
		return s.setModes(st.Modes)
	case "SESSION CHARACTERISTICS":
		for _, m := range st.Modes {
			value := m.Text()
			if b, ok := m.Bool(); ok && m.Name != "transaction_isolation" {
				value = onOff(b)
			}
			if err := s.settings.set("default_"+m.Name, value, false); err != nil {
				return err
			}
		}
		return nil
	}
	return pgerror.Unsupported("SET %s", st.Name)
}

func textColumn(name string) plan.Column {
	return plan.Column{Name: name, Type: types.Of(types.Text)}
}

func textRow(values ...string) []types.Datum {
	row := make([]types.Datum, len(values))
	for i, v := range values {
		row[i] = types.NewString(v)
	}
	return row
}

func (s *Session) runShow(st *ast.Show, out *outcome) error {
	if strings.EqualFold(st.Name, "all") {
		return s.showAll(out)
	}
	name, value, err := s.settings.show(st.Name)
	if err != nil {
		return err
	}
	return s.simpleRows(out, []plan.Column{textColumn(name)}, [][]types.Datum{textRow(value)})
}

func (s *Session) showAll(out *outcome) error {
	names := make([]string, 0, len(settingsTable))
	for _, def := range settingsTable {
		names = append(names, def.name)
	}
	sort.Slice(names, func(i, j int) bool { return strings.ToLower(names[i]) < strings.ToLower(names[j]) })
	var rows [][]types.Datum
	for _, name := range names {
		_, value, err := s.settings.show(name)
		if err != nil {
			return err
		}
		rows = append(rows, textRow(name, value, settingsByName[strings.ToLower(name)].doc))
	}
	return s.simpleRows(out, showAllColumns, rows)
}

var showAllColumns = []plan.Column{textColumn("name"), textColumn("setting"), textColumn("description")}

// utilityColumns are the columns a utility statement returns, nil if none.
func (s *Session) utilityColumns(stmt ast.Statement) []plan.Column {
	switch st := stmt.(type) {
	case *ast.Show:
		if strings.EqualFold(st.Name, "all") {
			return showAllColumns
		}
		if name, _, err := s.settings.show(st.Name); err == nil {
			return []plan.Column{textColumn(name)}
		}
	case *ast.Explain:
		return []plan.Column{explainColumn(st)}
	case *ast.Execute:
		if p := s.prepared[st.Name]; p != nil {
			return p.cols
		}
	case *ast.Fetch:
		if po := s.portals[st.Name]; po != nil && !st.Move {
			return po.rows.Columns
		}
	}
	return nil
}

func (s *Session) runDiscard(ctx context.Context, st *ast.Discard, many bool) error {
	switch st.Kind {
	case ast.DiscardPlans:
	case ast.DiscardSequences:
		clear(s.currval)
		s.lastval = 0
	case ast.DiscardTemp:
		s.dropTemporary()
	default:
		if err := s.preventInBlock("DISCARD ALL", many); err != nil {
			return err
		}
		for name := range s.portals {
			s.closePortal(name)
		}
		if err := s.settings.resetAll(); err != nil {
			return err
		}
		clear(s.prepared)
		clear(s.currval)
		s.lastval = 0
		s.server.advisory.releaseAll(s, false)
		s.dropTemporary()
	}
	return nil
}

// runLock executes LOCK TABLE. The eight modes of PostgreSQL map to the four of
// the store in which they conflict with at least what PostgreSQL says.
func (s *Session) runLock(ctx context.Context, st *ast.Lock) error {
	if err := needBlock(s, "LOCK TABLE"); err != nil {
		return err
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	if s.tx.txn == nil {
		if _, err := s.openTxn(ctx, true); err != nil {
			return err
		}
	}
	mode := tableLockMode(st.Mode)
	for _, rv := range st.Tables {
		t := snap.Resolve(s.searchPath(), rv.Schema, rv.Name)
		if t == nil {
			return undefinedTable(snap, rv)
		}
		if mode == 0 || s.tx.locked[t.ID] >= mode {
			continue
		}
		if st.NoWait {
			_, err := s.tx.txn.Lock(ctx, []kv.Key{tableKey(t)}, kv.LockOptions{Mode: mode, Wait: kv.LockNoWait, NoConflictCheck: true})
			if err != nil {
				return pgerror.New(pgerror.LockNotAvailable, "could not obtain lock on relation %q", t.Name)
			}
		}
		if err := s.lockTable(ctx, t.ID, mode); err != nil {
			return err
		}
	}
	return nil
}

func tableLockMode(m ast.LockMode) kv.LockMode {
	switch m {
	case ast.AccessShareLock, ast.RowShareLock:
		return kv.LockKeyShare
	case ast.RowExclusiveLock:
		return kv.LockShare
	case ast.ShareUpdateExclusiveLock, ast.ShareLock, ast.ShareRowExclusiveLock, ast.ExclusiveLock:
		return kv.LockNoKeyUpdate
	}
	return kv.LockUpdate
}

// undefinedTable is the error of utility statements for a relation that is not
// there: 3F000 when its schema is not there either, which only queries tell as
// 42P01.
func undefinedTable(snap *catalog.Snapshot, rv *ast.RangeVar) error {
	if rv.Schema != "" && snap.Schema(rv.Schema) == nil {
		return pgerror.New(pgerror.UndefinedSchema, "schema %q does not exist", rv.Schema)
	}
	return pgerror.New(pgerror.UndefinedTable, "relation %q does not exist", qualified(rv)).At(rv.Loc())
}

func qualified(rv *ast.RangeVar) string {
	if rv.Schema != "" {
		return rv.Schema + "." + rv.Name
	}
	return rv.Name
}
