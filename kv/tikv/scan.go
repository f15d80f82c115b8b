package tikv

import (
	"bytes"
	"context"
	"io"

	"github.com/tikv/client-go/v2/txnkv/txnsnapshot"

	"github.com/tidemarkdb/tidemark/kv"
)

// Scan implements kv.Reader.
func (t *txn) Scan(_ context.Context, span kv.Span, opts kv.ScanOptions) (kv.Iterator, error) {
	return t.scan(span, opts, t.writes.fork())
}

func (t *txn) scan(span kv.Span, opts kv.ScanOptions, own writes) (kv.Iterator, error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	size := opts.BatchSize
	if size <= 0 {
		size = defaultBatch
	}
	sc := &scan{txn: t, snapshot: t.ofLeader(), opts: opts, size: size}
	sc.snapshot.SetKeyOnly(opts.KeysOnly)
	sc.cluster.init(t.keys.storedSpan(span), size)
	sc.own = ownWrites{writes: own, span: kv.Span{Start: bytes.Clone(span.Start), End: bytes.Clone(span.End)}, back: opts.Reverse}
	if len(span.End) > 0 && bytes.Compare(span.Start, span.End) >= 0 {
		sc.cluster.done, sc.own.done = true, true
	}
	return sc, nil
}

const defaultBatch = 1024

// scan merges what the cluster has with the transaction's writes, of which the
// newest wins.
type scan struct {
	txn      *txn
	snapshot *txnsnapshot.KVSnapshot
	opts     kv.ScanOptions
	size     int
	cluster  clusterPairs
	own      ownWrites
	out      []kv.KeyValue
	closed   bool
}

// clusterPairs are the pairs of the cluster, fetched in steps.
type clusterPairs struct {
	span  kv.Span // what is left, in stored keys
	pairs []kv.KeyValue
	at    int
	done  bool
	step  int // how many pairs to fetch next
}

// Steps begin small, because most scans are short, and grow while a step
// stays below stepBytes: blocks of time series have up to 1 MiB each.
const (
	firstStep = 256
	maxStep   = 8192
	minStep   = 8
	stepBytes = 4 << 20
)

func (c *clusterPairs) init(span kv.Span, size int) {
	c.span = kv.Span{Start: bytes.Clone(span.Start), End: bytes.Clone(span.End)}
	c.step = max(min(size, firstStep), minStep)
}

// ownWrites are the transaction's writes of the span.
type ownWrites struct {
	writes writes
	span   kv.Span
	back   bool
	list   []*write
	at     int
	last   kv.Key
	done   bool
}

// peek returns the next write, nil at the end.
func (o *ownWrites) peek() *write {
	if o.at < len(o.list) {
		return o.list[o.at]
	}
	if o.done {
		return nil
	}
	o.list, o.at = o.writes.next(o.span, o.last, o.back, firstStep, o.list), 0
	if len(o.list) == 0 {
		o.done = true
		return nil
	}
	o.last = o.list[len(o.list)-1].key
	return o.list[0]
}

// NextBatch implements kv.Iterator.
func (s *scan) NextBatch(ctx context.Context) ([]kv.KeyValue, error) {
	if s.closed {
		return nil, kv.ErrClosed
	}
	if err := s.txn.usable(); err != nil {
		return nil, err
	}
	s.out = s.out[:0]
	for len(s.out) < s.size {
		pair, err := s.peekCluster(ctx)
		if err != nil {
			return nil, err
		}
		w := s.own.peek()
		if pair == nil && w == nil {
			break
		}
		s.step(pair, w)
	}
	if len(s.out) == 0 {
		return nil, io.EOF
	}
	return s.out, nil
}

// step puts out the first of a pair and a write, of which one may be nil.
func (s *scan) step(pair *kv.KeyValue, w *write) {
	order := -1 // the pair comes first
	if pair == nil {
		order = 1
	} else if w != nil {
		if order = bytes.Compare(pair.Key, w.key); s.opts.Reverse {
			order = -order
		}
	}
	if order <= 0 {
		s.cluster.at++
	}
	if order < 0 {
		s.out = append(s.out, *pair)
		return
	}
	s.own.at++
	if w.deleted {
		return
	}
	out := kv.KeyValue{Key: w.key}
	if !s.opts.KeysOnly {
		out.Value = w.value
	}
	s.out = append(s.out, out)
}

// peekCluster returns the cluster's next pair, nil at the end.
func (s *scan) peekCluster(ctx context.Context) (*kv.KeyValue, error) {
	c := &s.cluster
	if c.at == len(c.pairs) {
		if c.done {
			return nil, nil
		}
		if err := s.fetch(ctx); err != nil {
			return nil, err
		}
		if len(c.pairs) == 0 {
			return nil, nil
		}
	}
	return &c.pairs[c.at], nil
}

// fetch asks the cluster for the next step of pairs. The bytes of those before
// are in other answers and stay as they are.
func (s *scan) fetch(ctx context.Context) error {
	c := &s.cluster
	if ctx.Err() != nil {
		return kv.Cancelled(ctx)
	}
	c.pairs, c.at = c.pairs[:0], 0
	for near := s.txn.from != fromLeader; near; {
		if near = s.fetchNear(ctx); near && (len(c.pairs) > 0 || c.done) {
			return nil
		}
	}
	s.snapshot.SetScanBatchSize(c.step)
	if t := kv.TrafficOf(ctx); t != nil {
		s.snapshot.SetRPCInterceptor(trafficMark{t})
	}
	it, err := s.open()
	if err != nil {
		return s.txn.store.translate(ctx, err)
	}
	defer it.Close()
	for len(c.pairs) < c.step {
		if !it.Valid() {
			c.done = true
			return nil
		}
		pair := kv.KeyValue{Key: s.txn.keys.user(it.Key())}
		if !s.opts.KeysOnly {
			pair.Value = decodeValue(it.Value())
		}
		c.pairs = append(c.pairs, pair)
		if len(c.pairs) == c.step {
			break // Next would fetch the step after this one
		}
		if err := it.Next(); err != nil {
			return s.txn.store.translate(ctx, err)
		}
	}
	s.goOn()
	return nil
}

// goOn takes a full step from the span, and says how long the next is to be.
func (s *scan) goOn() {
	c := &s.cluster
	last := s.txn.keys.stored(c.pairs[len(c.pairs)-1].Key)
	if s.opts.Reverse {
		c.span.End = bytes.Clone(last)
	} else {
		c.span.Start = append(bytes.Clone(last), 0)
	}
	size := 0
	for _, p := range c.pairs {
		size += len(p.Key) + len(p.Value)
	}
	each := size/len(c.pairs) + 1
	c.step = max(minStep, min(c.step*4, maxStep, stepBytes/each))
}

// pairIterator is what both directions of client-go's scanner are.
type pairIterator interface {
	Valid() bool
	Key() []byte
	Value() []byte
	Next() error
	Close()
}

func (s *scan) open() (pairIterator, error) {
	if s.opts.Reverse {
		return s.snapshot.IterReverse(s.cluster.span.End, s.cluster.span.Start)
	}
	return s.snapshot.Iter(s.cluster.span.Start, s.cluster.span.End)
}

// Close implements kv.Iterator.
func (s *scan) Close() {
	s.closed = true
	s.cluster.pairs, s.own.list, s.out = nil, nil, nil
	s.own.writes = writes{}
}
