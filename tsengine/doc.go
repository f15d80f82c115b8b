// Package tsengine keeps time-series tables. Rows with equal tags are a
// *series*, series are spread over *buckets*, and time is cut into *slices*; a
// bucket's slice is a partition of package block, with the series as groups
// and the time as positions. All columns but the time lie in blocks, tags
// included: they cost next to nothing there, and reading looks up no series.
//
//	's' storage 8, bucket 2, slice 8      a partition
//	's' storage 8, ffff 'r' series 8, check 8            series record: its tags
//	's' storage 8, ffff 'x' series 8, time 8             lock of a point, never stored
//
// Everything is written in the session's transaction. The id of a series is a
// hash of its tags, found to be free or its own when the series is first
// written; records are never changed, so that two transactions may write the
// same one.
package tsengine
