package tikv

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tidemarkdb/tidemark/kv"
)

const (
	// sampleLeaf is how many keys a leaf has at most: neighbouring rows look alike,
	// and few of many are taken.
	sampleLeaf = 1024
	// sampleDescents is how many leaves are gone down to, sampleAtOnce of them at
	// the same time. A step down asks the cluster twice.
	sampleDescents = 512
	sampleAtOnce   = 8
)

var _ kv.Sampler = (*txn)(nil)

// Sample implements kv.Sampler. The cluster does not tell how many keys lie
// where, so that a tree over the keys is thought up and gone down by chance (Knuth,
// "Estimating the Efficiency of Backtrack Programs", 1975):
//
//  1. A node is a span between two keys that exist. One of few keys is a leaf;
//     others are cut in the middle of their space of keys.
//  2. Each half takes half of the descents that came to a node, an odd one by
//     chance. A leaf d levels down that m of n descents came to stands for
//     2^d * m / n leaves like it, which adds up to the number of keys without bias.
//  3. Keys are taken of leaves by what they stand for.
func (t *txn) Sample(ctx context.Context, span kv.Span, n int) (keys []kv.Key, total float64, err error) {
	s := &sampling{txn: t}
	s.group, ctx = errgroup.WithContext(ctx)
	s.group.SetLimit(sampleAtOnce)
	s.group.Go(func() error { return s.node(ctx, span, sampleDescents, 1) })
	if err := s.group.Wait(); err != nil {
		return nil, 0, err
	}
	for i := range s.leaves {
		total += s.leaves[i].rows
	}
	if total == 0 {
		return nil, 0, nil
	}
	for i := range s.leaves {
		l := &s.leaves[i]
		// The fraction is taken by chance, or small leaves would never count.
		want := min(int(float64(n)*l.rows/total+rand.Float64()), len(l.keys))
		keys = append(keys, l.keys[:want]...)
	}
	slices.SortFunc(keys, bytes.Compare)
	return keys, total, nil
}

// sampling is the work of one Sample.
type sampling struct {
	txn    *txn
	group  *errgroup.Group
	mu     sync.Mutex
	leaves []sampledLeaf
}

// sampledLeaf is a leaf, its keys in no order, and for how many keys of the span it
// stands.
type sampledLeaf struct {
	keys []kv.Key
	rows float64
}

// node takes descents into a span; one of them stands for weight.
func (s *sampling) node(ctx context.Context, span kv.Span, descents int, weight float64) error {
	for {
		leaf, err := s.leaf(ctx, span)
		if err != nil {
			return err
		}
		if leaf != nil {
			s.keep(leaf, float64(descents)*weight/sampleDescents)
			return nil
		}
		lower, upper, err := s.cut(ctx, span)
		if err != nil {
			return err
		}
		weight *= 2
		left := descents / 2
		if descents%2 == 1 {
			left += rand.IntN(2)
		}
		right := descents - left
		switch {
		case left == 0:
			span, descents = upper, right
		case right == 0:
			span, descents = lower, left
		default:
			w := weight
			work := func() error { return s.node(ctx, lower, left, w) }
			if !s.group.TryGo(work) {
				if err := work(); err != nil {
					return err
				}
			}
			span, descents = upper, right
		}
	}
}

// leaf reads the keys of a span if they are few; nil if they are not.
func (s *sampling) leaf(ctx context.Context, span kv.Span) ([]kv.Key, error) {
	it, err := s.txn.Scan(ctx, span, kv.ScanOptions{KeysOnly: true, BatchSize: sampleLeaf + 1})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	keys := []kv.Key{}
	for {
		batch, err := it.NextBatch(ctx)
		if isEnd(err) {
			return keys, nil
		}
		if err != nil {
			return nil, err
		}
		if len(keys)+len(batch) > sampleLeaf {
			return nil, nil
		}
		for _, p := range batch {
			keys = append(keys, bytes.Clone(p.Key))
		}
	}
}

// keep remembers a leaf of which each key stands for weight.
func (s *sampling) keep(keys []kv.Key, weight float64) {
	rows := float64(len(keys)) * weight
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaves = append(s.leaves, sampledLeaf{keys, rows})
}

// cut halves a span of several keys in the middle between its first and last:
// neither half is empty.
func (s *sampling) cut(ctx context.Context, span kv.Span) (lower, upper kv.Span, err error) {
	first, err := s.txn.edge(ctx, span, false)
	if err != nil {
		return lower, upper, err
	}
	last, err := s.txn.edge(ctx, span, true)
	if err != nil {
		return lower, upper, err
	}
	at := kv.Between(first, last, 0.5)
	if bytes.Compare(at, first) <= 0 { // neighbours in the eight bytes that are looked at
		at = kv.Between(first, last, 1)
	}
	if bytes.Compare(at, first) <= 0 || bytes.Compare(at, last) > 0 {
		at = append(first[:len(first):len(first)], 0)
	}
	return kv.Span{Start: first, End: at}, kv.Span{Start: at, End: span.End}, nil
}
