package catalog

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func (r *RegResolver) procIn(parts []string) (uint32, error) {
	name := parts[len(parts)-1]
	var own []*Function
	if r.Snapshot != nil {
		own = r.Snapshot.functionIn(r.Path, parts)
	}
	if len(own) == 1 && len(functionLibrary().byName[name]) == 0 {
		return uint32(own[0].ID), nil
	}
	if len(own) > 0 {
		return 0, pgerror.New(pgerror.AmbiguousFunction, "more than one function named %q", strings.Join(parts, "."))
	}
	if len(parts) == 1 || len(parts) == 2 && parts[0] == "pg_catalog" {
		switch found := functionLibrary().byName[name]; len(found) {
		case 0:
		case 1:
			return uint32(found[0].OID), nil
		default:
			return 0, pgerror.New(pgerror.AmbiguousFunction, "more than one function named %q", strings.Join(parts, "."))
		}
	}
	return 0, pgerror.New(pgerror.UndefinedFunction, "function %q does not exist", strings.Join(parts, "."))
}

func (r *RegResolver) procedureIn(text string) (uint32, error) {
	open := strings.IndexByte(text, '(')
	if open < 0 || !strings.HasSuffix(strings.TrimSpace(text), ")") {
		return 0, pgerror.New(pgerror.InvalidTextRepresentation, "expected a left parenthesis")
	}
	parts, err := SplitName(text[:open])
	if err != nil {
		return 0, err
	}
	var args []OID
	list := strings.TrimSuffix(strings.TrimSpace(text[open+1:]), ")")
	if strings.TrimSpace(list) != "" {
		for _, a := range splitTop(list) {
			t, err := types.ParseTypeName(a, r)
			if err != nil {
				return 0, err
			}
			args = append(args, t.OID)
		}
	}
	if len(parts) == 1 || parts[0] == "pg_catalog" {
		for _, p := range functionLibrary().byName[parts[len(parts)-1]] {
			if slices.Equal(p.Args, args) {
				return uint32(p.OID), nil
			}
		}
	}
	if r.Snapshot != nil {
		for _, f := range r.Snapshot.functionIn(r.Path, parts) {
			if slices.Equal(f.ArgTypes(), args) {
				return uint32(f.ID), nil
			}
		}
	}
	return 0, pgerror.New(pgerror.UndefinedFunction, "function %q does not exist", text)
}

// splitTop splits at commas outside of parentheses.
func splitTop(s string) []string {
	var out []string
	depth, start := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}

func (r *RegResolver) operatorIn(typ OID, text string) (uint32, error) {
	name, args, hasArgs := strings.Cut(text, "(")
	name = strings.TrimPrefix(strings.TrimSpace(name), "pg_catalog.")
	undefined := pgerror.New(pgerror.UndefinedFunction, "operator does not exist: %s", text)
	var want []OID
	if hasArgs && typ == types.Regoperator {
		for _, a := range splitTop(strings.TrimSuffix(strings.TrimSpace(args), ")")) {
			if a = strings.TrimSpace(a); strings.EqualFold(a, "none") {
				want = append(want, 0)
				continue
			}
			t, err := types.ParseTypeName(a, r)
			if err != nil {
				return 0, err
			}
			want = append(want, t.OID)
		}
		if len(want) != 2 {
			return 0, undefined
		}
	}
	var found []*OperatorInfo
	for _, o := range functionLibrary().operators {
		if o.Name == name && (want == nil || o.Left == want[0] && o.Right == want[1]) {
			found = append(found, o)
		}
	}
	switch len(found) {
	case 0:
		return 0, undefined
	case 1:
		return uint32(found[0].OID), nil
	}
	return 0, pgerror.New(pgerror.AmbiguousFunction, "more than one operator named %s", text)
}
