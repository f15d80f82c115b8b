package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/executor/spill"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// seenRows tells rows that never came before from those that did, step by step
// and for more rows than memory holds: the set of a recursive UNION.
//
//  1. Rows that come first stay in a uniqueRows while it may grow.
//  2. Then its rows are written to partitions by their hash, a generation, and
//     it begins anew. A hashFilter remembers the hashes of all written rows.
//  3. A row that the set has was seen. One that neither the set nor the filter
//     knows is new. One that only the filter knows is doubtful; it waits in a
//     partition of doubtful rows.
//  4. At the end of a step (late) the doubtful rows of each partition are taken
//     as they fit into memory, and what no generation has in that partition is new.
//
// So a step of rows that never came reads nothing from disk, and one of rows
// that came early reads their partitions once.
type seenRows struct {
	env    *Env
	schema *arrow.Schema
	types  []types.Type
	set    *uniqueRows
	held   reservation
	hasher keyHasher
	others func() error // gives back what else the owner keeps in memory

	file        *spill.File // of all generations; nil while the set has all rows
	filter      hashFilter
	generations []*partitions
	written     int64 // bytes of doubtful rows so far

	doubtful   *partitions // of this step; nil: there are none
	part       int         // the partition of doubtful that is read
	reader     *spill.Reader
	next       arrow.RecordBatch // read, but for the candidates after these
	candidates *uniqueRows
	waiting    reservation // of candidates
	ready      []arrow.RecordBatch
}

func newSeenRows(env *Env, schema *arrow.Schema, ts []types.Type) *seenRows {
	return &seenRows{
		env: env, schema: schema, types: ts, set: newUniqueRows(env, ts), candidates: newUniqueRows(env, ts),
		held: reservation{env: env}, waiting: reservation{env: env}, hasher: keyHasher{types: ts},
	}
}

// fresh takes a batch over and returns its rows that are certainly new, nil if none is.
func (s *seenRows) fresh(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	// Before rows are looked up: what is written away leaves the set.
	err := s.makeRoom(batch.Columns(), int(batch.NumRows()))
	var fresh []int32
	if err == nil && s.file != nil {
		fresh, err = s.doubt(batch)
	}
	if err != nil {
		batch.Release()
		return nil, err
	}
	if s.file != nil {
		if batch, err = pick(s.env, batch, fresh); batch == nil || err != nil {
			return nil, err
		}
	}
	return s.insert(batch)
}

// insert takes a batch over and returns its rows that the set, which has room
// for them, had not.
func (s *seenRows) insert(batch arrow.RecordBatch) (arrow.RecordBatch, error) {
	return pick(s.env, batch, s.set.insert(batch.Columns(), int(batch.NumRows())))
}

// doubt returns the rows of a batch that are new or in the batch twice, and
// writes the doubtful ones away.
func (s *seenRows) doubt(batch arrow.RecordBatch) ([]int32, error) {
	cols, n := batch.Columns(), int(batch.NumRows())
	ids := s.set.lookup(cols, n)
	hashes := s.hasher.hash(cols, n)
	var fresh []int32
	for i, id := range ids {
		if id == noKey && !s.filter.has(hashes[i]) {
			fresh = append(fresh, int32(i))
			ids[i] = 0 // any but noKey: it is decided
		}
	}
	for _, id := range ids {
		if id == noKey {
			if s.doubtful == nil {
				s.doubtful = newPartitions(s.env, s.schema)
			}
			return fresh, s.doubtful.addUnknown(batch, ids, hashes, 0)
		}
	}
	return fresh, nil
}

// makeRoom reserves what n more rows may need, or writes the set away first.
func (s *seenRows) makeRoom(cols []arrow.Array, n int) error {
	fits, err := s.held.room(s.filter.bytes()+s.set.need(cols, n), spillPass{}, s.set.len() == 0)
	if fits || err != nil {
		return err
	}
	if s.set.len() > 0 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	return s.must(&s.held, s.filter.bytes()+s.set.need(cols, n))
}

// must reserves n bytes for r, for which the owner may have to give others back.
func (s *seenRows) must(r *reservation, n int64) error {
	err := r.set(n)
	if err == nil || s.env.Temp == nil {
		return err
	}
	if err := s.others(); err != nil {
		return err
	}
	return r.set(n)
}

