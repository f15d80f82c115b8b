package hints

import (
	"slices"
	"testing"
)

func TestComments(t *testing.T) {
	for _, c := range []struct {
		sql  string
		want []string
	}{
		{"SELECT 1", nil},
		{"SELECT /*+ A() */ 1", []string{"/*+ A() */"}},
		{"/*+ A() */ SELECT 1", []string{"/*+ A() */"}},
		{"-- c\nselect\n/*+ A() */ /*+ B() */ 1", []string{"/*+ A() */", "/*+ B() */"}},
		{"SELECT 1 /*+ A() */", nil},
		{"SELECT (SELECT /*+ B() */ 1)", []string{"/*+ B() */"}},
		{"SELECT '/*+ A() */', \"a/*+\", $x$ select /*+ A() */ $x$, e'\\' select /*+ A() */'", nil},
		{"EXPLAIN DELETE /*+ A() */ FROM t", []string{"/*+ A() */"}},
		{"SELECT /*+ A(", nil},
		{"SELECT /* /*+ A() */ */ 1", nil},
		{"SELECT $1 /*+ A() */", nil},
	} {
		if got := Comments(c.sql); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.sql, got, c.want)
		}
	}
}

func TestParse(t *testing.T) {
	s := Parse("SELECT /*+ LEADING(a, b) HASH_JOIN(a) NO_MERGE_JOIN(b) USE_INDEX(a i1, i2) HASH_AGG() MEMORY_QUOTA(3 MB) MAX_EXECUTION_TIME(100) */ 1")
	if len(s.Leading) != 1 || !slices.Equal(s.Leading[0], []string{"a", "b"}) || !s.HashAgg || s.MemoryQuota != 3<<20 || s.MaxTime.Milliseconds() != 100 {
		t.Errorf("got %+v", s)
	}
	if a, b := s.Table("A"), s.Table("b"); a.Want != HashJoin || b.Forbid != MergeJoin || !slices.Equal(a.Use, []string{"i1", "i2"}) {
		t.Errorf("got %+v, %+v", a, b)
	}
}

// Whatever stands in a hint, there is no error and no panic, only notices.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"HASH_JOIN(t)", "USE_INDEX(t, i)", "SET_VAR(a = 1)", "LEADING(a (b c))", "MEMORY_QUOTA(9999999999999 GB)", "X(", "QB_NAME(`a`)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := Parse("SELECT /*+ " + body + " */ 1")
		if s != nil {
			s.Notices()
		}
	})
}
