package tikv

import (
	"bytes"

	"github.com/google/btree"

	"github.com/tidemarkdb/tidemark/kv"
)

// write is what a transaction wants a key to become. It does not change once it
// is in a tree: a second write of the key is another one in its place.
type write struct {
	key, value []byte // as users know them
	deleted    bool
	checked    bool
	// first is the read timestamp in force when the key was first written.
	first kv.Timestamp
}

// writes are a transaction's writes by key. The tree is copied on write, so
// that a copy of the struct made by fork is a state to come back to, to read
// from beside later writes, and to hand to other goroutines.
type writes struct {
	tree  *btree.BTreeG[*write]
	bytes int64
}

// treeDegree is how many entries a node of the tree has: a fork copies the nodes
// on the way to each later write.
const treeDegree = 16

// entryOverhead is counted for each write beside its bytes.
const entryOverhead = 64

func less(a, b *write) bool { return bytes.Compare(a.key, b.key) < 0 }

func (w *writes) len() int {
	if w.tree == nil {
		return 0
	}
	return w.tree.Len()
}

func (w *writes) fork() writes {
	if w.len() == 0 {
		return writes{}
	}
	return writes{tree: w.tree.Clone(), bytes: w.bytes}
}

func (w *writes) get(key kv.Key) *write {
	if w.len() == 0 {
		return nil
	}
	found, _ := w.tree.Get(&write{key: key})
	return found
}

func writeSize(key, value []byte) int64 { return int64(len(key)+len(value)) + entryOverhead }

// put adds a write, whose key and value are its own.
func (w *writes) put(n *write) {
	if w.tree == nil {
		w.tree = btree.NewG(treeDegree, less)
	}
	old, replaced := w.tree.ReplaceOrInsert(n)
	if replaced {
		// n is not seen by anybody yet.
		n.checked = n.checked || old.checked
		n.first = old.first
		w.bytes -= writeSize(old.key, old.value)
	}
	w.bytes += writeSize(n.key, n.value)
}

// each calls fn for all writes in order until it returns an error.
func (w *writes) each(fn func(*write) error) error {
	if w.len() == 0 {
		return nil
	}
	var err error
	w.tree.Ascend(func(n *write) bool {
		err = fn(n)
		return err == nil
	})
	return err
}

// next returns up to n writes of span from after the key last on (the span's
// end, going back), all of the span if last is nil.
func (w *writes) next(span kv.Span, last kv.Key, back bool, n int, into []*write) []*write {
	into = into[:0]
	if w.len() == 0 {
		return into
	}
	take := func(x *write) bool {
		switch {
		case last != nil && bytes.Equal(x.key, last):
			return true
		case back && bytes.Compare(x.key, span.Start) < 0:
			return false
		case back && last == nil && len(span.End) > 0 && bytes.Compare(x.key, span.End) >= 0:
			return true
		case !back && len(span.End) > 0 && bytes.Compare(x.key, span.End) >= 0:
			return false
		}
		into = append(into, x)
		return len(into) < n
	}
	switch {
	case !back && last != nil:
		w.tree.AscendGreaterOrEqual(&write{key: last}, take)
	case !back:
		w.tree.AscendGreaterOrEqual(&write{key: span.Start}, take)
	case last != nil:
		w.tree.DescendLessOrEqual(&write{key: last}, take)
	case len(span.End) > 0:
		w.tree.DescendLessOrEqual(&write{key: span.End}, take)
	default:
		w.tree.Descend(take)
	}
	return into
}
