package executor

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/executor/spill"
)

// rowSpool is what of a rowBuffer lies in a temporary file.
//
//  1. Batches stay in memory up to Env.WorkMem, or until the account refuses
//     one. Those that come then are written, in blocks of spoolBlock at most.
//  2. A written batch has no entry in the buffer's chunks and columns until it
//     is asked for. The last few that were read stay, so that walking through
//     the rows reads each block once. They are not accounted, as batches in
//     flight are not.
type rowSpool struct {
	buf    *rowBuffer
	at     []int // chunk -> block of run, or inMemory
	file   *spill.File
	run    *spill.Run
	reader *spill.Reader
	loaded []int // chunks that were read, the one not used for longest first
	stats  *NodeStats
	peak   int64
}

const (
	inMemory = -1
	// spoolLoaded is how many blocks stay after they were read: a window has a
	// row in hand, and both ends of a frame.
	spoolLoaded = 4
	// spoolBlock is how large a block is at most, about.
	spoolBlock = 512 << 10
)

// newSpooledBuffer makes a buffer that spools; stats (or nil) gets what it wrote.
func newSpooledBuffer(env *Env, schema *arrow.Schema, stats *NodeStats) *rowBuffer {
	b := newRowBuffer(env, schema)
	b.spool = &rowSpool{buf: b, stats: stats}
	return b
}

// add keeps a batch or writes it; it takes the batch over whatever happens.
func (s *rowSpool) add(batch arrow.RecordBatch) error {
	n := batchBytes(batch)
	if limit := s.buf.env.WorkMem; (limit <= 0 || s.buf.bytes+n <= limit) && s.buf.reserveSparing(n) {
		s.at = append(s.at, inMemory)
		s.buf.keep(batch)
		s.peak = max(s.peak, s.buf.bytes)
		return nil
	}
	defer batch.Release()
	if s.file == nil {
		s.create()
	}
	rows := batch.NumRows()
	step := max(rows*spoolBlock/max(n, 1), 1)
	for from := int64(0); from < rows; from += step {
		if err := s.write(batch, from, min(from+step, rows)); err != nil {
			return err
		}
	}
	return nil
}

// unload writes what is in memory, for an owner that needs the room.
func (s *rowSpool) unload() error {
	for k, at := range s.at {
		if at != inMemory {
			continue
		}
		if s.file == nil {
			s.create()
		}
		batch := s.buf.chunks[k]
		if err := s.run.Write(batch); err != nil {
			return err
		}
		s.at[k] = s.run.Batches() - 1
		s.set(k, nil)
		batch.Release()
	}
	s.buf.open = nil
	s.buf.env.shrink(s.buf.bytes)
	s.buf.bytes = 0
	return nil
}

func (s *rowSpool) create() {
	s.file = s.buf.env.Temp.NewFile(s.buf.env.Alloc, s.buf.schema)
	s.run = s.file.NewRun()
	s.reader = s.run.NewReader()
}

func (s *rowSpool) write(batch arrow.RecordBatch, from, to int64) error {
	part := batch.NewSlice(from, to)
	defer part.Release()
	if err := s.run.Write(part); err != nil {
		return err
	}
	s.at = append(s.at, s.run.Batches()-1)
	s.buf.chunks = append(s.buf.chunks, nil)
	for i := range s.buf.columns {
		s.buf.columns[i] = append(s.buf.columns[i], nil)
	}
	s.buf.rows += int(to - from)
	return nil
}

func (s *rowSpool) rows(k int) int { return s.run.BatchRows(s.at[k]) }

// chunk returns chunk k, which stays the buffer's and is valid until other
// chunks are asked for.
func (b *rowBuffer) chunk(k int) (arrow.RecordBatch, error) {
	if b.spool != nil {
		if err := b.spool.use(k); err != nil {
			return nil, err
		}
		b.spool.trim()
	}
	return b.chunks[k], nil
}

// load reads the chunks that refs lie in: it returns columns of those chunks
// alone, and the refs into them.
func (s *rowSpool) load(columns [][]arrow.Array, refs []rowRef) ([][]arrow.Array, []rowRef, error) {
	s.trim()
	out := make([][]arrow.Array, len(columns))
	to := make([]rowRef, len(refs))
	places := map[int]int{}
	last, place := inMemory, 0
	for i, r := range refs {
		to[i] = noRow
		if r == noRow {
			continue
		}
		if k := r.chunk(); k != last {
			if err := s.use(k); err != nil {
				return nil, nil, err
			}
			var there bool
			if place, there = places[k]; !there {
				place = len(places)
				places[k] = place
				for c := range columns {
					out[c] = append(out[c], columns[c][k])
				}
			}
			last = k
		}
		to[i] = refOf(place, r.row())
	}
	return out, to, nil
}

// use reads chunk k if it is not there, and makes it the one used last.
func (s *rowSpool) use(k int) error {
	if s.at[k] == inMemory {
		return nil
	}
	if s.buf.chunks[k] == nil {
		batch, err := s.reader.At(s.at[k])
		if err != nil {
			return err
		}
		s.set(k, batch)
		s.loaded = append(s.loaded, k)
		return nil
	}
	last := len(s.loaded) - 1
	for i := last - 1; i >= 0; i-- {
		if s.loaded[i] == k {
			copy(s.loaded[i:], s.loaded[i+1:])
			s.loaded[last] = k
			break
		}
	}
	return nil
}

// set makes batch (nil: nothing) the chunk k that is in memory.
func (s *rowSpool) set(k int, batch arrow.RecordBatch) {
	s.buf.chunks[k] = batch
	for i := range s.buf.columns {
		s.buf.columns[i][k] = nil
		if batch != nil {
			s.buf.columns[i][k] = batch.Column(i)
		}
	}
}

// trim forgets all but the chunks that were used last.
func (s *rowSpool) trim() {
	for len(s.loaded) > spoolLoaded {
		s.forget(s.loaded[0])
		s.loaded = s.loaded[1:]
	}
}

func (s *rowSpool) forget(k int) {
	s.buf.chunks[k].Release()
	s.set(k, nil)
}

// dropFirst prepares for the buffer's dropping its first n chunks.
func (s *rowSpool) dropFirst(n int) {
	left := s.loaded[:0]
	for _, k := range s.loaded {
		if k < n {
			s.forget(k)
		} else {
			left = append(left, k-n)
		}
	}
	s.loaded = left
	s.at = s.at[n:]
	for _, block := range s.at {
		if block != inMemory {
			return
		}
	}
	s.close() // whatever is in the file is dropped
}

// clear drops what was written.
func (s *rowSpool) clear() {
	for _, k := range s.loaded {
		s.forget(k)
	}
	s.loaded, s.at = nil, nil
	s.close()
}

// close ends the file. Its rows are not wanted any more, so that an error of
// closing it does not matter.
func (s *rowSpool) close() {
	if s.stats != nil {
		s.stats.MemoryPeak = max(s.stats.MemoryPeak, s.peak)
	}
	if s.file == nil {
		return
	}
	if s.stats != nil {
		s.stats.SpillBytes += s.file.Bytes()
	}
	s.reader.Close()
	_ = s.file.Close()
	s.file, s.run, s.reader = nil, nil, nil
}
