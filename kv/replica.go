package kv

import (
	"context"
	"time"
)

// ReplicaStore is what a Store offers whose data is replicated over servers, of
// which one leads each region and has every commit first.
type ReplicaStore interface {
	Store
	// BeginStale starts a read-only transaction at a timestamp of the past, which
	// is at most maxAge old and not before since, and costs no request. Replicas
	// near by answer alone as far as they have all commits up to it; leaders do
	// for those that have not.
	BeginStale(ctx context.Context, maxAge time.Duration, since Timestamp) (Txn, error)
}

// ReplicaReader is what a Txn of a ReplicaStore offers.
type ReplicaReader interface {
	// ReadClosest says whether replicas near by answer what is read from now on.
	// They first ask the leader how far commits have come, so that the answers are
	// the leader's.
	ReadClosest(on bool)
}