// flush writes the set's rows as a generation and empties it.
func (s *seenRows) flush() error {
	if s.file == nil {
		s.file = s.env.Temp.NewFile(s.env.Alloc, s.schema)
		s.filter = newHashFilter(s.set.len())
	}
	g := &partitions{env: s.env, file: s.file}
	s.generations = append(s.generations, g)
	err := s.set.each(func(cols []arrow.Array, n int) error {
		hashes := s.hasher.hash(cols, n)
		for _, h := range hashes {
			s.filter.add(h)
		}
		batch := newRetainedBatch(s.schema, cols, n)
		defer batch.Release()
		for i, rows := range splitRows(hashes, 0, nil) {
			if len(rows) == 0 {
				continue
			}
			if err := g.add(i, batch, rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = g.finish()
	}
	s.set.clear()
	return err
}

// late returns the next of the step's doubtful rows that are new, or io.EOF:
// then the next step may begin.
func (s *seenRows) late(ctx context.Context) (arrow.RecordBatch, error) {
	for len(s.ready) == 0 {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		more, err := s.nextCandidates()
		if err != nil {
			return nil, err
		}
		if !more {
			return nil, io.EOF
		}
		if err := s.compare(ctx); err != nil {
			return nil, err
		}
	}
	batch := s.ready[0]
	s.ready = s.ready[1:]
	if err := s.makeRoom(batch.Columns(), int(batch.NumRows())); err != nil {
		batch.Release()
		return nil, err
	}
	return s.insert(batch)
}

// nextCandidates loads doubtful rows of one partition, as many as fit; false
// says that there are no more.
func (s *seenRows) nextCandidates() (bool, error) {
	if s.doubtful == nil {
		return false, nil
	}
	if s.reader == nil && s.part == 0 {
		if err := s.doubtful.finish(); err != nil {
			return false, err
		}
		s.written += s.doubtful.bytes
	}
	for ; s.part < fanOut; s.part++ {
		if s.doubtful.rowsIn(s.part) == 0 {
			continue
		}
		if s.reader == nil {
			s.reader = s.doubtful.parts[s.part].run.NewReader()
		}
		err := s.load()
		if s.candidates.len() > 0 || err != nil {
			return true, err
		}
		s.reader.Close()
		s.reader = nil
	}
	s.part = 0
	done := s.doubtful
	s.doubtful = nil
	return false, done.close()
}

// load fills candidates from the reader. Rows that the set has by now are none.
func (s *seenRows) load() error {
	for {
		batch, err := s.unknown()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if batch == nil {
			continue
		}
		fits, err := s.waitingRoom(batch)
		if err != nil {
			batch.Release()
			return err
		}
		if !fits {
			s.next = batch
			return nil
		}
		s.candidates.insert(batch.Columns(), int(batch.NumRows()))
		batch.Release()
	}
}

// unknown reads the next doubtful rows that the set has not, nil if it has all
// of a batch.
func (s *seenRows) unknown() (arrow.RecordBatch, error) {
	batch := s.next
	s.next = nil
	if batch == nil {
		var err error
		if batch, err = s.reader.Next(); err != nil {
			return nil, err
		}
	}
	var sel []int32
	for i, id := range s.set.lookup(batch.Columns(), int(batch.NumRows())) {
		if id == noKey {
			sel = append(sel, int32(i))
		}
	}
	return pick(s.env, batch, sel)
}

// waitingRoom reserves what the candidates and a batch more take, or says
// false. One batch must do; the set goes to disk for it if need be.
func (s *seenRows) waitingRoom(batch arrow.RecordBatch) (bool, error) {
	need := s.candidates.need(batch.Columns(), int(batch.NumRows()))
	if s.waiting.within(need, s.env.HashMem/4) {
		return true, nil
	}
	if s.candidates.len() > 0 {
		return false, nil
	}
	if s.set.len() > 0 {
		if err := s.flush(); err != nil {
			return true, err
		}
		if err := s.held.set(s.filter.bytes()); err != nil {
			return true, err
		}
	}
	return true, s.must(&s.waiting, need)
}

// compare looks the candidates up in the generations, and makes those that are
// in none ready.
func (s *seenRows) compare(ctx context.Context) error {
	found := make([]bool, s.candidates.len())
	for _, g := range s.generations {
		if g.rowsIn(s.part) == 0 {
			continue
		}
		if err := s.mark(ctx, g.parts[s.part].run, found); err != nil {
			return err
		}
	}
	err := s.candidates.each(func(cols []arrow.Array, n int) error {
		var sel []int32
		for i, f := range found[:n] {
			if !f {
				sel = append(sel, int32(i))
			}
		}
		found = found[n:]
		batch, err := pick(s.env, newRetainedBatch(s.schema, cols, n), sel)
		if batch != nil {
			s.ready = append(s.ready, batch)
		}
		return err
	})
	s.candidates.clear()
	s.waiting.close()
	return err
}

// mark notes which candidates a run has.
func (s *seenRows) mark(ctx context.Context, run *spill.Run, found []bool) error {
	reader := run.NewReader()
	defer reader.Close()
	for {
		if err := checkContext(ctx); err != nil {
			return err
		}
		batch, err := reader.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, id := range s.candidates.lookup(batch.Columns(), int(batch.NumRows())) {
			if id != noKey {
				found[id] = true
			}
		}
		batch.Release()
	}
}

func (s *seenRows) close(stats *NodeStats) error {
	if s.reader != nil {
		s.reader.Close()
	}
	for _, b := range append(s.ready, s.next) {
		if b != nil {
			b.Release()
		}
	}
	s.next = nil
	s.ready = nil
	s.set.clear()
	s.candidates.clear()
	if stats != nil {
		stats.MemoryPeak += s.held.peak + s.waiting.peak
		stats.SpillBytes += s.written
	}
	s.held.close()
	s.waiting.close()
	err := s.doubtful.close()
	s.doubtful = nil
	for _, g := range s.generations { // they share a file
		if stats != nil {
			stats.SpillBytes += g.bytes
			stats = nil
		}
		if e := g.close(); err == nil {
			err = e
		}
	}
	s.generations = nil
	return err
}
