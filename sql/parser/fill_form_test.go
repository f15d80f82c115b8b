package parser

import (
	"testing"

	"github.com/tidemarkdb/tidemark/sql/ast"
)

// TestFillForm: FILL behind GROUP BY is one of its expressions, and nothing else changes.
func TestFillForm(t *testing.T) {
	for text, want := range map[string]int{
		"SELECT time_bucket('1h', ts) AS t, avg(v) FROM m GROUP BY t FILL(PREV) ORDER BY t":                                  2,
		"SELECT avg(v) FROM m GROUP BY time_bucket('1h', ts), d\nFILL (VALUE, 1, 2) LIMIT 3":                                 3,
		"SELECT avg(v) FROM m GROUP BY 1, fill(0)":                                                                           2,
		"SELECT avg(v) FROM m GROUP BY \"d\" fill(null)":                                                                     2,
		"WITH x AS (SELECT avg(v) FROM m GROUP BY a FILL(LINEAR)) SELECT 'group by a fill(b)', fill(1, 2) FROM x GROUP BY b": 1,
	} {
		stmts, err := Parse(text)
		if err != nil || len(stmts) != 1 {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := len(groupItems(stmts[0].Stmt)); got != want {
			t.Errorf("%s: %d items in GROUP BY instead of %d", text, got, want)
		}
	}
	for _, text := range []string{
		"SELECT avg(v) FROM m GROUP BY FILL(PREV) FILL",
		"SELECT v FROM m ORDER BY t FILL(PREV)",
		"SELECT avg(v) FROM m GROUP BY t.fill (PREV) x",
		"fill", "group by fill(", "group by\tfill",
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%s was parsed", text)
		}
	}
}

func groupItems(s ast.Statement) []ast.GroupItem { return s.(*ast.Select).GroupBy }
