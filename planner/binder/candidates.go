package binder

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// candidate is a function or operator with its declared argument types, the
// variadic ones repeated as the call needs them.
type candidate struct {
	args     []types.OID
	ref      any // *functions.Scalar, *Aggregate, *TableFunc, *windowFunc, *Operator
	returns  types.OID
	variadic types.OID // element type of the expanded variadic arguments, 0 if none
	defaults int       // how many defaults the call uses
	nominal  int       // declared argument count
	// fn is the user's function, whose inputs get the arguments places[i] of the call,
	// their defaults where that is negative; nil places are in order.
	fn     *catalog.Function
	places []int
}

// matchArgs keeps the candidates that the argument types can be coerced to
// (func_match_argtypes).
func (b *Binder) matchArgs(args []types.OID, cands []candidate) []candidate {
	var out []candidate
next:
	for _, c := range cands {
		for i, a := range args {
			if a != c.args[i] && !b.canCoerce(a, c.args[i], functions.CastImplicit) {
				continue next
			}
		}
		if b.genericsMatch(args, c.args) {
			out = append(out, c)
		}
	}
	return out
}

// genericsMatch is check_generic_type_consistency.
func (b *Binder) genericsMatch(actual, declared []types.OID) bool {
	for _, d := range declared {
		if isPolymorphic(d) {
			ts := make([]types.Type, len(actual))
			for i, a := range actual {
				ts[i] = types.Of(a)
			}
			_, err := b.resolvePolymorphic(declared, ts, true)
			return err == nil
		}
	}
	return true
}

// selectCandidate is func_select_candidate: PostgreSQL's rules 10.2.4 and
// 10.3.4 to choose among the candidates that matchArgs left; nil if no single
// one is best.
func (b *Binder) selectCandidate(args []types.OID, cands []candidate) *candidate {
	n := len(args)
	base := make([]types.OID, n)
	unknowns := 0
	for i, a := range args {
		if a == types.Unknown {
			base[i] = a
			unknowns++
		} else {
			base[i] = b.base(types.Of(a)).OID
		}
	}
	// Keep those with the most exact matches.
	cands = keepBest(cands, func(c *candidate) int {
		k := 0
		for i := range n {
			if base[i] != types.Unknown && c.args[i] == base[i] {
				k++
			}
		}
		return k
	})
	if len(cands) == 1 {
		return &cands[0]
	}
	// Keep those with the most exact matches or preferred types.
	cats := make([]byte, n)
	for i := range base {
		cats[i] = b.category(base[i])
	}
	cands = keepBest(cands, func(c *candidate) int {
		k := 0
		for i := range n {
			if base[i] != types.Unknown && (c.args[i] == base[i] || b.preferred(c.args[i]) && b.category(c.args[i]) == cats[i]) {
				k++
			}
		}
		return k
	})
	if len(cands) == 1 {
		return &cands[0]
	}
	if unknowns == 0 {
		return nil
	}
	if c, done := b.selectByCategory(base, &cands); done {
		return c
	}
	// All known arguments of one type: take the unknown ones for it too.
	if unknowns < n {
		known := types.OID(types.Unknown)
		for _, t := range base {
			if t == types.Unknown {
				continue
			}
			if known == types.Unknown {
				known = t
			} else if known != t {
				known = types.Unknown
				break
			}
		}
		if known != types.Unknown {
			assumed := make([]types.OID, n)
			for i := range assumed {
				assumed[i] = known
			}
			var found *candidate
			for i := range cands {
				ok := true
				for k := range n {
					ok = ok && b.canCoerce(assumed[k], cands[i].args[k], functions.CastImplicit)
				}
				if ok && b.genericsMatch(assumed, cands[i].args) {
					if found != nil {
						return nil
					}
					found = &cands[i]
				}
			}
			return found
		}
	}
	return nil
}

// selectByCategory resolves unknown arguments by type category: string if any
// candidate takes one, else the one category all agree on.
func (b *Binder) selectByCategory(base []types.OID, cands *[]candidate) (*candidate, bool) {
	n := len(base)
	slotCat := make([]byte, n)
	slotPref := make([]bool, n)
	resolved := false
	for i := range n {
		if base[i] != types.Unknown {
			continue
		}
		resolved = true
		slotCat[i] = 0
		conflict := false
		for k := range *cands {
			oid := (*cands)[k].args[i]
			cat, pref := b.category(oid), b.preferred(oid)
			switch {
			case slotCat[i] == 0:
				slotCat[i], slotPref[i] = cat, pref
			case cat == slotCat[i]:
				slotPref[i] = slotPref[i] || pref
			case cat == 'S':
				slotCat[i], slotPref[i] = cat, pref
			default:
				conflict = true
			}
		}
		if conflict && slotCat[i] != 'S' {
			resolved = false
			break
		}
	}
	if !resolved {
		return nil, false
	}
	var kept []candidate
	for _, c := range *cands {
		keep := true
		for i := range n {
			if base[i] != types.Unknown {
				continue
			}
			if b.category(c.args[i]) != slotCat[i] || slotPref[i] && !b.preferred(c.args[i]) {
				keep = false
				break
			}
		}
		if keep {
			kept = append(kept, c)
		}
	}
	if len(kept) > 0 {
		*cands = kept
	}
	if len(*cands) == 1 {
		return &(*cands)[0], true
	}
	return nil, false
}

func keepBest(cands []candidate, score func(*candidate) int) []candidate {
	best, out := -1, []candidate(nil)
	for i := range cands {
		k := score(&cands[i])
		if k > best {
			best, out = k, out[:0]
		}
		if k == best {
			out = append(out, cands[i])
		}
	}
	return out
}
