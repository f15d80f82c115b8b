// Package rowstore keeps relational tables as keys and values in TiDB's coding
// (t{table}_r{handle} rows in row format v2, t{table}_i{index} entries), so
// that a stock TiKV coprocessor understands them. docs/formats has the bytes.
//
//	't' table "_r" handle              -> row (rowcodec)
//	't' table "_i" index values        -> handle, restored columns     unique
//	't' table "_i" index values handle -> restored columns             not unique
//	't' table "_o" attnum handle chunk -> a piece of a large value
//
// A handle, as this package's functions take and return it, is the coded key
// suffix: 8 bytes for an integer primary key and for hidden row ids, else the
// coded primary key columns. All stored columns are in the row's value, except
// an integer handle's.
//
// A Layout holds what is prepared once a table version; Scanner and RowDecoder
// read, Writer and BulkWriter write. The package checks no constraint and
// takes no lock: Writer.UniqueKeys says what the executor has to lock and probe.
//
// Expression columns and predicates of indexes are computed by the caller and
// come with the Row.
package rowstore
