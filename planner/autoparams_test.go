package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/binder"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestAutoParams: literals in ordinary positions become parameters typed as
// PostgreSQL resolves them; structural ones stay constants.
func TestAutoParams(t *testing.T) {
	e := newEnv()
	if err := e.exec(`CREATE TABLE t (a int PRIMARY KEY, b varchar(10), c numeric(10,2), d date);
		CREATE TABLE p (a int PRIMARY KEY, s text); CREATE INDEX p_s ON p (a) WHERE s = 'x'`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ sql, want string }{
		{"SELECT b FROM t WHERE a = ~42~", "integer"},
		{"SELECT b FROM t WHERE a = ~42~ AND b = ~'x'~ LIMIT 3", "integer text"},
		{"SELECT b FROM t WHERE d > ~'2020-01-01'~", "date"},
		{"UPDATE t SET c = c + ~5~, b = ~'y'~ WHERE a = ~7~", "integer character varying integer"},
		{"INSERT INTO t VALUES (~1~, ~'x'~, ~2.5~, ~'2020-01-01'~)", "integer character varying numeric date"},
		{"SELECT a, count(*) FROM t WHERE a > ~1~ GROUP BY a, b ORDER BY 1", "integer"},
		{"SELECT a + 1 FROM t GROUP BY a + 1 ORDER BY 1", ""},
		{"SELECT a FROM t WHERE a IN (~1~, ~2~) ORDER BY 1", "integer integer"},
		{"SELECT a FROM p WHERE s = 'x'", ""},
		{"UPDATE t SET c = c + -~5~, b = - -~3~ WHERE a = - ~7~", "integer integer integer"},
		{"INSERT INTO t VALUES (-~1~, ~'x'~, -~2.5~, ~'2020-01-01'~)", "integer character varying numeric date"},
	} {
		t.Run(c.sql, func(t *testing.T) {
			// Every literal is offered; those between tildes must be taken.
			var want []int
			offered := map[int]int{}
			var sql strings.Builder
			in := false
			for i := 0; i < len(c.sql); i++ {
				ch := c.sql[i]
				if ch == '~' {
					in = !in
					if in {
						want = append(want, sql.Len())
					}
					continue
				}
				prev := byte(' ')
				if i > 0 {
					prev = c.sql[i-1]
				}
				if (ch >= '0' && ch <= '9' || ch == '\'') && (prev == ' ' || prev == '(' || prev == '~' || prev == '-') {
					offered[sql.Len()] = len(offered)
				}
				sql.WriteByte(ch)
			}
			q, err := e.plan(sql.String(), planner.Options{Options: binder.Options{AutoParams: offered}})
			if err != nil {
				t.Fatal(err)
			}
			got := slices.Clone(q.UsedLiterals)
			slices.Sort(got)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("took the literals at %v, want %v", got, want)
			}
			var ts []string
			for _, at := range want {
				ts = append(ts, types.Format(q.ParamTypes[offered[at]]))
			}
			if s := strings.Join(ts, " "); s != c.want {
				t.Errorf("types %q, want %q", s, c.want)
			}
		})
	}
}
