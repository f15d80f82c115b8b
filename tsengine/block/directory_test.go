package block

import (
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestDirectoryDestroyed: a table is forgotten when a span of it is destroyed.
func TestDirectoryDestroyed(t *testing.T) {
	for name, c := range map[string]struct {
		span kv.Span
		left string
	}{
		"a partition":        {kv.Span{Start: kv.Key("bb12"), End: kv.Key("bb12\xff")}, "aacc"},
		"the last of others": {kv.Span{Start: kv.Key("aa\xff\xff"), End: kv.Key("ab")}, "bbcc"},
		"several":            {kv.Span{Start: kv.Key("aaz"), End: kv.Key("bc")}, "cc"},
		"all behind":         {kv.Span{Start: kv.Key("bb")}, "aa"},
		"none":               {kv.Span{Start: kv.Key("ad"), End: kv.Key("ba")}, "aabbcc"},
	} {
		d := &Directory{tableLen: 2, prefixLen: 4, tables: map[string]*knownTable{}}
		for _, table := range []string{"aa", "bb", "cc"} {
			d.part(d.table(table), kv.Key(table+"12"))
		}
		d.Destroyed(c.span)
		left := ""
		for _, table := range []string{"aa", "bb", "cc"} {
			if d.tables[table] != nil {
				left += table
			}
		}
		if left != c.left || d.parts != len(left)/2 {
			t.Errorf("%s: %s and %d partitions are left, want %s", name, left, d.parts, c.left)
		}
	}
}
