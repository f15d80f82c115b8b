package block

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/kv"
)

// Whoever wants the newest row of each group again and again (Spec.Last) finds it
// scattered over the blocks of a run. The cache keeps these rows side by side, as if
// they were one block more, whose number is lastBlock: its rows once the last rows
// of many groups were asked for, each column when somebody asks for it.
const lastBlock = math.MaxUint32

// lastRowBytes is about what the cache takes for a last row without its columns.
const lastRowBytes = 16 + groupHeadBytes

// lastShare is how many blocks a wanted group may stand for, so that the last rows of all
// groups are looked for.
const lastShare = 4

// lastRow is where the last row of a group lies.
type lastRow struct {
	block *header
	row   int
}

// lastRows is a source of the last row of each group of a run; nil if they are
// not kept, and few groups are wanted, or the cache seems to have no room for them.
func (r *reading) lastRows(ctx context.Context, prefix kv.Key, run *run) (*source, error) {
	s, cache := r.spec, r.spec.Cache
	if !r.end || !s.Last || s.Reverse || s.Upper < run.maxPos || !cache.keeps() {
		return nil, nil
	}
	h := &header{extent: run.extent, number: lastBlock}
	src := &source{refs: 1, reading: r, prefix: prefix, run: run.id, inRun: nameOf(prefix, run.id), block: h, lastOf: run}
	rows := cache.blockRows(src.inRun, lastBlock)
	if rows == nil {
		if s.Groups == nil || lastShare*len(s.Groups) < run.blocks || !cache.hasRoom(src.inRun, lastBlock, rowsPart, int64(lastRowBytes*len(s.Groups)), run.rows) {
			return nil, nil
		}
		if err := src.findLasts(ctx); err != nil {
			return nil, err
		}
		rows = src.kept()
		cache.keepRows(src.inRun, lastBlock, rows, run.rows) // without room they serve this scan alone
	}
	src.rowNumbers, h.rows = *rows, rows.n
	return src, nil
}

// findLasts reads the rows of all blocks for the last ones of their groups.
func (s *source) findLasts(ctx context.Context) error {
	s.lasts = []lastRow{}
	return s.eachBlock(ctx, func(b *source) error {
		defer b.release()
		if err := b.loadRows(ctx); err != nil {
			return err
		}
		for k := range b.heads {
			_, to := b.groupRows(k)
			g := b.heads[k].group
			if n := len(s.groups); n > 0 && s.groups[n-1] == g { // it began in a block before
				s.groups, s.positions, s.lasts = s.groups[:n-1], s.positions[:n-1], s.lasts[:n-1]
				if s.subs != nil {
					s.subs = s.subs[:n-1]
				}
			}
			if sub := b.sub(to - 1); s.subs != nil || sub != 0 {
				s.subs = append(append(s.subs, make([]uint64, len(s.groups)-len(s.subs))...), sub)
			}
			s.groups, s.positions = append(s.groups, g), append(s.positions, b.position(k, to-1))
			s.lasts = append(s.lasts, lastRow{b.block, to - 1})
		}
		s.n, s.heads = len(s.groups), headsOf(s.groups, s.positions)
		return nil
	})
}

// eachBlock opens all blocks of the run, without their rows.
func (s *source) eachBlock(ctx context.Context, fn func(*source) error) error {
	all := &reading{spec: &Spec{
		MaxGroup: math.MaxUint64, Lower: math.MinInt64, Upper: math.MaxInt64, Cache: s.reading.spec.Cache, Name: s.reading.spec.Name,
	}, reader: s.reading.reader, alloc: s.reading.alloc, figures: s.reading.figures}
	h := &headers{reading: all, prefix: s.prefix, run: s.lastOf}
	defer h.close()
	for {
		b, err := h.next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := fn(&source{refs: 1, reading: all, block: b, prefix: s.prefix, run: s.run, inRun: s.inRun}); err != nil {
			return err
		}
	}
}

// readLasts gathers a column of the last rows, block by block; what is decoded
// for it is not kept.
func (s *source) readLasts(ctx context.Context, c *Column) (v codedValues, err error) {
	if s.lasts == nil { // the rows came from the cache
		again := &source{refs: 1, reading: s.reading, prefix: s.prefix, run: s.run, inRun: s.inRun, lastOf: s.lastOf}
		if err := again.findLasts(ctx); err != nil {
			return v, err
		}
		s.lasts = again.lasts
	}
	var rows []stretch
	var arrays []codedValues
	defer func() {
		for _, a := range arrays {
			a.values.Release()
		}
	}()
	size := 0
	for from := 0; from < len(s.lasts); {
		to := from + 1
		for to < len(s.lasts) && s.lasts[to].block == s.lasts[from].block {
			to++
		}
		a, err := s.lastsOfBlock(ctx, c, s.lasts[from:to])
		if err != nil {
			return v, err
		}
		rows, arrays = append(rows, stretch{source: int32(len(arrays)), n: int32(to - from)}), append(arrays, codedValues{values: a})
		size += arrayBytes(a) + a.Len()/8
		from = to
	}
	cache := s.reading.spec.Cache
	alloc, keep := cache.allocator(s.inRun, lastBlock, c.ID, int64(size), s.lastOf.rows)
	if !keep {
		alloc = s.reading.alloc
	}
	out, err := assemble(alloc, c, rows, arrays, len(s.lasts), false)
	if err != nil {
		return v, err
	}
	v = codedValues{values: out}
	if keep {
		v = s.code(alloc, c, out)
		cache.keepColumn(s.inRun, lastBlock, s.reading.spec.Storage, c.ID, v, s.lastOf.rows)
	}
	return v, nil
}

// lastsOfBlock copies rows of one block's column.
func (s *source) lastsOfBlock(ctx context.Context, c *Column, rows []lastRow) (arrow.Array, error) {
	b := &source{refs: 1, reading: s.reading, block: rows[0].block, prefix: s.prefix, run: s.run}
	defer b.release()
	all := s.reading.spec.Cache.column(s.inRun, b.block.number, c)
	if all.values == nil {
		var err error
		if all, err = b.read(ctx, c); err != nil {
			return nil, err
		}
	}
	defer all.values.Release()
	stretches := make([]stretch, len(rows))
	for i, r := range rows {
		stretches[i] = stretch{from: int32(r.row), n: 1}
	}
	return assemble(s.reading.alloc, c, stretches, []codedValues{all}, len(rows), false)
}
