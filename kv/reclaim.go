package kv

import "context"

// Reclaimer is what a Store offers that can free the space of old versions at once,
// for whoever asks for that in so many words.
type Reclaimer interface {
	// Reclaim removes the versions in span that no open snapshot and no barrier needs,
	// however young they are, and gives their space back. Who opens a snapshot before
	// that afterwards cannot read in span (72000); elsewhere the past stays.
	Reclaim(ctx context.Context, span Span) error
}
