package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// pathValue is a value a jsonpath works on: JSON, or a date or time that
// .datetime() made, which is in no JSON document.
type pathValue struct {
	json *types.JSONValue
	time *pathTime
}

func jsonItem(v types.JSONValue) pathValue { return pathValue{json: &v} }

// is reports whether a value is JSON of a kind.
func (v pathValue) is(kind types.JSONKind) bool { return v.json != nil && v.json.Kind == kind }

// pathResult says whether an item yielded anything. With pathError and no Go
// error the item failed where errors are suppressed.
type pathResult uint8

const (
	pathNotFound pathResult = iota
	pathFound
	pathError
)

// pathBool is SQL/JSON's three-valued logic.
type pathBool uint8

const (
	pathFalse pathBool = iota
	pathTrue
	pathUnknown
)

func truth(b bool) pathBool {
	if b {
		return pathTrue
	}
	return pathFalse
}

// pathList collects what an item yields. A nil list asks only whether there is anything.
type pathList struct{ items []pathValue }

// pathRun evaluates a jsonpath as PostgreSQL's jsonpath_exec.c does.
type pathRun struct {
	c       *Context
	strict  bool
	root    pathValue
	current pathValue
	vars    *types.JSONValue // nil for the operators, which have none
	base    pathBase
	nextID  int64 // of the objects that .keyvalue() makes
	size    int   // of the innermost array that is subscripted, -1 if none
	quiet   bool  // errors of evaluation are no errors, only unknown
	// structural errors (a member that is not there) are none; as in lax mode, and below .**
	lenient bool
	tz      bool // the session's time zone may be used
	steps   int
}

// newPathRun prepares an evaluation over a document; vars is nil or an object.
func newPathRun(c *Context, path *types.JSONPathExpr, doc, vars *types.JSONValue, quiet, tz bool) *pathRun {
	r := &pathRun{
		c: c, strict: path.Strict, root: pathValue{json: doc}, current: pathValue{json: doc}, vars: vars,
		nextID: 1, size: -1, quiet: quiet, lenient: !path.Strict, tz: tz,
	}
	if vars != nil {
		r.nextID = 2 // the variables are object 1
	}
	r.base = pathBase{root: doc}
	return r
}

// run evaluates a path. In strict mode all of it is evaluated even when only
// existence is asked for, as an error may come last.
func (r *pathRun) run(path *types.JSONPathExpr, out *pathList) (pathResult, error) {
	if out != nil || !path.Strict {
		return r.item(path.Root, r.root, out)
	}
	var all pathList
	res, err := r.item(path.Root, r.root, &all)
	if err != nil || res == pathError {
		return res, err
	}
	if len(all.items) > 0 {
		return pathFound, nil
	}
	return pathNotFound, nil
}

// fail is an error of evaluation.
func (r *pathRun) fail(code pgerror.Code, format string, args ...any) (pathResult, error) {
	if r.quiet {
		return pathError, nil
	}
	return pathError, pgerror.New(code, format, args...)
}

// structural is the error of a value of the wrong shape, which lax mode leaves out.
func (r *pathRun) structural(code pgerror.Code, format string, args ...any) (pathResult, error) {
	if r.lenient {
		return pathNotFound, nil
	}
	return r.fail(code, format, args...)
}

// stop reports whether an item need not go on: it failed, or it is only asked
// for existence and has found something.
func stop(res pathResult, err error, out *pathList) bool {
	return err != nil || res == pathError || res == pathFound && out == nil
}

// item evaluates an item and what follows it; in lax mode arrays are
// unwrapped where the item cannot take one.
func (r *pathRun) item(p *types.JSONPathItem, v pathValue, out *pathList) (pathResult, error) {
	return r.itemUnwrap(p, v, out, !r.strict)
}

// next hands a value to what follows an item, or to the list.
func (r *pathRun) next(p *types.JSONPathItem, v pathValue, out *pathList) (pathResult, error) {
	if p.Next != nil {
		return r.item(p.Next, v, out)
	}
	if out != nil {
		out.items = append(out.items, v)
	}
	return pathFound, nil
}

