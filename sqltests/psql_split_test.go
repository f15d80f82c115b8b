package sqltests

import (
	"slices"
	"strings"
	"testing"
)

func TestSplitPsql(t *testing.T) {
	script := strings.Join([]string{
		`-- a comment; not a statement`,
		`SELECT 'a;b',`,
		``,
		`  $x$;$x$, E'\';', "c;";`,
		`SELECT 1; SELECT 2;`,
		`COPY t FROM stdin;`,
		`data; more`,
		`\.`,
		`CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);`,
		`CREATE FUNCTION f() RETURNS int BEGIN ATOMIC`,
		` SELECT CASE WHEN true THEN 1 END;`,
		`END;`,
		`SELECT 3 AS x \gset`,
		`\d t`,
		`SELECT /* ; */ 4;`,
	}, "\n")
	var got []string
	for _, u := range splitPsql(script) {
		got = append(got, u.lines[0]+"|"+u.lines[len(u.lines)-1])
	}
	want := []string{
		"-- a comment; not a statement|" + `  $x$;$x$, E'\';', "c;";`,
		"SELECT 1; SELECT 2;|SELECT 1; SELECT 2;",
		"COPY t FROM stdin;|COPY t FROM stdin;",
		"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);|CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);",
		"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC|END;",
		`SELECT 3 AS x \gset|SELECT 3 AS x \gset`,
		`\d t|\d t`,
		"SELECT /* ; */ 4;|SELECT /* ; */ 4;",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s", strings.Join(got, "\n"))
	}
	if line := splitPsql(script)[0].line; line != 2 {
		t.Errorf("the first statement begins on line %d, want 2", line)
	}
}

func TestPsqlAnswers(t *testing.T) {
	units := splitPsql("SELECT 1;\n-- two\nSELECT 2;\nSELECT 3;")
	output := "SELECT 1;\n one\n\n-- two\nSELECT 2;\nERROR:  no\nSELECT 3;\n three\n"
	var got []string
	for _, a := range psqlAnswers(units, output) {
		got = append(got, *a)
	}
	if want := []string{"one", "ERROR:  no", "three"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
