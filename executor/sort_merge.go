package executor

import (
	"bytes"
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/executor/spill"
	"github.com/tidemarkdb/tidemark/sql/types"
)

const (
	minBlockBytes, maxBlockBytes = 16 << 10, 512 << 10
	minFanIn, maxFanIn           = 4, 64
)

// blockBytes is how large a run's batches are: a merge keeps one of each run.
func (s *sorter) blockBytes() int64 {
	if s.env.WorkMem <= 0 {
		return maxBlockBytes / 2
	}
	return min(max(s.env.WorkMem/maxFanIn, minBlockBytes), maxBlockBytes)
}

func (s *sorter) blockRows(rowBytes int64) int {
	return int(min(max(s.blockBytes()/max(rowBytes, 1), 1), int64(s.env.batchRows())))
}

// mergeRuns merges runs until one merge is left, and begins that one.
func (s *sorter) mergeRuns(ctx context.Context) error {
	fanIn := maxFanIn
	if s.env.WorkMem > 0 {
		fanIn = int(min(max(s.env.WorkMem/s.blockBytes(), minFanIn), maxFanIn))
	}
	m := &runMerge{sorter: s, held: reservation{env: s.env}}
	s.merge = m
	// Fewer at a time if the account has no room; four must do.
	for fanIn > minFanIn && !m.held.within(int64(min(fanIn, len(s.runs)))*s.blockBytes(), 0) {
		fanIn /= 2
	}
	s.peak = max(s.peak, m.held.held)
	for len(s.runs) > fanIn {
		if err := s.mergePass(ctx, fanIn); err != nil {
			return err
		}
	}
	return m.open(s.runs)
}

// mergePass makes one run of each fanIn neighbours, in a new file.
func (s *sorter) mergePass(ctx context.Context, fanIn int) error {
	file := s.env.Temp.NewFile(s.env.Alloc, s.keyed)
	old, runs := s.file, []*spill.Run(nil)
	for from := 0; from < len(s.runs); from += fanIn {
		run := file.NewRun()
		if err := s.mergeInto(ctx, run, s.runs[from:min(from+fanIn, len(s.runs))]); err != nil {
			_ = file.Close() // the first error counts
			return err
		}
		s.bytes += run.Bytes()
		runs = append(runs, run)
	}
	s.file, s.runs = file, runs
	return old.Close()
}

