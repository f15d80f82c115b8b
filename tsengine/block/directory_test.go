package block

import (
	"slices"
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

// snapshot is a reader of which only its timestamp counts.
type snapshot struct {
	kv.Reader
	at kv.Timestamp
}

func (s snapshot) ReadTS() kv.Timestamp { return s.at }
func (s snapshot) WroteIn(kv.Span) bool { return false }

// TestDirectoryNewPartition: a partition that was looked into before anything lay there is
// listed once something does, as is one that was emptied and filled again.
func TestDirectoryNewPartition(t *testing.T) {
	d := &Directory{tableLen: 2, prefixLen: 4, others: []byte{0xff}, tables: map[string]*knownTable{}}
	stored := map[string]bool{"aa1x": true}
	commit := func(ts kv.Timestamp, prefix string, there bool) {
		stored[prefix] = there
		d.Committing(ts)
		d.Wrote(ts, kv.Key(prefix+"\x00"), !there)
	}
	listed := func(at kv.Timestamp) (out string) {
		prefixes, _, err := d.Prefixes(snapshot{at: at}, kv.Key("aa"), func() (list []kv.Key, _ error) {
			for p, there := range stored {
				if there {
					list = append(list, kv.Key(p))
				}
			}
			slices.SortFunc(list, func(a, b kv.Key) int { return slices.Compare(a, b) })
			return list, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range prefixes {
			out += string(p[2:])
		}
		return out
	}
	if got := listed(1); got != "1x" {
		t.Fatal(got)
	}
	d.lookup(snapshot{at: 1}, kv.Key("aa2x"))
	commit(2, "aa2x", true)
	if got := listed(2); got != "1x2x" {
		t.Errorf("after the first commit into 2: %s", got)
	}
	commit(3, "aa1x", false)
	commit(4, "aa3x", true)
	if got := listed(4); got != "2x3x" {
		t.Errorf("without 1: %s", got)
	}
	commit(5, "aa1x", true)
	if got := listed(5); got != "1x2x3x" {
		t.Errorf("with 1 again: %s", got)
	}
	// A list of a snapshot that does not see a commit which was told already is not kept.
	commit(6, "aa1x", false)
	commit(7, "aa4x", true)
	d.Wrote(9, kv.Key("aa1x\x00"), false)
	if got := listed(8); got != "2x3x4x" {
		t.Errorf("before 1 is visible: %s", got)
	}
	stored["aa1x"] = true
	if got := listed(9); got != "1x2x3x4x" {
		t.Errorf("when 1 is visible: %s", got)
	}
}

// TestDirectoryUnwritten: packing, which removes deltas and writes runs, writes no rows.
func TestDirectoryUnwritten(t *testing.T) {
	d := &Directory{tableLen: 2, prefixLen: 4, others: []byte{0xff}, tables: map[string]*knownTable{}}
	prefix := kv.Key("aa1x")
	if d.unwritten(prefix, 9) {
		t.Error("nothing is known")
	}
	d.Committing(3)
	d.lookup(snapshot{at: 3}, prefix)
	if d.unwritten(prefix, 2) || !d.unwritten(prefix, 3) {
		t.Error("what was committed before it was looked into may have been there")
	}
	d.Wrote(4, append(prefix[:4:4], kindDelta, 1), true)
	d.Wrote(4, append(prefix[:4:4], kindRun, 1), false)
	if !d.unwritten(prefix, 3) {
		t.Error("packed")
	}
	d.Wrote(5, append(prefix[:4:4], kindDelta, 2), false)
	if d.unwritten(prefix, 4) || !d.unwritten(prefix, 5) {
		t.Error("written")
	}
}