func (r *pathRun) itemUnwrap(p *types.JSONPathItem, v pathValue, out *pathList, unwrap bool) (pathResult, error) {
	if r.steps++; r.steps&1023 == 0 && r.c.Ctx != nil {
		if err := r.c.Ctx.Err(); err != nil {
			return pathError, err
		}
	}
	if p.Op.IsPredicate() {
		b, err := r.predicate(p, v)
		if err != nil {
			return pathError, err
		}
		if b == pathUnknown {
			return r.next(p, jsonItem(types.JSONValue{}), out)
		}
		return r.next(p, jsonItem(types.JSONValue{Kind: types.JSONBool, Bool: b == pathTrue}), out)
	}
	switch p.Op {
	case types.PathRoot:
		saved := r.base
		defer func() { r.base = saved }()
		r.base = pathBase{root: r.root.json}
		return r.next(p, r.root, out)
	case types.PathCurrent:
		return r.next(p, r.current, out)
	case types.PathNull, types.PathBool, types.PathNumber, types.PathString, types.PathVariable:
		return r.literal(p, out)
	case types.PathKey:
		return r.key(p, v, out, unwrap)
	case types.PathAnyKey:
		switch {
		case v.is(types.JSONObject):
			return r.descend(p.Next, v, out, 1, 1, 1, false, !r.strict)
		case unwrap && v.is(types.JSONArrayKind):
			return r.elements(p, v, out, false)
		}
		return r.structural(pgerror.SqlJsonObjectNotFound, "jsonpath wildcard member accessor can only be applied to an object")
	case types.PathAnyArray:
		switch {
		case v.is(types.JSONArrayKind):
			return r.descend(p.Next, v, out, 1, 1, 1, false, !r.strict)
		case !r.strict:
			return r.next(p, v, out)
		}
		return r.structural(pgerror.SqlJsonArrayNotFound, "jsonpath wildcard array accessor can only be applied to an array")
	case types.PathIndex:
		return r.index(p, v, out)
	case types.PathLast:
		if p.Next == nil && out == nil {
			return pathFound, nil
		}
		return r.next(p, jsonNumber(types.DecimalFromInt(int64(r.size-1))), out)
	case types.PathAny:
		return r.anyLevel(p, v, out)
	case types.PathFilter:
		if unwrap && v.is(types.JSONArrayKind) {
			return r.elements(p, v, out, false)
		}
		b, err := r.nested(p.Left, v)
		if err != nil || b != pathTrue {
			return pathNotFound, err
		}
		return r.next(p, v, out)
	case types.PathAdd, types.PathSub, types.PathMul, types.PathDiv, types.PathMod:
		return r.arithmetic(p, v, out)
	case types.PathPlus, types.PathMinus:
		return r.sign(p, v, out)
	}
	return r.method(p, v, out, unwrap)
}

func jsonNumber(d types.Decimal) pathValue {
	return jsonItem(types.JSONValue{Kind: types.JSONNumber, Num: d})
}

// literal yields a constant or a variable. A variable's objects are numbered apart from the document's.
func (r *pathRun) literal(p *types.JSONPathItem, out *pathList) (pathResult, error) {
	if p.Next == nil && out == nil && p.Op != types.PathVariable {
		return pathFound, nil
	}
	v := types.JSONValue{}
	switch p.Op {
	case types.PathBool:
		v = types.JSONValue{Kind: types.JSONBool, Bool: p.Bool}
	case types.PathNumber:
		v = types.JSONValue{Kind: types.JSONNumber, Num: p.Num}
	case types.PathString:
		v = types.JSONValue{Kind: types.JSONString, Str: p.Str}
	case types.PathVariable:
		if p.Next == nil && out == nil {
			return pathFound, nil
		}
		if r.vars != nil {
			if f, ok := r.vars.Field(p.Str); ok {
				saved := r.base
				defer func() { r.base = saved }()
				r.base = pathBase{root: r.vars, id: 1}
				return r.next(p, pathValue{json: f}, out)
			}
		}
		return pathError, pgerror.New(pgerror.UndefinedObject, "could not find jsonpath variable \"%s\"", p.Str)
	}
	return r.next(p, jsonItem(v), out)
}

