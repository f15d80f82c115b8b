package rowstore

import (
	"context"
	"io"
	"slices"
	"sort"

	"github.com/tidemarkdb/tidemark/kv"
)

// fakeTxn is a kv.Txn over a map, without conflicts and locks: enough to test
// what is written and read. Its buffers die early, as the contract allows.
type fakeTxn struct {
	kv.Txn
	data map[string][]byte
	last []byte
	puts int
}

func newFakeTxn() *fakeTxn { return &fakeTxn{data: map[string][]byte{}} }

func (f *fakeTxn) Put(key kv.Key, value []byte) error {
	f.data[string(key)] = slices.Clone(value)
	f.puts++
	return nil
}

func (f *fakeTxn) PutUnchecked(key kv.Key, value []byte) error { return f.Put(key, value) }

func (f *fakeTxn) Delete(key kv.Key) error {
	delete(f.data, string(key))
	return nil
}

func (f *fakeTxn) DeleteUnchecked(key kv.Key) error { return f.Delete(key) }

func (f *fakeTxn) Get(_ context.Context, key kv.Key) ([]byte, bool, error) {
	f.spoil()
	v, ok := f.data[string(key)]
	f.last = slices.Clone(v)
	return f.last, ok, nil
}

func (f *fakeTxn) spoil() {
	for i := range f.last {
		f.last[i] = 0xEE
	}
}

func (f *fakeTxn) GetMany(_ context.Context, keys []kv.Key, fn func(i int, value []byte) error) error {
	for i, k := range keys {
		v, ok := f.data[string(k)]
		if !ok {
			continue
		}
		tmp := slices.Clone(v)
		if err := fn(i, tmp); err != nil {
			return err
		}
		for i := range tmp {
			tmp[i] = 0xEE
		}
	}
	return nil
}

func (f *fakeTxn) Scan(_ context.Context, span kv.Span, opts kv.ScanOptions) (kv.Iterator, error) {
	var keys []string
	for k := range f.data {
		if k >= string(span.Start) && (len(span.End) == 0 || k < string(span.End)) {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	if opts.Reverse {
		slices.Reverse(keys)
	}
	return &fakeIterator{txn: f, keys: keys, opts: opts}, nil
}

type fakeIterator struct {
	txn  *fakeTxn
	keys []string
	opts kv.ScanOptions
	out  []kv.KeyValue
}

func (it *fakeIterator) NextBatch(ctx context.Context) ([]kv.KeyValue, error) {
	for _, p := range it.out {
		for i := range p.Value {
			p.Value[i] = 0xEE
		}
	}
	it.out = nil
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n := it.opts.BatchSize
	if n == 0 {
		n = 7
	}
	for len(it.keys) > 0 && len(it.out) < n {
		k := it.keys[0]
		it.keys = it.keys[1:]
		p := kv.KeyValue{Key: []byte(k)}
		if !it.opts.KeysOnly {
			p.Value = slices.Clone(it.txn.data[k])
		}
		it.out = append(it.out, p)
	}
	if len(it.out) == 0 {
		return nil, io.EOF
	}
	return it.out, nil
}

func (it *fakeIterator) Close() {}
