package ddl

import "strings"

// The scanner below reads names in text that PostgreSQL's deparser wrote: no
// comments, single spaces.

// identEnd is the end of the identifier at i, i itself if there is none.
func identEnd(s string, i int) int {
	if i >= len(s) {
		return i
	}
	if s[i] == '"' {
		for j := i + 1; j < len(s); j++ {
			if s[j] != '"' {
				continue
			}
			if j+1 < len(s) && s[j+1] == '"' {
				j++
				continue
			}
			return j + 1
		}
		return i
	}
	j := i
	for j < len(s) && (s[j] == '_' || s[j] == '$' && j > i || s[j] >= 'a' && s[j] <= 'z' || s[j] >= 'A' && s[j] <= 'Z' ||
		s[j] >= '0' && s[j] <= '9' && j > i || s[j] >= 0x80) {
		j++
	}
	return j
}

// nameEnd is the end of the possibly qualified name at i.
func nameEnd(s string, i int) int {
	for {
		end := identEnd(s, i)
		if end == i || end >= len(s) || s[end] != '.' || identEnd(s, end+1) == end+1 {
			return end
		}
		i = end + 1
	}
}

// starEnd is the end of "*" or "a.b.*" at i.
func starEnd(s string, i int) int {
	for i < len(s) && s[i] != '*' {
		end := identEnd(s, i)
		if end == i || end >= len(s) || s[end] != '.' {
			return end
		}
		i = end + 1
	}
	return i + 1
}

// unquote is the name that an identifier's text stands for.
func unquote(s string) string {
	if strings.HasPrefix(s, `"`) {
		return strings.ReplaceAll(s[1:len(s)-1], `""`, `"`)
	}
	return strings.ToLower(s)
}

// afterName are the words that may follow a relation in FROM without being an alias.
var afterName = map[string]bool{
	"where": true, "group": true, "having": true, "window": true, "union": true, "intersect": true, "except": true, "order": true,
	"limit": true, "offset": true, "fetch": true, "for": true, "join": true, "left": true, "right": true, "full": true, "inner": true,
	"cross": true, "natural": true, "on": true, "using": true, "tablesample": true, "as": true, "returning": true,
}

// readAlias reads the alias behind a relation's name: its name ("" for none),
// its column names, and where it ends.
func readAlias(s string, i int) (alias string, columns []string, end int) {
	j := skipSpace(s, i)
	if e := identEnd(s, j); strings.EqualFold(s[j:e], "as") {
		j = skipSpace(s, e)
	}
	e := identEnd(s, j)
	if e == j || afterName[strings.ToLower(s[j:e])] {
		return "", nil, i
	}
	alias, end = unquote(s[j:e]), e
	k := skipSpace(s, e)
	if k >= len(s) || s[k] != '(' {
		return alias, nil, end
	}
	for k++; ; k++ {
		k = skipSpace(s, k)
		e := identEnd(s, k)
		if e == k {
			return alias, nil, end
		}
		columns = append(columns, unquote(s[k:e]))
		k = skipSpace(s, e)
		if k >= len(s) || s[k] != ',' {
			break
		}
	}
	if k < len(s) && s[k] == ')' {
		return alias, columns, k + 1
	}
	return alias, nil, end
}

func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t') {
		i++
	}
	return i
}
