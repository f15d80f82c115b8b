// Package hints reads optimizer hints, the comments /*+ ... */ at the start of
// SELECT, INSERT, UPDATE and DELETE, by the hint grammar of TiDB's parser.
//
// All hints of a statement hold for the whole of it, subqueries included: a
// table is named by its alias (its name if it has none), without regard to
// case. A hint that is not known, not supported or cannot be followed gives a
// notice and is left out; a hint never makes a statement fail.
package hints

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
)

// Method is a join algorithm that a hint asks for or forbids.
type Method uint8

// The join algorithms of hints.
const (
	HashJoin Method = 1 << iota
	MergeJoin
	LookupJoin
)

// Table is what is said of one table.
type Table struct {
	// Want and Forbid are algorithms for a join with the table.
	Want, Forbid Method
	// Build and Probe: the table is to be the hash join's build or probe side.
	Build, Probe bool
	// Use lists the only indexes to be used ("primary" is the table's own key);
	// UseSet with no names asks for a scan of the table. Merge: a union of indexes.
	Use    []string
	UseSet bool
	Ignore []string
	Merge  bool

	name  string // as written
	seen  bool
	asked []*ask
}

// ask is one demand of a hint, to say so when it was not followed.
type ask struct {
	hint     string
	followed bool
}

// Set is a statement's hints.
type Set struct {
	// Leading lists table names that are to be joined first, in order.
	Leading [][]string
	// Straight: join in the order of FROM.
	Straight bool
	// HashAgg and StreamAgg ask for an aggregate algorithm.
	HashAgg, StreamAgg bool
	// NoDecorrelate keeps subqueries as they are written.
	NoDecorrelate bool
	// Settings are SET_VAR(name = value).
	Settings []Setting
	// MemoryQuota bounds the statement's memory in bytes, MaxTime its time; 0: no.
	MemoryQuota int64
	MaxTime     time.Duration

	tables  map[string]*Table
	asked   []*ask // of the statement as a whole
	notices []string
}

// Setting is one SET_VAR.
type Setting struct{ Name, Value string }

// Parse reads the hints of a statement; nil if it has none.
func Parse(sql string) *Set {
	comments := Comments(sql)
	if len(comments) == 0 {
		return nil
	}
	s := &Set{tables: map[string]*Table{}}
	for _, c := range comments {
		list, errs := parser.ParseHint(c, mysql.ModeANSIQuotes, parser.Pos{Line: 1})
		for _, err := range errs {
			s.Notice("%s", message(err))
		}
		for _, h := range list {
			s.add(h)
		}
	}
	return s
}

// message is an error of the hint parser without its code and its advice.
func message(err error) string {
	m := err.Error()
	if strings.HasPrefix(m, "[") {
		if _, rest, ok := strings.Cut(m, "]"); ok {
			m = rest
		}
	}
	m, _, _ = strings.Cut(m, "\n")
	m = strings.TrimSuffix(m, " by TiDB and is ignored")
	if m != "" {
		m = strings.ToLower(m[:1]) + m[1:]
	}
	return strings.TrimSpace(m)
}

// Notice adds a notice.
func (s *Set) Notice(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(s.notices, n) {
		s.notices = append(s.notices, n)
	}
}

// Table returns what is said of a table, nil if nothing.
func (s *Set) Table(alias string) *Table {
	if s == nil {
		return nil
	}
	t := s.tables[strings.ToLower(alias)]
	if t != nil {
		t.seen = true
	}
	return t
}

// Follow notes that a hint on the table was followed.
func (t *Table) Follow(hint string) {
	for _, a := range t.asked {
		if a.hint == hint {
			a.followed = true
		}
	}
}

// Follow notes that a hint of the statement as a whole was followed.
func (s *Set) Follow(hint string) {
	for _, a := range s.asked {
		if a.hint == hint {
			a.followed = true
		}
	}
}

// Notices tells what was not followed, once the statement is planned.
func (s *Set) Notices() []string {
	if s == nil {
		return nil
	}
	out := s.notices
	names := make([]string, 0, len(s.tables))
	for name := range s.tables {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		t := s.tables[name]
		if !t.seen {
			out = append(out, fmt.Sprintf("hint names a table %q that the statement does not read", t.name))
			continue
		}
		for _, a := range t.asked {
			if !a.followed {
				out = append(out, fmt.Sprintf("hint %s on %q cannot be followed", a.hint, t.name))
			}
		}
	}
	for _, a := range s.asked {
		if !a.followed {
			out = append(out, fmt.Sprintf("hint %s cannot be followed", a.hint))
		}
	}
	return out
}

