package block

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

func cachedNumbers(c *Cache, run uint64, block uint32, n int) bool {
	alloc, keep := c.allocator(nameOf([]byte("p"), run), block, 3, int64(9*n), n)
	if !keep {
		return false
	}
	b := array.NewInt64Builder(alloc)
	defer b.Release()
	b.AppendValues(make([]int64, n), nil)
	a := b.NewArray()
	defer a.Release()
	c.keepColumn(nameOf([]byte("p"), run), block, 1, 3, codedValues{values: a}, n)
	return true
}

// TestCacheBound fills a cache beyond its limit: what is used stays, what is
// not used any more goes.
func TestCacheBound(t *testing.T) {
	c := NewCache(100 << 10)
	for i := range uint32(200) {
		cachedNumbers(c, 1, i, 128)
		if c.Bytes() > c.limit {
			t.Fatalf("%d bytes after %d blocks", c.Bytes(), i)
		}
	}
	column := &Column{ID: 3, Type: arrow.PrimitiveTypes.Int64}
	used := func(run uint64) (n int) {
		for i := range uint32(200) {
			if v := c.column(nameOf([]byte("p"), run), i, column); v.values != nil {
				v.values.Release()
				n++
			}
		}
		return n
	}
	before := used(1)
	if before < 50 || before == 200 {
		t.Errorf("%d blocks are kept", before)
	}
	if a := c.column(nameOf([]byte("p"), 1), 0, &Column{ID: 3, Type: arrow.PrimitiveTypes.Int32}); a.values != nil {
		t.Error("a column of another type came back")
	}
	// The first run is merged away: nobody reads it any more.
	for range 8 {
		for i := range uint32(50) {
			cachedNumbers(c, 2, i, 128)
			used(2)
		}
	}
	if n := used(2); n != 50 {
		t.Errorf("%d of 50 blocks in use are kept", n)
	}
	c.keepHeaders(nameOf([]byte("p"), 3), []*header{{columns: make([]ColumnStats, 1000)}})
	if c.runHeaders(nameOf([]byte("p"), 3)) != nil && c.Bytes() > c.limit {
		t.Errorf("%d bytes", c.Bytes())
	}
	for len(c.ring) > 0 {
		c.remove(0)
	}
	if c.bytes != 0 || len(c.runs) != 0 {
		t.Errorf("%d bytes and %d runs are left of an empty cache", c.bytes, len(c.runs))
	}
}

// TestCacheScan reads what is twice as large as the cache again and again: a
// part of it stays.
func TestCacheScan(t *testing.T) {
	c := NewCache(100 << 10)
	column := &Column{ID: 3, Type: arrow.PrimitiveTypes.Int64}
	hits := 0
	for round := range 10 {
		hits = 0
		for i := range uint32(160) {
			if a := c.column(nameOf([]byte("p"), 1), i, column); a.values != nil {
				a.values.Release()
				hits++
				continue
			}
			cachedNumbers(c, 1, i, 128)
		}
		if round > 0 && hits < 30 {
			t.Errorf("round %d: %d hits", round, hits)
		}
	}
}

func TestNoCache(t *testing.T) {
	var c *Cache
	name := nameOf([]byte("p"), 1)
	if c.Bytes() != 0 || c.runHeaders(name) != nil || c.blockRows(name, 1) != nil || c.column(name, 1, &Column{}).values != nil {
		t.Error("nothing keeps something")
	}
	c.keepHeaders(name, nil)
	c.keepRows(name, 1, &rowNumbers{}, 1)
	if _, keep := c.allocator(name, 1, 1, 1, 1); keep {
		t.Error("nothing has room")
	}
	if NewCache(0).room(&part{}, 1, 1) {
		t.Error("a cache of nothing")
	}
}

// TestCacheFrequent reads one column of all blocks in many statements, and all columns, which do not
// fit, in a few between: the one column stays.
func TestCacheFrequent(t *testing.T) {
	c := NewCache(200 << 10)
	read := func(id uint32) (hits int) {
		column := &Column{ID: id, Type: arrow.PrimitiveTypes.Int64}
		for block := range uint32(40) {
			name := nameOf([]byte("p"), 1)
			if a := c.column(name, block, column); a.values != nil {
				a.values.Release()
				hits++
				continue
			}
			alloc, keep := c.allocator(name, block, id, 9*128, 128)
			if !keep {
				continue
			}
			b := array.NewInt64Builder(alloc)
			b.AppendValues(make([]int64, 128), nil)
			a := b.NewArray()
			c.keepColumn(name, block, 1, id, codedValues{values: a}, 128)
			a.Release()
			b.Release()
		}
		return hits
	}
	all := func() (hits int) {
		for id := range uint32(10) {
			hits += read(id)
		}
		return hits
	}
	all() // the first ones fill it
	for range 20 {
		for range 8 {
			read(9)
		}
		all()
	}
	if n := read(9); n != 40 {
		t.Errorf("%d of 40 blocks of the column in use are kept", n)
	}
	if n := all(); n < 120 {
		t.Errorf("%d of 400 columns of blocks are kept", n)
	}
	// What is small beside what it saves comes in at once.
	for block := range uint32(40) {
		c.blockRows(nameOf([]byte("p"), 1), block)
		c.keepRows(nameOf([]byte("p"), 1), block, &rowNumbers{}, 4096)
		if c.blockRows(nameOf([]byte("p"), 1), block) == nil {
			t.Fatalf("the rows of block %d are not kept", block)
		}
	}
}
