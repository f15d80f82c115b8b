package parser_test

import (
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
)

// TestSeriesForm: KWDB's statements in whole and cut off at every token; nothing
// panics, and positions are those of the text.
func TestSeriesForm(t *testing.T) {
	for _, sql := range []string{
		`CREATE TABLE m (ts timestamptz NOT NULL, "(" int) TAGS (id int, ")" text) PRIMARY TAGS (id, ")") RETENTIONS 10d PARTITION INTERVAL 1d ACTIVETIME 2h DICT ENCODING WITH HASH(7);`,
		`CREATE TABLE m (ts timestamptz NOT NULL, v int) ACTIVETIME 2h DICT ENCODING WITH HASH (7) PRIMARY TAGS (id) RETENTIONS 10d TAGS (id int, hall text) PARTITION INTERVAL 1d`,
		`CREATE TS DATABASE "a b" RETENTIONS 10d PARTITION INTERVAL 1d`,
		`CREATE DATABASE d PARTITION INTERVAL 1d RETENTIONS 1y`,
		`ALTER TABLE IF EXISTS s."t t" ADD TAG a int DEFAULT (1), DROP ATTRIBUTE b;`,
		`ALTER TABLE t SET PARTITION INTERVAL = 1d`,
		`ALTER TS DATABASE "a b" SET RETENTIONS = 1y`,
	} {
		stmts, err := parser.Parse(sql)
		if err != nil || len(stmts) != 1 {
			t.Fatalf("%s: %v", sql, err)
		}
		if want := strings.TrimRight(sql, ";"); stmts[0].Text != want {
			t.Errorf("text %q", stmts[0].Text)
		}
		for i := range sql {
			_, _ = parser.Parse(sql[:i])
			_, _ = parser.Parse(sql[:i] + `""` + sql[i:])
			_, _ = parser.Parse(sql[:i] + ";" + sql[i:])
		}
	}
	stmts, err := parser.Parse("CREATE TABLE m (ts timestamp)\n TAGS (id int) PRIMARY TAGS (id)")
	if err != nil {
		t.Fatal(err)
	}
	st := stmts[0].Stmt.(*ast.CreateTable)
	if id := st.Elements[1].(*ast.ColumnDef); id.Name != "id" || id.Loc() != 37 {
		t.Errorf("column %q at %d", id.Name, id.Loc())
	}
	for _, sql := range []string{"CREATE DATABASE 1", "CREATE DATABASE 1;", "CREATE TS DATABASE 1", "CREATE TABLE (", "CREATE TABLE t () TAGS () PRIMARY TAGS (a)", "CREATE TS", "create"} {
		if _, err := parser.Parse(sql); err == nil {
			t.Errorf("%s parses", sql)
		}
	}
}