func (s *sorter) mergeInto(ctx context.Context, run *spill.Run, from []*spill.Run) error {
	rows, size := int64(0), int64(0)
	for _, r := range from {
		rows += r.Rows()
		size += r.Bytes()
	}
	if err := s.merge.open(from); err != nil {
		return err
	}
	n := s.blockRows(size / max(rows, 1))
	for left := rows; left > 0; {
		if err := checkContext(ctx); err != nil {
			return err
		}
		if s.top >= 0 && run.Rows() >= int64(s.top) {
			return nil
		}
		batch, err := s.merge.next(n, s.keyed)
		if err != nil {
			return err
		}
		left -= batch.NumRows()
		err = run.Write(batch)
		batch.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sorter) nextMerged() (arrow.RecordBatch, error) {
	n := s.env.batchRows()
	if s.top >= 0 {
		if n = min(n, s.output); n == 0 {
			return nil, io.EOF
		}
	}
	batch, err := s.merge.next(n, s.schema)
	if err == nil {
		s.output -= int(batch.NumRows())
	}
	return batch, err
}

// runMerge merges sorted runs with a tree of losers (Knuth volume 3, 5.4.1):
// tree[0] is the source with the least row, tree[i] the loser of the match at
// inner node i; the next row needs one match a level.
type runMerge struct {
	sorter  *sorter
	held    reservation
	sources []*runSource
	tree    []int
	columns [][]arrow.Array // of the batches that the output under way refers to
	batches []arrow.RecordBatch
	refs    []rowRef
}

// runSource is a run being read; key is the row's at position row.
type runSource struct {
	reader *spill.Reader
	batch  arrow.RecordBatch // nil at the end
	keys   byteView
	row    int
	chunk  int // of batch, in the output under way; -1 if it is not there yet
	word   uint64
	key    []byte
}

func (m *runMerge) close() {
	m.reset()
	m.held.close()
}

func (m *runMerge) reset() {
	for _, s := range m.sources {
		s.reader.Close()
		if s.batch != nil {
			s.batch.Release()
		}
	}
	m.sources = nil
	m.drop()
}

// drop lets go of the batches of the last output.
func (m *runMerge) drop() {
	for _, b := range m.batches {
		b.Release()
	}
	m.batches, m.refs = m.batches[:0], m.refs[:0]
	for i := range m.columns {
		m.columns[i] = m.columns[i][:0]
	}
	for _, s := range m.sources {
		s.chunk = -1
	}
}

// open begins to merge runs.
func (m *runMerge) open(runs []*spill.Run) error {
	m.reset()
	m.columns = make([][]arrow.Array, m.sorter.keyed.NumFields())
	for _, r := range runs {
		s := &runSource{reader: r.NewReader(), chunk: -1}
		m.sources = append(m.sources, s)
		if err := s.load(); err != nil {
			return err
		}
	}
	m.tree = make([]int, len(m.sources))
	for i := range m.tree {
		m.tree[i] = -1
	}
	for i := range m.sources {
		m.enter(i)
	}
	return nil
}

// enter plays source i up the tree while it is being built: the first to come
// to a node waits there for the other.
func (m *runMerge) enter(i int) {
	k := len(m.sources)
	for node := (i + k) / 2; node > 0; node /= 2 {
		if m.tree[node] < 0 {
			m.tree[node] = i
			return
		}
		if m.less(m.tree[node], i) {
			m.tree[node], i = i, m.tree[node]
		}
	}
	m.tree[0] = i
}

// replay finds the new winner after the old one moved on.
func (m *runMerge) replay() {
	i := m.tree[0]
	for node := (i + len(m.sources)) / 2; node > 0; node /= 2 {
		if m.less(m.tree[node], i) {
			m.tree[node], i = i, m.tree[node]
		}
	}
	m.tree[0] = i
}

// less orders the sources by their rows, those at the end last. Of equal rows
// the earlier run's comes first: it was read first.
func (m *runMerge) less(a, b int) bool {
	x, y := m.sources[a], m.sources[b]
	switch {
	case x.batch == nil:
		return false
	case y.batch == nil:
		return true
	case x.word != y.word:
		return x.word < y.word
	}
	if c := bytes.Compare(x.key, y.key); c != 0 {
		return c < 0
	}
	if s := m.sorter; s.encoder.cut {
		if c := compareSorted(s.keys[s.tie:], s.tieCols, x.batch, x.row, y.batch, y.row); c != 0 {
			return c < 0
		}
	}
	return a < b
}

// next merges up to n rows into a batch of schema's columns, which are the
// first of the runs', or returns io.EOF.
func (m *runMerge) next(n int, schema *arrow.Schema) (arrow.RecordBatch, error) {
	m.drop()
	for len(m.refs) < n {
		s := m.sources[m.tree[0]]
		if s.batch == nil {
			break
		}
		if s.chunk < 0 {
			s.chunk = m.refer(s.batch)
		}
		m.refs = append(m.refs, refOf(s.chunk, s.row))
		if err := s.advance(); err != nil {
			return nil, err
		}
		m.replay()
	}
	if len(m.refs) == 0 {
		return nil, io.EOF
	}
	cols := make([]arrow.Array, schema.NumFields())
	for i := range cols {
		a, err := gather(m.sorter.env.Alloc, schema.Field(i).Type, m.columns[i], new(openColumn), m.refs, false)
		if err != nil {
			releaseAll(cols)
			return nil, err
		}
		cols[i] = a
	}
	return newBatch(schema, cols, len(m.refs)), nil
}

// refer adds a batch to those that the output takes rows of.
func (m *runMerge) refer(b arrow.RecordBatch) int {
	b.Retain()
	m.batches = append(m.batches, b)
	for i, c := range b.Columns() {
		m.columns[i] = append(m.columns[i], c)
	}
	return len(m.batches) - 1
}

// advance moves to the next row.
func (s *runSource) advance() error {
	s.row++
	if s.row < int(s.batch.NumRows()) {
		s.setKey()
		return nil
	}
	return s.load()
}

// load reads the next batch.
func (s *runSource) load() error {
	if s.batch != nil {
		s.batch.Release()
		s.batch = nil
	}
	batch, err := s.reader.Next()
	if err == io.EOF {
		s.reader.Close()
		return nil
	}
	if err != nil {
		return err
	}
	s.batch, s.keys, s.row, s.chunk = batch, keyOf(batch), 0, -1
	s.setKey()
	return nil
}

func (s *runSource) setKey() {
	s.key = s.keys.at(s.row)
	s.word = keyWord(s.key, 0)
}

// compareSorted compares rows of two batches by key values.
func compareSorted(keys []sortKey, cols []int, a arrow.RecordBatch, i int, b arrow.RecordBatch, j int) int {
	for k, key := range keys {
		x, y := types.DatumAt(a.Column(cols[k]), i), types.DatumAt(b.Column(cols[k]), j)
		if c := key.compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// compare orders two values of the key.
func (k *sortKey) compare(a, b types.Datum) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull() != b.IsNull():
		if a.IsNull() == k.nullsFirst {
			return -1
		}
		return 1
	case k.desc:
		return types.Compare(k.typ, b, a)
	}
	return types.Compare(k.typ, a, b)
}
