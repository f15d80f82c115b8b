// Package statistics makes a column's statistics from sampled values, as
// PostgreSQL's analyze.c does.
//
// Distinct values of a large table are estimated from the sample (Haas and
// Stokes): a sketch has to see every row to be better than that. Of a table that
// is read whole a HyperLogLog counts them, or, if the sample has all rows, they
// are known.
package statistics
