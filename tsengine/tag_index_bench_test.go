package tsengine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// BenchmarkTagIndex makes the index of 300,000 series of two tags, one of which has as many values.
func BenchmarkTagIndex(b *testing.B) {
	const series = 300_000
	l := NewLayout(taggedTable())
	records := make([][]byte, series)
	for i := range records {
		host, rack := types.Datum{P: types.PhysString, S: fmt.Sprintf("host_%d", i)}, types.NewInt4(int32(i%100))
		records[i] = appendTag(appendTag(nil, &host), &rack)
	}
	// Records come in the order of hashes.
	rand.New(rand.NewPCG(1, 2)).Shuffle(series, func(i, k int) { records[i], records[k] = records[k], records[i] })
	b.ReportAllocs()
	for b.Loop() {
		x := newTagIndexer(l)
		for i, r := range records {
			if err := x.add(uint64(i), r); err != nil {
				b.Fatal(err)
			}
		}
		x.finish()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/series, "ns/series")
}

// BenchmarkTagMatch finds series by conditions among 1,000,000 of two tags: one whose
// values are as many, one of twenty.
func BenchmarkTagMatch(b *testing.B) {
	const series = 1_000_000
	l := NewLayout(taggedTable())
	x := newTagIndexer(l)
	for i := range series {
		host, rack := types.Datum{P: types.PhysString, S: fmt.Sprintf("host_%d", i)}, types.NewInt4(int32(i*7919%20))
		if err := x.add(uint64(i), appendTag(appendTag(nil, &host), &rack)); err != nil {
			b.Fatal(err)
		}
	}
	x.finish()
	host, rack := types.NewString("host_4711"), types.NewInt4(3)
	some := make([]types.Datum, 100)
	for i := range some {
		some[i] = types.NewString(fmt.Sprintf("host_%d", i*9973))
	}
	isHost, isRack, in := TagCondition{Tags: []int{0}, Equal: &host}, TagCondition{Tags: []int{1}, Equal: &rack}, TagCondition{Tags: []int{0}, In: some}
	// Conditions that are evaluated for each value; the choice is made at once, as that is not what is measured.
	chosen := func(tag int, meets func(i int) bool) TagCondition {
		return TagCondition{Tags: []int{tag}, Select: func(_ []arrow.Array, n int, sel []int32) ([]int32, error) {
			for i := range n {
				if meets(i) {
					sel = append(sel, int32(i))
				}
			}
			return sel, nil
		}}
	}
	for _, c := range []struct {
		name  string
		conds []TagCondition
	}{
		{"one of a million", []TagCondition{isHost}},
		{"one of twenty", []TagCondition{isRack}},
		{"both", []TagCondition{isHost, isRack}},
		{"100 in and one of twenty", []TagCondition{in, isRack}},
		{"not one of a million", []TagCondition{chosen(0, func(i int) bool { return i != 77 })}},
		{"not one of twenty", []TagCondition{chosen(1, func(i int) bool { return i != 7 })}},
		{"a tenth of a million", []TagCondition{chosen(0, func(i int) bool { return i%10 == 3 })}},
		{"a tenth and one of twenty", []TagCondition{chosen(0, func(i int) bool { return i%10 == 3 }), isRack}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.index.match(c.conds); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(x.index.bytes)/series, "bytes/series")
		})
	}
}
