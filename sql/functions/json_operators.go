package functions

import (
	"sort"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// -> and ->> on json and jsonb. A scalar jsonb is an array of one, as in
// PostgreSQL's storage.
var (
	_ = behind("json_object_field", jsonStep(jsonGet))
	_ = behind("jsonb_object_field", jsonStep(jsonGet))
	_ = behind("json_object_field_text", jsonTextStep(jsonGet))
	_ = behind("jsonb_object_field_text", jsonTextStep(jsonGet))
	_ = behind("json_array_element", jsonStep(jsonElement))
	_ = behind("jsonb_array_element", jsonStep(jsonbElement))
	_ = behind("json_array_element_text", jsonTextStep(jsonElement))
	_ = behind("jsonb_array_element_text", jsonTextStep(jsonbElement))

	_ = behind("jsonb_contains", fn2(jsonbContains))
	_ = behind("jsonb_contained", fn2(func(a, b string) bool { return jsonbContains(b, a) }))
	_ = behind("jsonb_exists", fn2(jsonbExists))
	_ = behind("jsonb_concat", fn2(jsonbConcat))
	_ = behind("jsonb_delete", fn2E(jsonbDelete))
	_ = behind("jsonb_delete_idx", fn2E(jsonbDeleteIndex))
)

func jsonElement(s string, i int32) (string, bool) { return jsonIndex(s, int(i)) }

func jsonbElement(s string, i int32) (string, bool) {
	if k := jsonKind(s); k != '[' && k != '{' {
		return s, i == 0 || i == -1
	}
	return jsonIndex(s, int(i))
}

func jsonStep[K any](get func(s string, k K) (string, bool)) body {
	return fn2X(func(_ *Context, s string, k K) (string, bool, error) {
		v, ok := get(s, k)
		return v, ok, nil
	})
}

func jsonTextStep[K any](get func(s string, k K) (string, bool)) body {
	return fn2X(func(_ *Context, s string, k K) (string, bool, error) {
		v, ok := get(s, k)
		if !ok {
			return "", false, nil
		}
		v, ok = jsonText(v)
		return v, ok, nil
	})
}

// jsonbContains is a @> b.
func jsonbContains(a, b string) bool {
	ak, bk := jsonKind(a), jsonKind(b)
	if ak == '[' && bk != '[' && bk != '{' { // a scalar is contained in an array
		return jsonbHasElement(a, b)
	}
	return jsonbDeepContains(a, b)
}

func jsonbDeepContains(a, b string) bool {
	ak, bk := jsonKind(a), jsonKind(b)
	switch {
	case ak == '{' && bk == '{':
		all := true
		jsonMembers(b, func(k, v string) bool {
			mine, ok := jsonGet(a, jsonUnquote(k))
			all = ok && jsonbDeepContains(mine, v)
			return all
		})
		return all
	case ak == '[' && bk == '[':
		all := true
		jsonElements(b, func(v string) bool {
			all = jsonbHasElement(a, v)
			return all
		})
		return all
	case ak == '{' || ak == '[' || bk == '{' || bk == '[':
		return false
	}
	return jsonbScalarEqual(a, b)
}

// jsonbHasElement: some element of array a contains v (or is the scalar v).
func jsonbHasElement(a, v string) bool {
	found := false
	jsonElements(a, func(x string) bool {
		found = jsonbDeepContains(x, v)
		return !found
	})
	return found
}

func jsonbScalarEqual(a, b string) bool {
	if a == b {
		return true
	}
	if !isJSONNumber(a) || !isJSONNumber(b) {
		return false
	}
	x, err := types.ParseDecimal(a)
	if err != nil {
		return false
	}
	y, err := types.ParseDecimal(b)
	return err == nil && x.Cmp(y) == 0
}

func isJSONNumber(s string) bool {
	k := jsonKind(s)
	return k == '-' || k >= '0' && k <= '9'
}

// jsonbExists is ?: a key of an object, a string of an array, or the string itself.
func jsonbExists(s, key string) bool {
	switch jsonKind(s) {
	case '{':
		_, ok := jsonGet(s, key)
		return ok
	case '[':
		found := false
		jsonElements(s, func(v string) bool {
			found = v[0] == '"' && jsonKeyIs(v, key)
			return !found
		})
		return found
	case '"':
		return jsonKeyIs(s, key)
	}
	return false
}

type jsonMember struct{ key, value string }

func jsonbMembers(s string) []jsonMember {
	var out []jsonMember
	jsonMembers(s, func(k, v string) bool {
		out = append(out, jsonMember{k, v})
		return true
	})
	return out
}

func jsonbItems(s string) []string {
	var out []string
	if jsonKind(s) != '[' {
		return []string{s}
	}
	jsonElements(s, func(v string) bool {
		out = append(out, v)
		return true
	})
	return out
}

// buildArray and buildObject write jsonb's canonical text.
func buildArray(items []string) string { return "[" + strings.Join(items, ", ") + "]" }

func buildObject(members []jsonMember) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(m.key + ": " + m.value)
	}
	b.WriteByte('}')
	return b.String()
}

