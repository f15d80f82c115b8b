package block

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
	"github.com/tidemarkdb/tidemark/tsengine/chunk"
)

// Figures count what reading took (EXPLAIN ANALYZE).
type Figures struct {
	Partitions   int64 // (bucket, slice) pairs with anything in them
	Deltas       int64 // deltas decoded
	BlocksRead   int64 // blocks of which at least one column was decoded
	BlocksPruned int64 // blocks whose header excluded them
	FromHeaders  int64 // blocks whose header was enough
	BytesDecoded int64 // of chunks
}

// Add adds what another reader took.
func (f *Figures) Add(o Figures) {
	f.Partitions += o.Partitions
	f.Deltas += o.Deltas
	f.BlocksRead += o.BlocksRead
	f.BlocksPruned += o.BlocksPruned
	f.FromHeaders += o.FromHeaders
	f.BytesDecoded += o.BytesDecoded
}

// rowNumbers are the groups, positions, subs and ops of rows. Those of a block
// are shared by scans and never changed.
type rowNumbers struct {
	n         int
	groups    []uint64 // nil: as the heads say
	positions []int64  // nil: as the heads say
	subs      []uint64 // nil: all 0
	ops       []Op     // nil: all OpInsert
	heads     []groupHead
	bounds    extent // of a delta
}

// memory is about how many bytes the numbers take.
func (r *rowNumbers) memory() int64 {
	return int64(8*(len(r.groups)+len(r.positions)+len(r.subs)) + len(r.ops) + groupHeadBytes*len(r.heads))
}

// kept is what is to be kept of the numbers: no group for each row, and no positions if
// all are at equal distances.
func (r *rowNumbers) kept() *rowNumbers {
	out := *r
	out.groups = nil
	if !slices.ContainsFunc(r.heads, func(h groupHead) bool { return h.step == 0 }) {
		out.positions = nil
	}
	return &out
}

// source is a delta or a block while it is read: its rows' groups, positions,
// subs and ops decoded, its columns on demand. It is counted: whoever keeps it
// retains it.
type source struct {
	rowNumbers

	refs    int
	mark    int32 // its place in the present spread
	reading *reading
	delta   container // of a delta: all of it, fetched on demand if the cache has the rows
	key     kv.Key    // of a delta
	block   *header   // of a block
	prefix  kv.Key
	run     uint64
	inRun   runName // what the cache knows it by; empty if it is not to be kept
	fresh   bool    // a block that nobody has read before, as far as the cache knows
	lazy    bool    // the numbers of the block's rows are not read yet: all rows are wanted
	given   bool    // rows of it came out
	used    bool    // some of the block was read
	pages   []container
	columns []sourceColumn

	lastOf *run      // the rows are the last ones of the run's groups
	lasts  []lastRow // of lastOf, where they lie; nil if that is not known
}

type sourceColumn struct {
	id uint32
	codedValues
	plain arrow.Array // of coded values, if somebody wanted all of them
}

func (s *source) len() int {
	if s.block != nil {
		return s.block.rows
	}
	return s.n
}

// use counts a block that is read.
func (s *source) use() {
	if s.block != nil && !s.used {
		s.used = true
		s.reading.figures.BlocksRead++
	}
}

func (s *source) retain() *source {
	s.refs++
	return s
}

func (s *source) release() {
	if s.refs--; s.refs == 0 {
		if s.given && !s.used {
			s.reading.figures.FromHeaders++
		}
		for _, c := range s.columns {
			c.values.Release()
			if c.plain != nil {
				c.plain.Release()
			}
		}
		s.columns = nil
	}
}

func (s *source) op(i int) Op {
	if s.ops == nil {
		return OpInsert
	}
	return s.ops[i]
}

func (s *source) sub(i int) uint64 {
	if s.subs == nil {
		return 0
	}
	return s.subs[i]
}

// column decodes a column once; the array stays the source's, and may be coded.
func (s *source) column(ctx context.Context, c *Column) (codedValues, error) {
	if v, ok := s.known(c.ID); ok {
		return v, nil
	}
	s.use()
	v, err := s.read(ctx, c)
	if err != nil {
		return v, err
	}
	s.columns = append(s.columns, sourceColumn{id: c.ID, codedValues: v})
	return v, nil
}

// known is a column that is there already.
func (s *source) known(id uint32) (v codedValues, ok bool) {
	for i := range s.columns {
		if s.columns[i].id == id {
			return s.columns[i].codedValues, true
		}
	}
	return v, false
}

