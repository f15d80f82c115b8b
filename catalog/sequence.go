package catalog

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// A sequence's state is written ahead: the durable record has a value that is
// up to a block further than the last one handed out, so that one synced write
// serves many nextvals and a crash skips values but repeats none. PostgreSQL
// does the same with 32 (SEQ_LOG_VALS); here the block grows to
// maxSequenceBlock while blocks are used up within blockGrowTime.
const (
	minSequenceBlock = 32
	maxSequenceBlock = 1024
	blockGrowTime    = 50 * time.Millisecond
)

// sequenceRecord is the durable state of a sequence's storage. A storage
// without one is at its descriptor's Initial.
type sequenceRecord struct {
	Last   int64
	Called bool
}

// sequences holds the states of the sequences in use on this node.
type sequences struct {
	store kv.Store
	mu    sync.Mutex
	m     map[uint64]*sequenceState // by storage id
}

// sequenceState is the state of one storage. mu is held over the durable write,
// so that values leave in order and none before it is durable.
type sequenceState struct {
	mu     sync.Mutex
	loaded bool
	cur    sequenceRecord // what SELECT shows
	ahead  int            // how many more values the durable record covers
	params Sequence       // the definition ahead was computed for
	block  int
	logged time.Time // when the last block was written
}

func (q *sequences) init(store kv.Store) {
	q.store = store
	q.m = map[uint64]*sequenceState{}
}

// NextVal advances a sequence and returns its new value. The advance is never
// rolled back. 2200H when a sequence that does not cycle is at its end.
func (c *Catalog) NextVal(ctx context.Context, s *Snapshot, seq OID) (int64, error) {
	values, err := c.NextVals(ctx, s, seq, 1, nil)
	if err != nil {
		return 0, err
	}
	return values[0], nil
}

// NextVals advances a sequence n times (a session's CACHE) and appends the
// values. Fewer come back when the sequence ends in between, but one at least.
func (c *Catalog) NextVals(ctx context.Context, s *Snapshot, seq OID, n int, dst []int64) ([]int64, error) {
	t, err := sequenceByID(s, seq)
	if err != nil {
		return nil, err
	}
	st := c.seqs.get(t.Storage)
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := c.seqs.load(ctx, st, t); err != nil {
		return nil, err
	}
	for i := range n {
		var v int64
		if st.ahead == 0 || st.params != paramsOf(t) {
			v, err = c.seqs.logAhead(ctx, st, t, n-i)
		} else if v, err = st.successor(t); err == nil {
			st.ahead--
		}
		if err != nil {
			if i > 0 && pgerror.CodeOf(err) == pgerror.SequenceGeneratorLimitExceeded {
				return dst, nil
			}
			return nil, err
		}
		st.cur = sequenceRecord{Last: v, Called: true}
		dst = append(dst, v)
	}
	return dst, nil
}