// sortMembers puts members into jsonb's order, by length and bytes of the key;
// of equal keys the last stays.
func sortMembers(members []jsonMember) []jsonMember {
	keys := make([]string, len(members))
	order := make([]int, len(members))
	for i, m := range members {
		keys[i], order[i] = jsonUnquote(m.key), i
	}
	sort.SliceStable(order, func(i, j int) bool {
		a, b := keys[order[i]], keys[order[j]]
		if len(a) != len(b) {
			return len(a) < len(b)
		}
		return a < b
	})
	out := make([]jsonMember, 0, len(members))
	for n, i := range order {
		if n > 0 && keys[order[n-1]] == keys[i] {
			out[len(out)-1] = members[i]
			continue
		}
		out = append(out, members[i])
	}
	return out
}

// jsonbConcat is ||: two objects are merged, everything else becomes an array.
func jsonbConcat(a, b string) string {
	if jsonKind(a) == '{' && jsonKind(b) == '{' {
		return buildObject(sortMembers(append(jsonbMembers(a), jsonbMembers(b)...)))
	}
	return buildArray(append(jsonbItems(a), jsonbItems(b)...))
}

var errDeleteScalar = pgerror.New(pgerror.InvalidParameterValue, "cannot delete from scalar")

// jsonbDelete is jsonb - text.
func jsonbDelete(s, key string) (string, error) { return jsonbDeleteKeys(s, []string{key}) }

func jsonbDeleteKeys(s string, keys []string) (string, error) {
	drop := func(quoted string) bool {
		for _, k := range keys {
			if jsonKeyIs(quoted, k) {
				return true
			}
		}
		return false
	}
	switch jsonKind(s) {
	case '{':
		var keep []jsonMember
		for _, m := range jsonbMembers(s) {
			if !drop(m.key) {
				keep = append(keep, m)
			}
		}
		return buildObject(keep), nil
	case '[':
		var keep []string
		for _, v := range jsonbItems(s) {
			if v[0] != '"' || !drop(v) {
				keep = append(keep, v)
			}
		}
		return buildArray(keep), nil
	}
	return "", errDeleteScalar
}

// jsonbDeleteIndex is jsonb - int.
func jsonbDeleteIndex(s string, i int32) (string, error) {
	switch jsonKind(s) {
	case '{':
		return "", pgerror.New(pgerror.InvalidParameterValue, "cannot delete from object using integer index")
	case '[':
		items := jsonbItems(s)
		n := int(i)
		if n < 0 {
			n += len(items)
		}
		if n < 0 || n >= len(items) {
			return s, nil
		}
		return buildArray(append(items[:n:n], items[n+1:]...)), nil
	}
	return "", errDeleteScalar
}