// ask notes that a hint on the table is to be followed.
func (t *Table) ask(hint string) {
	if !slices.ContainsFunc(t.asked, func(a *ask) bool { return a.hint == hint }) {
		t.asked = append(t.asked, &ask{hint: hint})
	}
}

func (s *Set) table(t *ast.HintTable) *Table {
	key := t.TableName.L
	have := s.tables[key]
	if have == nil {
		have = &Table{name: t.TableName.O}
		s.tables[key] = have
	}
	return have
}

// joinMethods are the hints that name join algorithms of tables.
var joinMethods = map[string]struct {
	want, forbid Method
}{
	"hash_join": {want: HashJoin}, "tidb_hj": {want: HashJoin}, "no_hash_join": {forbid: HashJoin},
	"merge_join": {want: MergeJoin}, "tidb_smj": {want: MergeJoin}, "no_merge_join": {forbid: MergeJoin},
	"inl_join": {want: LookupJoin}, "tidb_inlj": {want: LookupJoin}, "index_join": {want: LookupJoin}, "no_index_join": {forbid: LookupJoin},
}

// askedAs names hints that ask for the same by one of their names.
var askedAs = map[Method]string{HashJoin: "HASH_JOIN", MergeJoin: "MERGE_JOIN", LookupJoin: "INL_JOIN"}

func (s *Set) add(h *ast.TableOptimizerHint) {
	name := h.HintName.L
	if h.QBName.L != "" && name != "qb_name" {
		s.Notice("query block names are not supported in hint %s", h.HintName.O)
		return
	}
	if m, ok := joinMethods[name]; ok {
		for i := range h.Tables {
			t := s.table(&h.Tables[i])
			t.Want |= m.want
			t.Forbid |= m.forbid
			if m.want != 0 {
				t.ask(askedAs[m.want])
			}
		}
		return
	}
	if s.addIndexHint(name, h) || s.addStatementHint(name, h) {
		return
	}
	s.Notice("optimizer hint %s is not supported", h.HintName.O)
}

func (s *Set) addIndexHint(name string, h *ast.TableOptimizerHint) bool {
	switch name {
	case "use_index", "force_index", "ignore_index", "use_index_merge", "hash_join_build", "hash_join_probe":
	default:
		return false
	}
	for i := range h.Tables {
		t := s.table(&h.Tables[i])
		switch name {
		case "hash_join_build":
			t.Build = true
			t.ask("HASH_JOIN_BUILD")
			continue
		case "hash_join_probe":
			t.Probe = true
			t.ask("HASH_JOIN_PROBE")
			continue
		}
		var names []string
		for _, ix := range h.Indexes {
			names = append(names, ix.L)
		}
		switch name {
		case "use_index", "force_index":
			t.Use, t.UseSet = append(t.Use, names...), true
			t.ask("USE_INDEX")
		case "use_index_merge":
			t.Use, t.Merge = append(t.Use, names...), true
			t.ask("USE_INDEX_MERGE")
		case "ignore_index":
			t.Ignore = append(t.Ignore, names...)
		}
	}
	return true
}

func (s *Set) addStatementHint(name string, h *ast.TableOptimizerHint) bool {
	switch name {
	case "leading":
		var list []string
		for i := range h.Tables {
			s.table(&h.Tables[i]).ask("LEADING")
			list = append(list, h.Tables[i].TableName.L)
		}
		s.Leading = append(s.Leading, list)
	case "straight_join":
		s.Straight = true
		s.asked = append(s.asked, &ask{hint: "STRAIGHT_JOIN"})
	case "hash_agg":
		s.HashAgg = true
		s.asked = append(s.asked, &ask{hint: "HASH_AGG"})
	case "stream_agg":
		s.StreamAgg = true
		s.asked = append(s.asked, &ask{hint: "STREAM_AGG"})
	case "no_decorrelate":
		s.NoDecorrelate = true
	case "memory_quota":
		if n, ok := h.HintData.(int64); ok {
			s.MemoryQuota = n
		}
	case "max_execution_time":
		if n, ok := h.HintData.(uint64); ok {
			s.MaxTime = time.Duration(min(n, 1<<40)) * time.Millisecond
		}
	case "set_var":
		if v, ok := h.HintData.(ast.HintSetVar); ok {
			s.Settings = append(s.Settings, Setting{strings.ToLower(v.VarName), v.Value})
		}
	case "use_index_merge", "qb_name":
	default:
		return false
	}
	return name != "qb_name"
}