func (r *pathRun) key(p *types.JSONPathItem, v pathValue, out *pathList, unwrap bool) (pathResult, error) {
	switch {
	case v.is(types.JSONObject):
		if f, ok := v.json.Field(p.Str); ok {
			return r.next(p, pathValue{json: f}, out)
		}
		return r.structural(pgerror.SqlJsonMemberNotFound, "JSON object does not contain key \"%s\"", p.Str)
	case unwrap && v.is(types.JSONArrayKind):
		return r.elements(p, v, out, false)
	}
	return r.structural(pgerror.SqlJsonMemberNotFound, "jsonpath member accessor can only be applied to an object")
}

// elements applies an item (none: the list) to the elements of an array.
func (r *pathRun) elements(p *types.JSONPathItem, v pathValue, out *pathList, unwrap bool) (pathResult, error) {
	return r.descend(p, v, out, 1, 1, 1, false, unwrap)
}

// descend applies an item (none: the list) to the values between two levels
// below a container, of which those at level are next.
func (r *pathRun) descend(p *types.JSONPathItem, v pathValue, out *pathList, level, first, last uint32, lenient, unwrap bool) (pathResult, error) {
	res := pathNotFound
	if level > last || v.json == nil {
		return res, nil
	}
	for i := range v.json.Elems {
		e := pathValue{json: &v.json.Elems[i]}
		container := e.json.Kind >= types.JSONArrayKind
		if level >= first || first == types.JSONPathLastLevel && last == types.JSONPathLastLevel && !container {
			switch {
			case p != nil:
				saved := r.lenient
				r.lenient = r.lenient || lenient
				var err error
				res, err = r.itemUnwrap(p, e, out, unwrap)
				r.lenient = saved
				if stop(res, err, out) {
					return res, err
				}
			case out != nil:
				out.items = append(out.items, e)
				res = pathFound
			default:
				return pathFound, nil
			}
		}
		if level < last && container {
			var err error
			if res, err = r.descend(p, e, out, level+1, first, last, lenient, unwrap); stop(res, err, out) {
				return res, err
			}
		}
	}
	return res, nil
}

// anyLevel is .**: the value itself at level 0 and what lies below it.
func (r *pathRun) anyLevel(p *types.JSONPathItem, v pathValue, out *pathList) (pathResult, error) {
	res := pathNotFound
	if p.First == 0 {
		saved := r.lenient
		r.lenient = true
		var err error
		res, err = r.next(p, v, out)
		r.lenient = saved
		if stop(res, err, out) {
			return res, err
		}
	}
	if v.is(types.JSONArrayKind) || v.is(types.JSONObject) {
		return r.descend(p.Next, v, out, 1, p.First, p.Last, true, !r.strict)
	}
	return res, nil
}

// index is an array accessor with subscripts; lax mode takes what is no array as one of one element.
func (r *pathRun) index(p *types.JSONPathItem, v pathValue, out *pathList) (pathResult, error) {
	array := v.is(types.JSONArrayKind)
	if !array && r.strict {
		return r.structural(pgerror.SqlJsonArrayNotFound, "jsonpath array accessor can only be applied to an array")
	}
	saved := r.size
	defer func() { r.size = saved }()
	size := 1
	if array {
		size = len(v.json.Elems)
	}
	res := pathNotFound
	for _, s := range p.Subscripts {
		r.size = size
		from, ok, err := r.subscript(s.From, v)
		to := from
		if ok && err == nil && s.To != nil {
			to, ok, err = r.subscript(s.To, v)
		}
		if err != nil || !ok {
			return pathError, err
		}
		if !r.lenient && (from < 0 || from > to || to >= size) {
			return r.fail(pgerror.InvalidSqlJsonSubscript, "jsonpath array subscript is out of bounds")
		}
		for i := max(from, 0); i <= min(to, size-1); i++ {
			e := v
			if array {
				e = pathValue{json: &v.json.Elems[i]}
			}
			if res, err = r.next(p, e, out); stop(res, err, out) {
				return res, err
			}
		}
	}
	return res, nil
}

