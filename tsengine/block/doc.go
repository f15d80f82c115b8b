// Package block keeps rows as sorted runs of columnar blocks with deltas over
// them. It knows neither series nor tags nor units of time: a row belongs to a
// *group* (uint64), stands at a *position* (int64) in it, and has columns with
// ids. docs/formats/blocks.md draws the bytes.
//
// A *partition* is everything below a key prefix:
//
//	prefix 0 {write order 8}{sequence 8}              delta: rows of one commit
//	prefix 1 {run 8}                                  run: what a sorted run holds
//	prefix 2 {run 8}{last group 8}{last position 8}{block 4}  header of a block
//	prefix 3 {run 8}{block 4}{page 2}                 columns of a block
//
// Rows of all of them are sorted by group and position. The newest row of a
// point wins: deltas are newer than runs, a delta with the higher key than one
// with the lower, a run with the higher age than one with the lower. Keys are
// never written twice, so that equal lists of keys mean equal contents.
//
// # Identity
//
// In a partition of unique points a row replaces what is at its group and
// position. Else a point may have many rows, told apart by a *sub*: every
// inserted row gets one of its own, and OpPut and OpDelete name the row they
// replace by it. When runs are merged down to the oldest, a row that is alone
// at its point gets the sub 0, which costs no space; an operation that finds
// no row with its sub means the one with 0. At most one row of a point has 0.
package block
