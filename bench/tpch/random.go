package main

import (
	"math/rand/v2"
	"strconv"
)

// random draws what the specification's clause 4.2.2 calls for.
type random struct {
	*rand.Rand
	prose string // a long text that comments are cut out of, clause 4.2.2.10
}

func newRandom(seed uint64, prose string) *random {
	return &random{rand.New(rand.NewPCG(seed, 0x7470_6368)), prose}
}

// between draws from [low, high].
func (r *random) between(low, high int) int { return low + r.IntN(high-low+1) }

func (r *random) pick(words []string) string { return words[r.IntN(len(words))] }

// text appends a piece of prose of a length in [low, high].
func (r *random) text(dst []byte, low, high int) []byte {
	n := r.between(low, high)
	at := r.IntN(len(r.prose) - n)
	return append(dst, r.prose[at:at+n]...)
}

// address appends random characters, clause 4.2.2.7.
func (r *random) address(dst []byte) []byte {
	const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ, "
	for range r.between(10, 40) {
		dst = append(dst, alphabet[r.IntN(len(alphabet))])
	}
	return dst
}

// phone appends a number of a nation, clause 4.2.2.9.
func (r *random) phone(dst []byte, nation int) []byte {
	dst = strconv.AppendInt(dst, int64(nation+10), 10)
	for _, limits := range [][2]int{{100, 999}, {100, 999}, {1000, 9999}} {
		dst = append(dst, '-')
		dst = strconv.AppendInt(dst, int64(r.between(limits[0], limits[1])), 10)
	}
	return dst
}

// makeProse makes sentences of the grammar of clause 4.2.2.14.
func makeProse(length int) string {
	r := newRandom(1, "")
	var out []byte
	word := func(words []string) {
		out = append(append(out, r.pick(words)...), ' ')
	}
	nounPhrase := func() {
		switch r.IntN(4) {
		case 1:
			word(adjectives)
		case 2:
			word(adjectives)
			out = append(out[:len(out)-1], ", "...)
			word(adjectives)
		case 3:
			word(adverbs)
			word(adjectives)
		}
		word(nouns)
	}
	verbPhrase := func() {
		if r.IntN(2) == 0 {
			word(auxiliaries)
		}
		word(verbs)
		if r.IntN(2) == 0 {
			word(adverbs)
		}
	}
	for len(out) < length {
		nounPhrase()
		if r.IntN(3) == 0 {
			word(prepositions)
			out = append(out, "the "...)
			nounPhrase()
		}
		verbPhrase()
		switch r.IntN(3) {
		case 0:
			word(prepositions)
			out = append(out, "the "...)
			nounPhrase()
		case 1:
			nounPhrase()
		}
		out = append(append(out[:len(out)-1], r.pick(terminators)...), ' ')
	}
	return string(out)
}
