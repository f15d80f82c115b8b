// Package statistics makes a column's statistics from sampled values, as
// PostgreSQL's analyze.c does.
//
// Distinct values are estimated from the sample (Haas and Stokes), not by
// a sketch such as HyperLogLog: a sketch has to see every row to be better than
// the sample, and ANALYZE does not read every row of a large table. Of a table
// that was read whole the number is exact.
package statistics
