package sqlfuzz

import (
	"regexp"
	"slices"
	"strings"
)

// hintVariants ask for each algorithm, order and index by hints.
func hintVariants() []Variant {
	var out []Variant
	add := func(name string, hint func(aliases []string, indexes map[string][]string) string) {
		out = append(out, Variant{Name: "hint " + name, Hint: func(sql string, tables []*table) string {
			aliases, indexes := relations(sql, tables)
			if len(aliases) == 0 {
				return sql
			}
			return "/*+ " + hint(aliases, indexes) + " */ " + sql
		}})
	}
	for _, name := range []string{"HASH_JOIN", "MERGE_JOIN", "INL_JOIN", "NO_HASH_JOIN", "NO_MERGE_JOIN", "NO_INDEX_JOIN", "HASH_JOIN_BUILD", "HASH_JOIN_PROBE"} {
		add(name, func(aliases []string, _ map[string][]string) string {
			return name + "(" + strings.Join(aliases, ", ") + ")"
		})
	}
	for _, name := range []string{"STRAIGHT_JOIN", "HASH_AGG", "STREAM_AGG", "NO_DECORRELATE"} {
		add(name, func([]string, map[string][]string) string { return name + "()" })
	}
	add("LEADING backwards", func(aliases []string, _ map[string][]string) string {
		slices.Reverse(aliases)
		return "LEADING(" + strings.Join(aliases, ", ") + ")"
	})
	add("LEADING the second", func(aliases []string, _ map[string][]string) string {
		return "LEADING(" + strings.Join(append(aliases[len(aliases)/2:], aliases[:len(aliases)/2]...), ", ") + ")"
	})
	add("no index", func(aliases []string, _ map[string][]string) string {
		return "USE_INDEX(" + strings.Join(aliases, ") USE_INDEX(") + ")"
	})
	add("index union", func(aliases []string, _ map[string][]string) string {
		return "USE_INDEX_MERGE(" + strings.Join(aliases, ") USE_INDEX_MERGE(") + ")"
	})
	for k := range 3 { // the k-th index of each table
		add("index", func(aliases []string, indexes map[string][]string) string {
			var list []string
			for _, a := range aliases {
				if k < len(indexes[a]) {
					list = append(list, "USE_INDEX("+a+", "+indexes[a][k]+")")
				}
			}
			return strings.Join(list, " ")
		})
	}
	return out
}

var relation = regexp.MustCompile(`\b(\w+) AS (t\d+)\b`)

// relations are the aliases of a query's relations, and the indexes of those
// that are tables.
func relations(sql string, tables []*table) (aliases []string, indexes map[string][]string) {
	indexes = map[string][]string{}
	for _, m := range relation.FindAllStringSubmatch(sql, -1) {
		aliases = append(aliases, m[2])
		for _, t := range tables {
			if t.name == m[1] {
				indexes[m[2]] = append([]string{"primary"}, t.indexes...)
			}
		}
	}
	return aliases, indexes
}
