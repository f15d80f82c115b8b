package parser

import "github.com/tidemarkdb/tidemark/sql/ast"

// KWDB's statements that alter time-series tables and databases, which PostgreSQL's
// grammar refuses:
//
//	ALTER TABLE t ADD|DROP|ALTER|RENAME TAG|ATTRIBUTE ...
//	ALTER TABLE t SET RETENTIONS|ACTIVETIME|PARTITION INTERVAL = d
//	ALTER [TS] DATABASE name SET RETENTIONS|PARTITION INTERVAL = d
//
// A tag is a column: its word is left out, as COLUMN may be, and leaves blanks. The
// clauses become parameters of ALTER TABLE ... SET (...) and of ALTER DATABASE.

// alter reads what stands behind ALTER.
func (f *seriesForm) alter() ([]ast.RawStmt, bool, error) {
	switch {
	case f.word("ts"):
		if !f.word("database") {
			return nil, false, nil
		}
		f.blank(f.tokens[f.at-2].start, f.tokens[f.at-2].end)
		return f.alterDatabase()
	case f.word("database"):
		return f.alterDatabase()
	case f.word("table"):
		return f.alterTable()
	}
	return nil, false, nil
}

func (f *seriesForm) alterDatabase() ([]ast.RawStmt, bool, error) {
	f.at++ // the name
	set := f.at
	if !f.word("set") {
		return nil, false, nil
	}
	ok, err := f.setClause(false)
	if !ok || err != nil {
		return nil, ok, err
	}
	f.blank(f.tokens[set].start, len(f.sql))
	// Some option it must have, which gives way to the clause.
	f.blanked = append(f.blanked, " CONNECTION LIMIT 1"...)
	stmts, err := f.parse()
	if err != nil {
		return nil, true, err
	}
	st, ok := stmts[0].Stmt.(*ast.AlterDatabase)
	if !ok {
		return nil, false, nil
	}
	st.Options = f.options
	return stmts, true, nil
}

func (f *seriesForm) alterTable() ([]ast.RawStmt, bool, error) {
	action := f.action()
	if f.at = action; action < 0 {
		return nil, false, nil
	}
	if !f.word("set") {
		return f.alterTags()
	}
	ok, err := f.setClause(true)
	if !ok || err != nil {
		return nil, ok, err
	}
	f.blank(f.tokens[action].start, len(f.sql))
	f.blanked = append(f.blanked, " SET (retention)"...)
	stmts, err := f.parse()
	if err != nil {
		return nil, true, err
	}
	st, ok := stmts[0].Stmt.(*ast.AlterTable)
	if !ok || len(st.Cmds) != 1 {
		return nil, false, nil
	}
	st.Cmds[0].Options = f.options
	return stmts, true, nil
}

// action is the token behind the name of ALTER TABLE, -1 without one.
func (f *seriesForm) action() int {
	if f.word("if") && !f.word("exists") {
		return -1
	}
	f.word("only")
	for f.at++; f.word("."); f.at++ {
	}
	if f.at >= len(f.tokens) {
		return -1
	}
	return f.at
}

// alterTags leaves the words TAG and ATTRIBUTE out where COLUMN may stand.
func (f *seriesForm) alterTags() ([]ast.RawStmt, bool, error) {
	action, depth, found := f.at, 0, false
	for f.at < len(f.tokens) {
		start := f.at
		switch {
		case f.word("("):
			depth++
		case f.word(")"):
			depth--
		case depth == 0 && (start == action || f.tokens[start-1].is(",")) && f.word("add", "drop", "alter", "rename"):
			if f.word("tag", "attribute") {
				t := f.tokens[f.at-1]
				f.blank(t.start, t.end)
				found = true
			}
		default:
			f.at++
		}
	}
	if !found {
		return nil, false, nil
	}
	stmts, err := f.parse()
	return stmts, true, err
}

// setClause takes what stands behind SET, up to the end of the only statement; ok is
// false if it is none of KWDB's clauses.
func (f *seriesForm) setClause(table bool) (ok bool, err error) {
	if f.at >= len(f.tokens) {
		return false, nil
	}
	start := f.tokens[f.at].start
	var name string
	switch {
	case f.word("retentions"):
		name = "retention"
	case f.word("partition"):
		if name = "partition_interval"; !f.word("interval") {
			return true, f.unexpected()
		}
	case table && f.word("activetime"):
		name = "activetime"
	default:
		return false, nil
	}
	if !f.word("=") {
		return true, f.unexpected()
	}
	value, err := f.duration()
	if err != nil {
		return true, err
	}
	f.option(name, value, start)
	for f.word(";") {
	}
	if f.at < len(f.tokens) {
		return true, f.unexpected()
	}
	return true, nil
}