// subscript evaluates a subscript; ok is false for an error that is suppressed.
func (r *pathRun) subscript(p *types.JSONPathItem, v pathValue) (index int, ok bool, err error) {
	var found pathList
	if res, err := r.item(p, v, &found); err != nil || res == pathError {
		return 0, false, err
	}
	if len(found.items) != 1 || !found.items[0].is(types.JSONNumber) {
		_, err := r.fail(pgerror.InvalidSqlJsonSubscript, "jsonpath array subscript is not a single numeric value")
		return 0, false, err
	}
	n, ok := found.items[0].json.Num.Trunc(0).Int64()
	if !ok || n != int64(int32(n)) {
		_, err := r.fail(pgerror.InvalidSqlJsonSubscript, "jsonpath array subscript is out of integer range")
		return 0, false, err
	}
	return int(n), true, nil
}

// operand evaluates an item into a list; in lax mode arrays of the result are unwrapped, if asked.
func (r *pathRun) operand(p *types.JSONPathItem, v pathValue, unwrap bool) (list pathList, res pathResult, err error) {
	if !unwrap || r.strict {
		res, err = r.item(p, v, &list)
		return list, res, err
	}
	var found pathList
	if res, err = r.item(p, v, &found); err != nil || res == pathError {
		return list, res, err
	}
	for _, e := range found.items {
		if !e.is(types.JSONArrayKind) {
			list.items = append(list.items, e)
			continue
		}
		for i := range e.json.Elems {
			list.items = append(list.items, pathValue{json: &e.json.Elems[i]})
		}
	}
	return list, pathFound, nil
}

// operandQuiet is operand with errors suppressed, for predicates.
func (r *pathRun) operandQuiet(p *types.JSONPathItem, v pathValue, unwrap bool) (pathList, pathResult, error) {
	saved := r.quiet
	r.quiet = true
	defer func() { r.quiet = saved }()
	return r.operand(p, v, unwrap)
}

// arithmetic is a binary operator of two single numbers.
func (r *pathRun) arithmetic(p *types.JSONPathItem, v pathValue, out *pathList) (pathResult, error) {
	left, res, err := r.operand(p.Left, v, true)
	if err != nil || res == pathError {
		return res, err
	}
	right, res, err := r.operand(p.Right, v, true)
	if err != nil || res == pathError {
		return res, err
	}
	for _, side := range [...]struct {
		name string
		list pathList
	}{{"left", left}, {"right", right}} {
		if len(side.list.items) != 1 || !side.list.items[0].is(types.JSONNumber) {
			return r.fail(pgerror.SingletonSqlJsonItemRequired, "%s operand of jsonpath operator %s is not a single numeric value", side.name, p.Op.Symbol())
		}
	}
	a, b := left.items[0].json.Num, right.items[0].json.Num
	var sum types.Decimal
	switch p.Op {
	case types.PathAdd:
		sum, err = a.Add(b)
	case types.PathSub:
		sum, err = a.Sub(b)
	case types.PathMul:
		sum, err = a.Mul(b)
	case types.PathDiv:
		sum, err = a.Div(b)
	default:
		sum, err = a.Mod(b)
	}
	if err != nil {
		if r.quiet {
			err = nil
		}
		return pathError, err
	}
	if p.Next == nil && out == nil {
		return pathFound, nil
	}
	return r.next(p, jsonNumber(sum), out)
}

// sign is a unary plus or minus of each number.
func (r *pathRun) sign(p *types.JSONPathItem, v pathValue, out *pathList) (pathResult, error) {
	list, res, err := r.operand(p.Left, v, true)
	if err != nil || res == pathError {
		return res, err
	}
	res = pathNotFound
	exists := p.Next == nil && out == nil
	for _, e := range list.items {
		number := e.is(types.JSONNumber)
		switch {
		case number && exists:
			return pathFound, nil
		case exists:
			continue
		case !number:
			return r.fail(pgerror.SqlJsonNumberNotFound, "operand of unary jsonpath operator %s is not a numeric value", p.Op.Symbol())
		}
		n := e.json.Num
		if p.Op == types.PathMinus {
			n = n.Neg()
		}
		one, err := r.next(p, jsonNumber(n), out)
		if stop(one, err, out) {
			return one, err
		}
		if one == pathFound {
			res = pathFound
		}
	}
	return res, nil
}

// startsWith compares strings; anything else is unknown.
func startsWith(whole, prefix pathValue) pathBool {
	if !whole.is(types.JSONString) || !prefix.is(types.JSONString) {
		return pathUnknown
	}
	return truth(strings.HasPrefix(whole.json.Str, prefix.json.Str))
}
