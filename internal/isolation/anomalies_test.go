package isolation

import (
	"fmt"
	"strings"
	"testing"
)

// write and read build transactions of a history that is made up.
func write(key, value int) operation { return operation{append: &element{key, value}} }

func read(key int, list ...int) operation {
	return operation{read: map[int][]int{key: list}}
}

func made(ops ...operation) *transaction { return &transaction{ops: ops, result: committed, end: 100} }

// TestAnomalies checks that each anomaly is found, and that what a level allows
// is not.
func TestAnomalies(t *testing.T) {
	rolledBack := made(write(1, 1))
	rolledBack.result = aborted
	late := made(read(1))
	late.begin, late.ops[0].begin = 200, 200
	both := func(lists map[int][]int) operation { return operation{read: lists} }
	for _, c := range []struct {
		name         string
		final        map[int][]int
		transactions []*transaction
		rc, rr       string // part of what is found at each level
	}{
		{"serial", map[int][]int{1: {1, 2}}, []*transaction{made(read(1), write(1, 1)), made(read(1, 1), write(1, 2), read(1, 1, 2))}, "", ""},
		{"lost append", map[int][]int{1: {2}}, []*transaction{made(write(1, 1)), made(write(1, 2))}, "not in list", "not in list"},
		{"append twice", map[int][]int{1: {1, 1}}, []*transaction{made(write(1, 1))}, "twice", "twice"},
		{"rolled back and there", map[int][]int{1: {1}}, []*transaction{rolledBack}, "was rolled back", "was rolled back"},
		{"G1a", map[int][]int{}, []*transaction{rolledBack, made(read(1, 1))}, "no beginning", "no beginning"},
		{"G1b", map[int][]int{1: {1, 2}}, []*transaction{made(write(1, 1), write(1, 2)), made(read(1, 1))}, "G1b", "G1b"},
		{
			"G0",
			map[int][]int{1: {1, 2}, 2: {4, 3}},
			[]*transaction{made(write(1, 1), write(2, 3)), made(write(1, 2), write(2, 4))},
			"a cycle", "a cycle",
		},
		{
			"G1c",
			map[int][]int{1: {1}, 2: {2}},
			[]*transaction{made(write(1, 1), read(2, 2)), made(write(2, 2), read(1, 1))},
			"a cycle", "a cycle",
		},
		{
			"lost update",
			map[int][]int{1: {1, 2}},
			[]*transaction{made(read(1), write(1, 1)), made(read(1), write(1, 2))},
			"", "a cycle",
		},
		{"read twice", map[int][]int{1: {1}}, []*transaction{made(write(1, 1)), made(read(1), read(1, 1))}, "", "a cycle"},
		{
			"half a transaction",
			map[int][]int{1: {1}, 2: {2}},
			[]*transaction{made(write(1, 1), write(2, 2)), made(both(map[int][]int{1: {1}, 2: {}}))},
			"a cycle", "a cycle",
		},
		{
			"half by two statements",
			map[int][]int{1: {1}, 2: {2}},
			[]*transaction{made(write(1, 1), write(2, 2)), made(read(2), read(1, 1))},
			"", "a cycle",
		},
		{
			"long fork",
			map[int][]int{1: {1}, 2: {2}},
			[]*transaction{
				made(write(1, 1)), made(write(2, 2)),
				made(both(map[int][]int{1: {1}, 2: {}})), made(both(map[int][]int{1: {}, 2: {2}})),
			},
			"a cycle", "a cycle",
		},
		{
			"write skew",
			map[int][]int{1: {1}, 2: {2}},
			[]*transaction{made(read(2), write(1, 1)), made(read(1), write(2, 2))},
			"", "",
		},
		{"stale", map[int][]int{1: {1}}, []*transaction{made(write(1, 1)), late}, "did not see", "did not see"},
	} {
		for i, want := range []string{c.rc, c.rr} {
			for n, tx := range c.transactions {
				tx.name = fmt.Sprint("T", n)
			}
			h := history{repeatable: i == 1, transactions: c.transactions, final: c.final}
			got := strings.Join(h.anomalies(), "\n")
			if (want == "") != (got == "") || !strings.Contains(got, want) {
				t.Errorf("%s at %s: found %q, want %q", c.name, levels[i], got, want)
			}
		}
	}
}