// read gets a column from the cache, or decodes it.
func (s *source) read(ctx context.Context, c *Column) (v codedValues, err error) {
	r := s.reading
	cache := r.spec.Cache
	if s.inRun.prefix == "" {
		cache = nil
	}
	if v = cache.column(s.inRun, s.number(), c); v.values != nil {
		return v, nil
	}
	if s.lastOf != nil {
		return s.readLasts(ctx, c)
	}
	b, found, err := s.chunk(ctx, c.ID)
	if err != nil {
		return v, err
	}
	if !found {
		return codedValues{values: missing(r.alloc, c, s.len())}, nil
	}
	alloc, keep := cache.allocator(s.inRun, s.number(), c.ID, int64(max(9*s.len(), 2*len(b))), s.len())
	if !keep {
		alloc = r.alloc
	}
	v, ok, err := s.decodeCoded(alloc, c, b, keep)
	if err != nil {
		return v, err
	}
	if !ok {
		a, err := s.decode(alloc, c, b)
		if err != nil {
			return v, err
		}
		v = codedValues{values: a}
		if keep {
			v = s.code(alloc, c, a)
		}
	}
	if keep {
		cache.keepColumn(s.inRun, s.number(), r.spec.Storage, c.ID, v, s.len())
	}
	return v, nil
}

// decode unpacks the chunk of a column.
func (s *source) decode(alloc memory.Allocator, c *Column, b []byte) (arrow.Array, error) {
	s.reading.figures.BytesDecoded += int64(len(b))
	a, err := chunk.Decode(alloc, c.Type, b)
	if err != nil {
		return nil, s.corrupted(err)
	}
	if a.Len() != s.len() {
		a.Release()
		return nil, s.corrupted(corrupt("a column of %d rows in a block of %d", a.Len(), s.len()))
	}
	return a, nil
}

func (s *source) number() uint32 {
	if s.block == nil {
		return 0
	}
	return s.block.number
}

func (s *source) corrupted(err error) error {
	if s.block == nil {
		return fmt.Errorf("table %q, delta %x: %w: %w", s.reading.spec.Name, s.key, ErrCorrupt, err)
	}
	return fmt.Errorf("table %q, run %x, block %d: %w: %w", s.reading.spec.Name, s.run, s.block.number, ErrCorrupt, err)
}

// chunk finds the bytes of a column.
func (s *source) chunk(ctx context.Context, id uint32) ([]byte, bool, error) {
	if s.block == nil {
		if err := s.fetchDelta(ctx); err != nil {
			return nil, false, err
		}
		b, ok := s.delta.find(id + firstColumn)
		return b, ok, nil
	}
	st := s.block.column(id)
	if st == nil {
		return nil, false, nil
	}
	p, err := s.page(ctx, int(st.page))
	if err != nil {
		return nil, false, err
	}
	b, ok := p.find(id + firstColumn)
	if !ok {
		return nil, false, s.corrupted(corrupt("column %d is not on page %d", id, st.page))
	}
	return b, true, nil
}

// fetchDelta reads a delta whose rows came from the cache.
func (s *source) fetchDelta(ctx context.Context) error {
	if s.delta.ids != nil || s.reading == nil {
		return nil
	}
	v, found, err := s.reading.reader.Get(ctx, s.key)
	if err == nil && !found {
		err = s.corrupted(corrupt("it is gone"))
	}
	if err != nil {
		return err
	}
	if s.delta, err = readContainer(append([]byte(nil), v...)); err != nil {
		return s.corrupted(err)
	}
	return nil
}

// page fetches a page of a block once.
func (s *source) page(ctx context.Context, i int) (container, error) {
	for len(s.pages) <= i {
		s.pages = append(s.pages, container{})
	}
	if s.pages[i].ids != nil {
		return s.pages[i], nil
	}
	key := pageKey(s.prefix, s.run, s.block.number, uint16(i))
	v, found, err := s.reading.reader.Get(ctx, key)
	if err != nil {
		return container{}, err
	}
	if !found {
		return container{}, s.corrupted(errMissingPage(key))
	}
	c, err := readContainer(append([]byte(nil), v...))
	if err != nil {
		return c, s.corrupted(err)
	}
	s.pages[i] = c
	return c, nil
}

// missing is the column of rows that were stored before it was added.
func missing(alloc memory.Allocator, c *Column, n int) arrow.Array {
	b := c.builder(alloc)
	defer b.Release()
	b.Reserve(n)
	for range n {
		types.AppendDatum(b, c.Missing)
	}
	return b.NewArray()
}

