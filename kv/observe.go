package kv

// WriteObserver learns what is committed before anybody can read it: caches of
// what was read are kept true by it. Its methods are called from many goroutines
// and must be quick and wait for nothing.
type WriteObserver interface {
	// Committing announces a commit: its timestamp was issued, and no snapshot
	// at or above it exists yet. It reports whether Wrote is to be called.
	// Everything that it and Wrote do happens before the commit becomes visible.
	Committing(ts Timestamp) bool
	// Wrote is called for each key of the commit, and says whether it was deleted.
	Wrote(ts Timestamp, key Key, deleted bool)
}

// DestroyObserver is a WriteObserver that is also told of spans that DestroyRange
// has removed, which no commit says: once they are gone. Until then readers find
// them as they were.
type DestroyObserver interface {
	Destroyed(span Span)
}

// Observable is what a Store offers that tells observers of all its writes.
type Observable interface {
	// Observe begins to tell o, until the store is closed. All commits above since
	// are told; not ok means that they may not be.
	Observe(o WriteObserver) (since Timestamp, ok bool)
}

// OwnWriter is what a Reader offers that can tell where its snapshot is overlaid
// with writes of its own transaction.
type OwnWriter interface {
	// WroteIn reports whether the transaction wrote in span.
	WroteIn(span Span) bool
}
