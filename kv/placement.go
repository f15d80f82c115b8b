package kv

import (
	"context"
	"time"
)

// PlacedStore is what a Store offers whose data lies in regions, each replicated
// over servers.
type PlacedStore interface {
	Store
	// Regions calls fn with the regions that span has a part in, in order.
	Regions(ctx context.Context, span Span, fn func(Region) error) error
	// Servers lists the servers of the cluster.
	Servers(ctx context.Context) ([]StoreServer, error)
	// SplitRegions cuts regions at ascending keys and spreads the new ones over the
	// servers. It asks again for cuts that were not made for as long as patience;
	// 0: it asks once and looks at nothing.
	SplitRegions(ctx context.Context, keys []Key, patience time.Duration) error
}

// Region is a part of the key space.
type Region struct {
	ID    uint64
	Span  Span // cut to the span that was asked for
	Peers []RegionPeer
}

// RegionPeer is a replica of a region.
type RegionPeer struct {
	Server uint64 // StoreServer.ID
	Role   string // "leader", "follower" or "learner"
	// Trouble is "down" or "pending", or empty.
	Trouble string
}

// StoreServer is a server of a cluster.
type StoreServer struct {
	ID               uint64
	Address, Version string
	State            string            // "up", "offline" ...
	Labels           map[string]string // for the placement of replicas
}
