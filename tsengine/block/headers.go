package block

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/tidemarkdb/tidemark/kv"
)

// headers yields the headers of a run's blocks that may hold wanted rows, in
// order. It knows three ways to them:
//
//   - the cache has all headers of the run: those wanted are found by binary search;
//   - few groups of a run of many blocks are wanted: each is sought in the store;
//   - else all headers are read, and kept for the next scan.
type headers struct {
	reading *reading
	prefix  kv.Key
	run     *run
	prune   bool

	opened bool
	listed bool
	list   []*header // listed: still to come
	it     kv.Iterator

	pending []kv.KeyValue // of it
	group   int           // index of the group that is sought
	last    int64
}

const (
	// seekBlocks is how many blocks of a run a group must save for a seek of its own.
	seekBlocks = 16
	// fewBlocks is how many headers are read at once rather than sought, if they
	// will be kept.
	fewBlocks = 1024
)

func (h *headers) close() {
	if h.it != nil {
		h.it.Close()
		h.it = nil
	}
}

func (h *headers) next(ctx context.Context) (*header, error) {
	if !h.opened {
		h.opened, h.last = true, -1
		if err := h.open(ctx); err != nil {
			return nil, err
		}
	}
	for {
		b, err := h.following(ctx)
		if err != nil {
			return nil, err
		}
		s := h.reading.spec
		if !s.touches(&b.extent) || h.prune && s.Prune != nil && s.Prune(b.column) {
			h.reading.figures.BlocksPruned++
			continue
		}
		return b, nil
	}
}

// open chooses the way.
func (h *headers) open(ctx context.Context) error {
	s, cache := h.reading.spec, h.reading.spec.Cache
	name := nameOf(h.prefix, h.run.id)
	all := cache.runHeaders(name)
	seek := s.Groups != nil && len(s.Groups)*seekBlocks < h.run.blocks
	if all == nil && seek && (!cache.keeps() || h.run.blocks > fewBlocks) {
		if s.Reverse {
			h.group = len(s.Groups) - 1
		}
		return nil
	}
	if all == nil {
		var err error
		if all, err = h.readAll(ctx); err != nil {
			return err
		}
		cache.keepHeaders(name, all)
	}
	h.listed, h.list = true, h.wanted(all)
	if s.Reverse {
		for i, k := 0, len(h.list)-1; i < k; i, k = i+1, k-1 {
			h.list[i], h.list[k] = h.list[k], h.list[i]
		}
	}
	return nil
}

// wanted lists the headers whose blocks may hold rows of wanted groups; blocks
// are in order of their groups.
func (h *headers) wanted(all []*header) []*header {
	s := h.reading.spec
	from := sort.Search(len(all), func(i int) bool { return all[i].maxGroup >= s.MinGroup })
	to := from + sort.Search(len(all)-from, func(i int) bool { return all[from+i].minGroup > s.MaxGroup })
	h.reading.figures.BlocksPruned += int64(len(all) - (to - from))
	all = all[from:to]
	if s.Groups == nil {
		return append([]*header(nil), all...)
	}
	var out []*header
	for i := 0; i < len(all); i++ {
		g := s.firstGroup(all[i].minGroup)
		if g == len(s.Groups) {
			break
		}
		if s.Groups[g] > all[i].maxGroup {
			rest := all[i+1:]
			i += sort.Search(len(rest), func(k int) bool { return rest[k].maxGroup >= s.Groups[g] })
			continue
		}
		out = append(out, all[i])
	}
	h.reading.figures.BlocksPruned += int64(len(all) - len(out))
	return out
}

// readAll reads all headers of the run.
func (h *headers) readAll(ctx context.Context) ([]*header, error) {
	it, err := h.reading.reader.Scan(ctx, runSpan(h.prefix, kindHeader, h.run.id), kv.ScanOptions{})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	out := make([]*header, 0, min(h.run.blocks, 1<<16))
	for {
		pairs, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range pairs {
			b, err := h.read(&pairs[i])
			if err != nil {
				return nil, err
			}
			out = append(out, b)
		}
	}
}

// following is the next header on the chosen way.
func (h *headers) following(ctx context.Context) (*header, error) {
	if h.listed {
		if len(h.list) == 0 {
			return nil, io.EOF
		}
		b := h.list[0]
		h.list = h.list[1:]
		return b, nil
	}
	for {
		if h.it == nil {
			if err := h.seek(ctx); err != nil {
				return nil, err
			}
		}
		if len(h.pending) == 0 {
			var err error
			h.pending, err = h.it.NextBatch(ctx)
			if errors.Is(err, io.EOF) {
				h.nextGroup()
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		b, err := h.read(&h.pending[0])
		if err != nil {
			return nil, err
		}
		h.pending = h.pending[1:]
		if h.passed(b) {
			h.nextGroup()
		}
		if int64(b.number) == h.last {
			continue // two groups are in it
		}
		h.last = int64(b.number)
		return b, nil
	}
}

func (h *headers) nextGroup() {
	h.close()
	h.pending = nil
	if h.reading.spec.Reverse {
		h.group--
	} else {
		h.group++
	}
}

// passed reports whether no later header has rows of the group that is sought.
func (h *headers) passed(b *header) bool {
	g, s := h.reading.spec.Groups[h.group], h.reading.spec
	if s.Reverse {
		return b.minGroup < g
	}
	return b.maxGroup > g
}

// seek opens the headers of the next group. Headers are named by their last
// row: forwards the first one at or behind (group, lower) may hold it, and the
// one behind the last named by the group; backwards the same ones from behind.
func (h *headers) seek(ctx context.Context) error {
	s := h.reading.spec
	if h.group < 0 || h.group >= len(s.Groups) {
		return io.EOF
	}
	g := s.Groups[h.group]
	span := runSpan(h.prefix, kindHeader, h.run.id)
	if !s.Reverse {
		span.Start = headerKey(h.prefix, h.run.id, g, s.Lower, 0)
		return h.scan(ctx, span, 4)
	}
	// The last header that may hold rows of the group is the first one whose last
	// row is behind (group, upper).
	from := headerKey(h.prefix, h.run.id, g, s.Upper, 0xffffffff)
	it, err := h.reading.reader.Scan(ctx, kv.Span{Start: from, End: span.End}, kv.ScanOptions{KeysOnly: true, BatchSize: 1})
	if err != nil {
		return err
	}
	defer it.Close()
	pairs, err := it.NextBatch(ctx)
	switch {
	case err == nil:
		span.End = append(append(kv.Key(nil), pairs[0].Key...), 0)
	case !errors.Is(err, io.EOF):
		return err
	}
	return h.scan(ctx, span, 2)
}

func (h *headers) scan(ctx context.Context, span kv.Span, batch int) (err error) {
	h.pending = nil
	h.it, err = h.reading.reader.Scan(ctx, span, kv.ScanOptions{Reverse: h.reading.spec.Reverse, BatchSize: batch})
	return err
}

func (h *headers) read(p *kv.KeyValue) (*header, error) {
	b, err := readHeader(p.Value)
	if err != nil {
		return nil, fmt.Errorf("table %q, header %x: %w", h.reading.spec.Name, p.Key, err)
	}
	return b, nil
}
