package kv

import (
	"bytes"
	"encoding/binary"
	"math"
)

// CutPoints returns up to parts-1 ascending keys that cut the keys between first
// and last into parts of the same share of the key space, read as numbers: the
// eight bytes after what first and last have in common.
func CutPoints(first, last Key, parts int) []Key {
	common := commonPrefix(first, last)
	lo, hi := fraction(first[common:]), fraction(last[common:])
	if hi <= lo {
		return nil
	}
	step := float64(hi-lo) / float64(parts)
	var out []Key
	at := lo
	for i := 1; i < parts; i++ {
		next := lo + uint64(math.Min(step*float64(i), float64(hi-lo)))
		if next <= at || next > hi {
			continue
		}
		at = next
		out = append(out, binary.BigEndian.AppendUint64(bytes.Clone(first[:common]), next))
	}
	return out
}

// Between returns a key at a share of the way from first to last, as CutPoints
// measures it.
func Between(first, last Key, share float64) Key {
	common := commonPrefix(first, last)
	lo, hi := fraction(first[common:]), fraction(last[common:])
	if hi <= lo {
		return bytes.Clone(first)
	}
	at := lo + uint64(math.Min(share*float64(hi-lo), float64(hi-lo)))
	return binary.BigEndian.AppendUint64(bytes.Clone(first[:common]), at)
}

// fraction reads the first eight bytes of a key's rest as a number.
func fraction(rest Key) uint64 {
	var b [8]byte
	copy(b[:], rest)
	return binary.BigEndian.Uint64(b[:])
}

// Spread says how many times as far as here last is from first, at least 1.
func Spread(first, here, last []byte) float64 {
	common := commonPrefix(first, last)
	at := func(key []byte) float64 {
		var b [8]byte
		copy(b[:], key[min(common, len(key)):])
		return float64(binary.BigEndian.Uint64(b[:]))
	}
	done := at(here) - at(first)
	if done <= 0 {
		return 1
	}
	return max(1, (at(last)-at(first))/done)
}

func commonPrefix(a, b Key) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
