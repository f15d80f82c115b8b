package tikv

import (
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestLease checks what may commit before and after a lapse.
func TestLease(t *testing.T) {
	at := func(s int) kv.Timestamp { return kv.TimestampAt(time.Unix(1_000_000+int64(s), 0)) }
	var l lease
	l.renewed(at(30), at(0))
	l.renewed(at(35), at(5))
	for _, c := range []struct {
		begin, commit int
		want          bool
	}{{1, 10, true}, {1, 34, true}, {1, 35, false}, {1, 40, false}} {
		if got := l.holds(at(c.begin), at(c.commit)); got != c.want {
			t.Errorf("begun at %d, commit at %d: %v", c.begin, c.commit, got)
		}
	}
	l.renewed(at(75), at(45)) // late
	for _, c := range []struct {
		begin, commit int
		want          bool
	}{{1, 46, false}, {44, 46, false}, {45, 46, true}} {
		if got := l.holds(at(c.begin), at(c.commit)); got != c.want {
			t.Errorf("after a lapse: begun at %d, commit at %d: %v", c.begin, c.commit, got)
		}
	}
	check := leaseCheck{lease: &l, beginTS: at(50)}
	if _, err := check.CheckBySchemaVer(uint64(at(70)), nil); err != nil {
		t.Error(err)
	}
	if _, err := check.CheckBySchemaVer(uint64(at(74)), nil); err == nil {
		t.Error("a commit of one phase may be after the lease's end")
	}
}