// SetVal sets a sequence (setval); it is never rolled back.
func (c *Catalog) SetVal(ctx context.Context, s *Snapshot, seq OID, value int64, called bool) error {
	t, err := sequenceByID(s, seq)
	if err != nil {
		return err
	}
	if q := t.Sequence; value < q.Min || value > q.Max {
		return pgerror.New(pgerror.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence %q (%d..%d)", value, t.Name, q.Min, q.Max)
	}
	st := c.seqs.get(t.Storage)
	st.mu.Lock()
	defer st.mu.Unlock()
	rec := sequenceRecord{Last: value, Called: called}
	if err := c.seqs.write(ctx, t.Storage, rec); err != nil {
		return err
	}
	st.cur, st.loaded, st.ahead = rec, true, 0
	return nil
}

// SequenceState reads a sequence as SELECT does: last_value, is_called, and
// how many values the durable record is ahead (log_cnt).
func (c *Catalog) SequenceState(ctx context.Context, t *Table) (last int64, called bool, logCount int, err error) {
	st := c.seqs.get(t.Storage)
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := c.seqs.load(ctx, st, t); err != nil {
		return 0, false, 0, err
	}
	return st.cur.Last, st.cur.Called, st.ahead, nil
}

func sequenceByID(s *Snapshot, id OID) (*Table, error) {
	t := s.TableByID(id)
	if t == nil {
		return nil, pgerror.New(pgerror.UndefinedTable, "could not open relation with OID %d", id)
	}
	if t.Kind != KindSequence {
		return nil, pgerror.New(pgerror.WrongObjectType, "%q is not a sequence", t.Name)
	}
	return t, nil
}

// paramsOf returns what the written-ahead values depend on.
func paramsOf(t *Table) Sequence {
	q := t.Sequence
	return Sequence{Increment: q.Increment, Min: q.Min, Max: q.Max, Cycle: q.Cycle}
}

// successor computes the value nextval gives next.
func (st *sequenceState) successor(t *Table) (int64, error) {
	q := t.Sequence
	if !st.cur.Called {
		return st.cur.Last, nil
	}
	last := st.cur.Last
	switch {
	case q.Increment > 0 && (last > q.Max-q.Increment && q.Max >= math.MinInt64+q.Increment || last > q.Max):
		if !q.Cycle {
			return 0, pgerror.New(pgerror.SequenceGeneratorLimitExceeded, "nextval: reached maximum value of sequence %q (%d)", t.Name, q.Max)
		}
		return q.Min, nil
	case q.Increment < 0 && (last < q.Min-q.Increment && q.Min <= math.MaxInt64+q.Increment || last < q.Min):
		if !q.Cycle {
			return 0, pgerror.New(pgerror.SequenceGeneratorLimitExceeded, "nextval: reached minimum value of sequence %q (%d)", t.Name, q.Min)
		}
		return q.Max, nil
	}
	return last + q.Increment, nil
}

func (q *sequences) get(storage uint64) *sequenceState {
	q.mu.Lock()
	defer q.mu.Unlock()
	st := q.m[storage]
	if st == nil {
		st = &sequenceState{block: minSequenceBlock}
		q.m[storage] = st
	}
	return st
}

func (q *sequences) load(ctx context.Context, st *sequenceState, t *Table) error {
	if st.loaded {
		return nil
	}
	txn, err := q.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	if err := q.read(ctx, txn, t, &st.cur); err != nil {
		return err
	}
	st.loaded = true
	return nil
}

// read reads the durable state of a sequence.
func (q *sequences) read(ctx context.Context, r kv.Reader, t *Table, rec *sequenceRecord) error {
	value, found, err := r.Get(ctx, sequenceKey(t.Storage))
	if err != nil {
		return err
	}
	if !found {
		*rec = sequenceRecord{Last: t.Sequence.Initial, Called: t.Sequence.InitialCalled}
		return nil
	}
	return decodeRecord(value, rec)
}

// logAhead makes the next value and a block after it durable, and returns the
// value. Another node may have taken values since: those of this node go on
// after them. st.mu is held.
func (q *sequences) logAhead(ctx context.Context, st *sequenceState, t *Table, want int) (value int64, err error) {
	now := time.Now()
	switch fast := now.Sub(st.logged) < blockGrowTime; {
	case fast && st.block < maxSequenceBlock:
		st.block *= 2
	case !fast:
		st.block = minSequenceBlock
	}
	unused := st.ahead > 0 // the definition changed within a block
	n := 0
	err = autonomous(ctx, q.store, func(txn kv.Txn) error {
		if !unused {
			if err := q.read(ctx, txn, t, &st.cur); err != nil {
				return err
			}
		}
		if value, err = st.successor(t); err != nil {
			return err
		}
		n = stepsWithin(t.Sequence, value, max(st.block, want-1))
		b, err := encodeRecord(sequenceRecord{Last: value + int64(n)*t.Sequence.Increment, Called: true})
		if err != nil {
			return err
		}
		return txn.Put(sequenceKey(t.Storage), b)
	})
	if err != nil {
		return 0, err
	}
	st.ahead, st.params, st.logged = n, paramsOf(t), now
	return value, nil
}

// stepsWithin is how many increments, up to limit, fit between value and the bound.
func stepsWithin(s *Sequence, value int64, limit int) int {
	var room uint64
	var step uint64
	if s.Increment > 0 {
		room, step = uint64(s.Max)-uint64(value), uint64(s.Increment)
	} else {
		room, step = uint64(value)-uint64(s.Min), -uint64(s.Increment)
	}
	return int(min(room/step, uint64(limit)))
}

func (q *sequences) write(ctx context.Context, storage uint64, rec sequenceRecord) error {
	b, err := encodeRecord(rec)
	if err != nil {
		return err
	}
	return autonomous(ctx, q.store, func(txn kv.Txn) error { return txn.Put(sequenceKey(storage), b) })
}

// flush writes exact states, so that a clean restart leaves no gaps.
func (q *sequences) flush(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for storage, st := range q.m {
		st.mu.Lock()
		err := error(nil)
		if st.ahead > 0 {
			err = q.giveBack(ctx, storage, st)
			st.ahead = 0
		}
		st.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// giveBack makes the values that are left of a block the next ones, unless
// another node took a block after it. st.mu is held.
func (q *sequences) giveBack(ctx context.Context, storage uint64, st *sequenceState) error {
	return autonomous(ctx, q.store, func(txn kv.Txn) error {
		value, found, err := txn.Get(ctx, sequenceKey(storage))
		if err != nil || !found {
			return err
		}
		var rec sequenceRecord
		if err := decodeRecord(value, &rec); err != nil {
			return err
		}
		if rec.Last != st.cur.Last+int64(st.ahead)*st.params.Increment {
			return nil
		}
		b, err := encodeRecord(st.cur)
		if err != nil {
			return err
		}
		return txn.Put(sequenceKey(storage), b)
	})
}

// forget drops the states of storages that no sequence has any more, and
// returns those that may have a record in the store.
func (q *sequences) forget(storages []uint64) (used []uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range storages {
		if _, ok := q.m[id]; ok {
			used = append(used, id)
			delete(q.m, id)
		}
	}
	return used
}

// forgetSequences forgets storages and deletes their records in the background.
func (c *Catalog) forgetSequences(storages []uint64) {
	used := c.seqs.forget(storages)
	if len(used) == 0 {
		return
	}
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		// A record that stays is a few bytes nobody reads.
		_ = autonomous(c.background, c.store, func(txn kv.Txn) error {
			for _, id := range used {
				if err := txn.DeleteUnchecked(sequenceKey(id)); err != nil {
					return err
				}
			}
			return nil
		})
	}()
}

// SequenceColumns are the columns of a sequence as a relation.
func SequenceColumns() []Column {
	return []Column{
		{Num: 1, Name: "last_value", Type: types.Of(types.Int8), NotNull: true},
		{Num: 2, Name: "log_cnt", Type: types.Of(types.Int8), NotNull: true},
		{Num: 3, Name: "is_called", Type: types.Of(types.Bool), NotNull: true},
	}
}

// sequenceRelation makes SELECT ... FROM sequence read the one row of its state.
func (c *Catalog) sequenceRelation(t *Table) *Virtual {
	return &Virtual{Rows: func(v VirtualEnv, emit func([]types.Datum) error) error {
		last, called, ahead, err := c.SequenceState(v.context(), t)
		if err != nil {
			return err
		}
		return emit([]types.Datum{types.NewInt8(last), types.NewInt8(int64(ahead)), types.NewBool(called)})
	}}
}

// initialSequence is sequenceRelation without a store: the state it starts with.
func initialSequence(t *Table) *Virtual {
	return &Virtual{Rows: func(_ VirtualEnv, emit func([]types.Datum) error) error {
		return emit([]types.Datum{types.NewInt8(t.Sequence.Initial), types.NewInt8(0), types.NewBool(t.Sequence.InitialCalled)})
	}}
}

func (v VirtualEnv) context() context.Context {
	if v.Ctx != nil {
		return v.Ctx
	}
	return context.Background()
}
