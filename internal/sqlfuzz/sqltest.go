package sqlfuzz

import (
	"fmt"
	"strings"
)

// SQLTest writes the case as an SQL test whose answers PostgreSQL fills in.
func (c *Case) SQLTest(description string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# name: sqltests/fuzz/pg_compat_new.test\n# description: %s\n\n", strings.ReplaceAll(description, "\n", "\n# "))
	for _, s := range c.Setup {
		fmt.Fprintf(&b, "statement ok\n%s\n\n", s)
	}
	for _, s := range c.Statements {
		mode := " rowsort"
		if s.Ordered {
			mode = ""
		}
		fmt.Fprintf(&b, "query %s%s\n%s\n\n", "T", mode, s.SQL())
	}
	return b.String()
}
