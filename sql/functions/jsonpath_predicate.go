package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// nested evaluates the predicate of a filter, in which @ is the value.
func (r *pathRun) nested(p *types.JSONPathItem, v pathValue) (pathBool, error) {
	saved := r.current
	r.current = v
	defer func() { r.current = saved }()
	return r.predicate(p, v)
}

// predicate answers true, false or unknown; errors of evaluation are unknown.
func (r *pathRun) predicate(p *types.JSONPathItem, v pathValue) (pathBool, error) {
	switch p.Op {
	case types.PathAnd, types.PathOr:
		return r.logical(p, v)
	case types.PathNot:
		b, err := r.predicate(p.Left, v)
		if err != nil || b == pathUnknown {
			return pathUnknown, err
		}
		return truth(b == pathFalse), nil
	case types.PathIsUnknown:
		b, err := r.predicate(p.Left, v)
		return truth(b == pathUnknown), err
	case types.PathExists:
		return r.exists(p, v)
	case types.PathStartsWith:
		return r.compareAll(p, v, false, func(a, b pathValue) (pathBool, error) { return startsWith(a, b), nil })
	case types.PathLikeRegex:
		match, err := p.Regexp()
		if err != nil {
			return pathUnknown, err
		}
		return r.compareAll(p, v, false, func(a, _ pathValue) (pathBool, error) {
			if !a.is(types.JSONString) {
				return pathUnknown, nil
			}
			return truth(match(a.json.Str)), nil
		})
	}
	return r.compareAll(p, v, true, func(a, b pathValue) (pathBool, error) { return r.compare(p.Op, a, b) })
}

func (r *pathRun) logical(p *types.JSONPathItem, v pathValue) (pathBool, error) {
	decided := truth(p.Op == types.PathOr)
	left, err := r.predicate(p.Left, v)
	if err != nil || left == decided {
		return left, err
	}
	right, err := r.predicate(p.Right, v)
	if err != nil || right == decided || left != pathUnknown {
		return right, err
	}
	return pathUnknown, nil
}

func (r *pathRun) exists(p *types.JSONPathItem, v pathValue) (pathBool, error) {
	if r.strict { // all of it, as an error may come last
		list, res, err := r.operandQuiet(p.Left, v, false)
		if err != nil || res == pathError {
			return pathUnknown, err
		}
		return truth(len(list.items) > 0), nil
	}
	saved := r.quiet
	r.quiet = true
	defer func() { r.quiet = saved }()
	res, err := r.item(p.Left, v, nil)
	if err != nil || res == pathError {
		return pathUnknown, err
	}
	return truth(res == pathFound), nil
}

// compareAll is true if a comparison is true for any pair of what both sides
// yield. Strict mode is unknown as soon as one pair is, lax mode only if none is true.
func (r *pathRun) compareAll(p *types.JSONPathItem, v pathValue, unwrapRight bool, compare func(a, b pathValue) (pathBool, error)) (pathBool, error) {
	left, res, err := r.operandQuiet(p.Left, v, true)
	if err != nil || res == pathError {
		return pathUnknown, err
	}
	right := pathList{items: make([]pathValue, 1)}
	if p.Right != nil {
		if right, res, err = r.operandQuiet(p.Right, v, unwrapRight); err != nil || res == pathError {
			return pathUnknown, err
		}
	}
	unknown, found := false, false
	for _, a := range left.items {
		for _, b := range right.items {
			if r.steps++; r.steps&1023 == 0 && r.c.Ctx != nil {
				if err := r.c.Ctx.Err(); err != nil {
					return pathUnknown, err
				}
			}
			answer, err := compare(a, b)
			if err != nil {
				return pathUnknown, err
			}
			switch answer {
			case pathUnknown:
				if r.strict {
					return pathUnknown, nil
				}
				unknown = true
			case pathTrue:
				if !r.strict {
					return pathTrue, nil
				}
				found = true
			}
		}
	}
	switch {
	case found:
		return pathTrue, nil
	case unknown:
		return pathUnknown, nil
	}
	return pathFalse, nil
}

// compare compares two scalars; of different kinds only null can be compared.
func (r *pathRun) compare(op types.JSONPathOp, a, b pathValue) (pathBool, error) {
	if a.time != nil && b.time != nil {
		cmp, ok, err := a.time.compare(b.time, r.c, r.tz)
		if err != nil || !ok {
			return pathUnknown, err
		}
		return decide(op, cmp), nil
	}
	if a.time != nil || b.time != nil || a.json.Kind != b.json.Kind {
		if a.is(types.JSONNull) || b.is(types.JSONNull) {
			return truth(op == types.PathNotEqual), nil
		}
		return pathUnknown, nil
	}
	switch a.json.Kind {
	case types.JSONNull:
		return decide(op, 0), nil
	case types.JSONBool:
		switch {
		case a.json.Bool == b.json.Bool:
			return decide(op, 0), nil
		case a.json.Bool:
			return decide(op, 1), nil
		}
		return decide(op, -1), nil
	case types.JSONNumber:
		return decide(op, a.json.Num.Cmp(b.json.Num)), nil
	case types.JSONString:
		return decide(op, strings.Compare(a.json.Str, b.json.Str)), nil
	}
	return pathUnknown, nil
}

func decide(op types.JSONPathOp, cmp int) pathBool {
	switch op {
	case types.PathEqual:
		return truth(cmp == 0)
	case types.PathNotEqual:
		return truth(cmp != 0)
	case types.PathLess:
		return truth(cmp < 0)
	case types.PathGreater:
		return truth(cmp > 0)
	case types.PathLessEqual:
		return truth(cmp <= 0)
	}
	return truth(cmp >= 0)
}
