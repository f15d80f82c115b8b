// Package chunk encodes a column of a block: some thousand values of one Arrow
// type become one string of bytes, and come back as Arrow buffers.
//
// A chunk knows nothing of series, slices and blocks; what has blocks of
// columns can use it. docs/formats/chunks.md draws the bytes.
//
//	Append  picks the smallest encoding for the values it is given
//	Decode  makes the whole array at once, into Arrow's own buffers
//	EachRun visits constant and run-length chunks without expanding them
//
// The encodings, each in the file of its name:
//
//	integers  constant, frame of reference, delta, delta of delta, run length
//	floats    ALP (decimals as integers), Gorilla (XOR), raw
//	strings   dictionary, prefix (front coding), plain
//	booleans  bitmap, run length
//
// NULLs are a bit sequence of their own, and the encodings see the other
// values only. A second stage (s2 or zstd) can follow.
package chunk
