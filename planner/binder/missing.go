package binder

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// maxFuzzyDistance bounds the edit distance of suggested names.
const maxFuzzyDistance = 3

// fuzzy keeps the best matches for a missing column (FuzzyAttrMatchState).
type fuzzy struct {
	distance      int
	first, second *nsItem
	firstCol      int // -1: exact name in a relation that cannot be referenced here
	secondCol     int
}

// missingColumn is errorMissingColumn with PostgreSQL's hints.
func (b *Binder) missingColumn(s *scope, rel, col string, loc int) error {
	var err *pgerror.Error
	if rel != "" {
		err = pgerror.New(pgerror.UndefinedColumn, "column %s.%s does not exist", rel, col)
	} else {
		err = pgerror.New(pgerror.UndefinedColumn, "column %q does not exist", col)
	}
	err = err.At(loc)
	f := searchColumn(s, rel, col)
	switch {
	case f.first == nil:
	case f.second != nil:
		err = err.WithHint("Perhaps you meant to reference the column \"%s.%s\" or the column \"%s.%s\".",
			f.first.alias, f.first.colName(f.firstCol), f.second.alias, f.second.colName(f.secondCol))
	case f.firstCol >= 0:
		err = err.WithHint("Perhaps you meant to reference the column \"%s.%s\".", f.first.alias, f.first.colName(f.firstCol))
	default:
		err = err.WithHint("There is a column named %q in table %q, but it cannot be referenced from this part of the query.", col, f.first.alias)
	}
	return err
}

// searchColumn is searchRangeTableForCol.
func searchColumn(s *scope, rel, col string) fuzzy {
	f := fuzzy{distance: maxFuzzyDistance + 1, firstCol: -1, secondCol: -1}
	for q := s; q != nil; q = q.parent {
		for _, it := range q.all {
			if it.isJoin {
				continue
			}
			penalty := 0
			if rel != "" {
				penalty = levenshtein(rel, it.alias)
			}
			exact := false
			for i, n := 0, it.numCols(); i < n; i++ {
				name := it.colName(i)
				if name == col {
					exact = true
					break
				}
			}
			if exact && penalty == 0 {
				return fuzzy{first: it, firstCol: -1, secondCol: -1}
			}
			for i, n := 0, it.numCols(); i < n; i++ {
				f.update(penalty, it, i, col)
			}
		}
	}
	return f
}

func (f *fuzzy) update(penalty int, it *nsItem, i int, match string) {
	actual := it.colName(i)
	if penalty > f.distance || actual == "" {
		return
	}
	d := levenshtein(actual, match)
	if d > len(match)/2 {
		return
	}
	d += penalty
	switch {
	case d < f.distance:
		*f = fuzzy{distance: d, first: it, firstCol: i, secondCol: -1}
	case d == f.distance:
		switch {
		case f.second != nil:
			*f = fuzzy{distance: d - 1, firstCol: -1, secondCol: -1}
		case f.first != nil:
			f.second, f.secondCol = it, i
		case f.distance <= maxFuzzyDistance:
			f.first, f.firstCol = it, i
		}
	}
}

// missingRelation is errorMissingRTE.
func (b *Binder) missingRelation(s *scope, schema, name string, loc int) error {
	full := name
	if schema != "" {
		full = schema + "." + name
	}
	var byTable, byAlias *nsItem
	for q := s; q != nil && byAlias == nil; q = q.parent {
		for _, it := range q.all {
			if it.alias == name && it.alias != "" {
				byAlias = it
				break
			}
			if byTable == nil && it.table != nil && it.table.Name == name && it.alias != name {
				byTable = it
			}
		}
	}
	switch {
	case byAlias != nil && schema != "":
		return pgerror.New(pgerror.UndefinedTable, "invalid reference to FROM-clause entry for table %q", name).
			WithHint("There is an entry for table %q, but it cannot be referenced from this part of the query.", byAlias.alias).At(loc)
	case byAlias != nil && schema == "":
		return pgerror.New(pgerror.UndefinedTable, "invalid reference to FROM-clause entry for table %q", full).
			WithHint("There is an entry for table %q, but it cannot be referenced from this part of the query.", byAlias.alias).At(loc)
	case byTable != nil && schema == "":
		return pgerror.New(pgerror.UndefinedTable, "invalid reference to FROM-clause entry for table %q", full).
			WithHint("Perhaps you meant to reference the table alias %q.", byTable.alias).At(loc)
	}
	return pgerror.New(pgerror.UndefinedTable, "missing FROM-clause entry for table %q", full).At(loc)
}

// levenshtein is the edit distance in bytes with all costs 1.
func levenshtein(a, b string) int {
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := prev[0]
		prev[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diag
			if a[i-1] != b[j-1] {
				cost++
			}
			diag = prev[j]
			prev[j] = min(cost, prev[j]+1, prev[j-1]+1)
		}
	}
	return prev[len(b)]
}
