package session

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	for tag, want := range map[string]statementKind{
		"SELECT 12": countSelect, "INSERT 0 1": countInsert, "COPY 3": countCopy, "BEGIN": countTransaction,
		"CREATE TABLE": countDDL, "TRUNCATE TABLE": countDDL, "VACUUM": countOther, "": countOther,
	} {
		if got := kindOfTag(tag); got != want {
			t.Errorf("%q is counted as %s, want %s", tag, statementKindNames[got], statementKindNames[want])
		}
	}
	var m, sum meter
	for _, d := range []time.Duration{-1, 0, time.Microsecond, 3 * time.Microsecond, time.Hour} {
		m.took(d)
	}
	sum.add(&m)
	for i, want := range map[int]int64{0: 2, 1: 1, 2: 1, latencyBuckets - 1: 1} {
		if got := sum.latency[i]; got != want {
			t.Errorf("bucket %d has %d, want %d", i, got, want)
		}
	}
}

// BenchmarkMeter is what a statement costs more for being counted.
func BenchmarkMeter(b *testing.B) {
	var m meter
	for b.Loop() {
		m.statements[kindOfTag("SELECT 1")].Add(1)
		m.took(17 * time.Microsecond)
	}
}
