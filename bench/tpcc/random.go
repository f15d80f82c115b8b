package main

import (
	"math/rand/v2"
	"strings"
)

// random draws what clauses 2.1.6 and 4.3.2 call for.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, 0x7470_6363))} }

func (r random) between(low, high int) int { return low + r.IntN(high-low+1) }

// The constants C of clause 2.1.6.1; the one of names differs between load and
// run by 65, as its delta has to.
const (
	cLastLoad, cLastRun = 92, 157
	cCustomer, cItem    = 259, 4711
)

func (r random) nonUniform(a, c, low, high int) int {
	return ((r.between(0, a)|r.between(low, high))+c)%(high-low+1) + low
}

func (r random) customer() int { return r.nonUniform(1023, cCustomer, 1, customersEach) }
func (r random) item() int     { return r.nonUniform(8191, cItem, 1, items) }

var syllables = strings.Fields("BAR OUGHT ABLE PRI PRES ESE ANTI CALLY ATION EING")

func lastName(n int) string { return syllables[n/100] + syllables[n/10%10] + syllables[n%10] }

func (r random) from(alphabet string, low, high int) string {
	b := make([]byte, r.between(low, high))
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

const digits = "0123456789"

func (r random) letters(low, high int) string {
	return r.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"+digits, low, high)
}

// data is a string that one time in ten says ORIGINAL somewhere.
func (r random) data() string {
	s := r.letters(26, 50)
	if r.IntN(10) > 0 {
		return s
	}
	at := r.IntN(len(s) - 8)
	return s[:at] + "ORIGINAL" + s[at+8:]
}

// address is street 1 and 2, city, state and zip.
func (r random) address() string {
	return strings.Join([]string{
		r.letters(10, 20), r.letters(10, 20), r.letters(10, 20),
		r.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 2, 2), r.from(digits, 4, 4) + "11111",
	}, "\t")
}
