package types

import "testing"

// What a path prints as is read as the same path again, whatever the input.
func FuzzJSONPath(f *testing.F) {
	for _, s := range []string{
		"$", "strict $.a[*].b ? (@ > 1 && !(exists (@.c)))", "lax $.**{1 to last}.\"x y\"[0, last - 1 to 2]", "($ + 1).a", "-(1).type()",
		`$ ? (@ like_regex "a.c" flag "iq")`, `$ ? (@ starts with $v)`, `(($ == 1) is unknown)`, `"\u0041\x42\u{43}\n"`, "$.datetime(\"HH24\")", "1.5e3 % -$.a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckUTF8(s) != nil {
			return
		}
		p, err := ParseJSONPath(s)
		if err != nil {
			return
		}
		once := p.String()
		q, err := ParseJSONPath(once)
		if err != nil {
			t.Fatalf("%q prints as %q: %v", s, once, err)
		}
		if twice := q.String(); twice != once {
			t.Fatalf("%q prints as %q and then as %q", s, once, twice)
		}
	})
}