// minCachedDelta is the size in the store from which a delta is kept: small ones
// are decoded as fast as they are found.
const minCachedDelta = 2 << 10

// errNoRows says that what lies under the key of a delta is a range delete.
var errNoRows = errors.New("a range delete")

// openDelta decodes a delta; nil without an error if the spec wants no row of it.
func (r *reading) openDelta(key kv.Key, o Order, value []byte) (*source, extent, error) {
	s := &source{refs: 1, reading: r, key: key}
	cache := r.spec.Cache
	if cache != nil && len(value) >= minCachedDelta {
		s.inRun = runName{prefix: string(key)}
		if rows := cache.blockRows(s.inRun, 0); rows != nil {
			if s.rowNumbers = *rows; !r.spec.touches(&s.bounds) {
				return nil, s.bounds, nil
			}
			return s, s.bounds, nil
		}
	}
	var err error
	if s.delta, err = readContainer(value); err != nil {
		return nil, extent{}, s.corrupted(err)
	}
	if _, ok := s.delta.find(entryRange); ok {
		return nil, extent{}, errNoRows
	}
	e, err := deltaExtent(&s.delta)
	if err == nil && !r.spec.touches(&e) {
		return nil, e, nil
	}
	if err == nil {
		s.delta = s.delta.clone()
		err = s.readRows(&s.delta, e)
	}
	if err != nil {
		return nil, e, s.corrupted(err)
	}
	if s.subs == nil {
		s.subs = insertSubs(s.groups, s.positions, o)
	}
	if s.bounds = e; s.inRun.prefix != "" {
		cache.keepRows(s.inRun, 0, s.kept(), s.n)
	}
	return s, e, nil
}

func deltaExtent(c *container) (extent, error) {
	meta, ok := c.find(entryMeta)
	if !ok {
		return extent{}, corrupt("a delta without an extent")
	}
	in := reader{b: meta}
	e := in.extent(MaxRows)
	return e, in.err
}

// insertSubs are the subs of rows that a delta of an order inserts.
func insertSubs(groups []uint64, positions []int64, o Order) []uint64 {
	out, base := make([]uint64, len(groups)), o.subBase()
	for i := range out {
		out[i] = base
		if i > 0 && groups[i] == groups[i-1] && positions[i] == positions[i-1] {
			out[i] = out[i-1] + 1<<seqBits
		}
	}
	return out
}

// readRows decodes what rows have besides columns, whose order it verifies.
func (s *source) readRows(c *container, e extent) error {
	numbers := func(id uint32, must bool) ([]int64, error) {
		b, ok := c.find(id)
		if !ok {
			if must {
				return nil, corrupt("entry %d is missing", id)
			}
			return nil, nil
		}
		s.reading.figures.BytesDecoded += int64(len(b))
		return decodeNumbers(b, e.rows)
	}
	s.n = e.rows
	groups, _ := c.find(entryGroups)
	positions, _ := c.find(entryPositions)
	if even := s.block != nil && s.readEven(groups, positions); even {
		s.reading.figures.BytesDecoded += int64(len(groups) + len(positions))
	} else if err := s.readUneven(numbers); err != nil {
		return err
	}
	subs, err := numbers(entrySubs, false)
	if err != nil {
		return err
	}
	if subs != nil {
		s.subs = asUint64s(subs)
	}
	ops, err := numbers(entryOps, false)
	if err != nil {
		return err
	}
	if ops != nil {
		s.ops = make([]Op, len(ops))
		for i, o := range ops {
			if o < int64(OpInsert) || o > int64(OpDelete) {
				return corrupt("operation %d", o)
			}
			s.ops[i] = Op(o)
		}
	}
	return nil
}

// readUneven reads the groups and positions of rows, and verifies their order.
func (s *source) readUneven(numbers func(id uint32, must bool) ([]int64, error)) error {
	groups, err := numbers(entryGroups, true)
	if err != nil {
		return err
	}
	s.groups = asUint64s(groups)
	if s.positions, err = numbers(entryPositions, true); err != nil {
		return err
	}
	positionsOf(s.groups, s.positions)
	for i := 1; i < len(s.groups); i++ {
		if s.groups[i] < s.groups[i-1] || s.groups[i] == s.groups[i-1] && s.positions[i] < s.positions[i-1] {
			return corrupt("row %d is out of order", i)
		}
	}
	s.heads = headsOf(s.groups, s.positions)
	return nil
}

// errMissingPage is for a header whose page is gone.
func errMissingPage(key kv.Key) error { return corrupt("page %x is missing", key) }
