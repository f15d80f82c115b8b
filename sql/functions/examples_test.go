package functions_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// oracleURL is the server that the flag of TestOracle names: with it the answers
// in testdata/library are written again and the examples are compared.
func oracleURL() string { return flag.Lookup("oracle").Value.String() }

func testContext() *functions.Context {
	now := time.Date(2026, 3, 4, 5, 6, 7, 890123000, time.UTC)
	io := types.DefaultIO()
	io.Now, io.Resolve = now, testResolver{}
	return &functions.Context{
		Ctx:   context.Background(),
		Alloc: memory.DefaultAllocator, IO: io, TxnStart: now, StatementStart: now,
		Clock: func() time.Time { return now }, Session: newTestSession(),
	}
}

// TestDocumented fails for a function without documentation or example.
func TestDocumented(t *testing.T) {
	for f := range functions.All() {
		switch f := f.(type) {
		case *functions.Scalar:
			if !f.Hidden && (f.Doc == "" || len(f.Examples) == 0) {
				t.Errorf("%s(%v) has no documentation or no example", f.Name, f.Args)
			}
		case *functions.TableFunc:
			if f.Doc == "" || len(f.Examples) == 0 {
				t.Errorf("%s(%v) has no documentation or no example", f.Name, f.Args)
			}
		}
	}
}

// TestExamples runs the examples of the documentation.
func TestExamples(t *testing.T) {
	seen := map[string]bool{}
	var cases []testCase
	add := func(list []functions.Example) {
		for _, e := range list {
			if !seen[e.SQL] {
				seen[e.SQL] = true
				cases = append(cases, testCase{e.SQL, e.Want})
			}
		}
	}
	for f := range functions.All() {
		switch f := f.(type) {
		case *functions.Scalar:
			add(f.Examples)
		case *functions.TableFunc:
			add(f.Examples)
		}
	}
	c := testContext()
	for _, tc := range cases {
		if got := run(c, tc.sql); got != tc.want {
			t.Errorf("%s\n got %q\nwant %q", tc.sql, got, tc.want)
		}
	}
	if oracleURL() != "" {
		for i, a := range askOracle(t, cases) {
			if a != cases[i].want {
				t.Errorf("%s\nPostgreSQL answers %q\nthe example says   %q", cases[i].sql, a, cases[i].want)
			}
		}
	}
}

type testCase struct{ sql, want string }

// TestLibrary compares with PostgreSQL's answers in testdata/library. A line is
// an expression, a tab and the answer; "set x y" changes a setting.
func TestLibrary(t *testing.T) {
	files, err := filepath.Glob("testdata/library/*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".tsv"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var cases []testCase
			for line := range strings.Lines(string(data)) {
				sql, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
				cases = append(cases, testCase{sql, want})
			}
			if oracleURL() != "" {
				var b strings.Builder
				for i, a := range askOracle(t, cases) {
					cases[i].want = a
					b.WriteString(cases[i].sql)
					if a != "" {
						b.WriteString("\t" + a)
					}
					b.WriteByte('\n')
				}
				if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			c := testContext()
			for _, tc := range cases {
				if name, ok := strings.CutPrefix(tc.sql, "set "); ok {
					set(t, c, name)
					continue
				}
				if tc.sql == "" || tc.sql[0] == '#' {
					continue
				}
				if got := run(c, tc.sql); got != tc.want {
					t.Errorf("%s\n got %q\nwant %q", tc.sql, got, tc.want)
				}
			}
		})
	}
}

func set(t *testing.T, c *functions.Context, text string) {
	name, value, _ := strings.Cut(text, " ")
	value = strings.Trim(value, "'")
	switch name {
	case "timezone":
		loc, canonical, ok := types.LoadZone(value)
		if !ok {
			t.Fatalf("no time zone %q", value)
		}
		c.IO.TimeZone, c.IO.TimeZoneName = loc, canonical
	case "intervalstyle":
		c.IO.IntervalStyle = value
	case "datestyle":
		c.IO.DateStyle = value
	default:
		t.Fatalf("unknown setting %q", name)
	}
}

// askOracle gets PostgreSQL's answers.
func askOracle(t *testing.T, cases []testCase) []string {
	var script strings.Builder
	script.WriteString("\\set VERBOSITY verbose\n\\pset null NULL\nset lc_monetary='C';\n")
	for i, tc := range cases {
		fmt.Fprintf(&script, "\\echo @@%d\n", i)
		if name, ok := strings.CutPrefix(tc.sql, "set "); ok {
			k, v, _ := strings.Cut(name, " ")
			fmt.Fprintf(&script, "SET %s = '%s';\n", k, strings.Trim(v, "'"))
		} else if tc.sql != "" && tc.sql[0] != '#' {
			fmt.Fprintf(&script, "SELECT %s;\n", tc.sql)
		}
	}
	cmd := exec.Command("psql", "-XAtq", "-d", oracleURL())
	cmd.Stdin = strings.NewReader(script.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	answers := make([]string, len(cases))
	for part := range strings.SplitSeq(string(out), "@@") {
		head, body, _ := strings.Cut(part, "\n")
		var i int
		if n, _ := fmt.Sscan(head, &i); n != 1 {
			continue
		}
		body = strings.TrimSuffix(body, "\n")
		if rest, ok := strings.CutPrefix(body, "ERROR:  "); ok {
			rest, _, _ = strings.Cut(rest, "\n")
			body = "ERROR " + rest
		}
		if strings.HasPrefix(cases[i].sql, "set ") {
			body = ""
		}
		answers[i] = escape(body)
	}
	return answers
}

func escape(s string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(s)
}

// run evaluates an expression or, after "* FROM ", a set-returning function.
func run(c *functions.Context, sql string) (answer string) {
	defer func() {
		if r := recover(); r != nil {
			answer = fmt.Sprintf("PANIC %v", r)
		}
	}()
	e := evaluator{c: c}
	text, rows := strings.CutPrefix(sql, "* FROM ")
	text, e.limit, _ = strings.Cut(text, " LIMIT ")
	text, e.columns, _ = strings.Cut(text, " AS x")
	node, err := parser.ParseExpr(text)
	if err != nil {
		return errorText(err)
	}
	if rows || e.isSet(node) {
		answer, err = e.table(node.(*ast.FuncCall))
	} else {
		var t types.Type
		var d types.Datum
		if t, d, err = e.eval(node); err == nil {
			answer = e.show(t, d)
		}
	}
	if err != nil {
		return errorText(err)
	}
	return escape(answer)
}

func errorText(err error) string {
	var pe *pgerror.Error
	if !errors.As(err, &pe) {
		return "ERROR " + err.Error()
	}
	return escape(fmt.Sprintf("ERROR %s: %s", pe.Code, pe.Message))
}

// evaluator is a small binder: enough for examples, without operators' finer rules.
type evaluator struct {
	c     *functions.Context
	limit string // rows shown of a set-returning function, "" for all
	// columns is the column definition list of a function that returns record.
	columns string
}

func (e *evaluator) show(t types.Type, d types.Datum) string {
	if d.IsNull() {
		return "NULL"
	}
	if t.OID == types.Void {
		return ""
	}
	return string(types.AppendText(nil, t, d, e.c.IO))
}

func (e *evaluator) isSet(n ast.Expr) bool {
	f, ok := n.(*ast.FuncCall)
	return ok && len(functions.TableFuncs(f.Name[len(f.Name)-1])) > 0
}

func (e *evaluator) eval(n ast.Expr) (types.Type, types.Datum, error) {
	switch n := n.(type) {
	case *ast.Const:
		switch n.Kind {
		case ast.ConstNull:
			return types.Of(types.Unknown), types.Null, nil
		case ast.ConstInt:
			return types.Of(types.Int4), types.NewInt4(int32(n.Int)), nil
		case ast.ConstFloat:
			if d, err := types.Parse(types.Of(types.Int8), n.Text, e.c.IO); err == nil {
				return types.Of(types.Int8), d, nil
			}
			d, err := types.Parse(types.Of(types.Numeric), n.Text, e.c.IO)
			return types.Of(types.Numeric), d, err
		case ast.ConstBool:
			return types.Of(types.Bool), types.NewBool(n.Bool()), nil
		}
		return types.Of(types.Unknown), types.NewString(n.Text), nil
	case *ast.Cast:
		t, d, err := e.eval(n.Arg)
		if err != nil {
			return t, d, err
		}
		to, err := typeOf(n.Type)
		if err != nil {
			return t, d, err
		}
		d, err = e.coerce(t, d, to)
		return to, d, err
	case *ast.Array:
		return e.array(n)
	case *ast.Row:
		var fields []types.RecordField
		for _, a := range n.Args {
			t, d, err := e.eval(a)
			if err != nil {
				return t, d, err
			}
			if t.OID == types.Unknown {
				t = types.Of(types.Text)
			}
			fields = append(fields, types.RecordField{Type: t, Value: d})
		}
		return types.Of(types.Record), types.BuildRecord(fields), nil
	case *ast.IsNull:
		_, d, err := e.eval(n.Arg)
		return types.Of(types.Bool), types.NewBool(d.IsNull() != n.Not), err
	case *ast.Operator:
		args := []ast.Expr{n.Right}
		if n.Left != nil {
			args = []ast.Expr{n.Left, n.Right}
		}
		ts, ds, err := e.evalAll(args)
		if err != nil {
			return types.Type{}, types.Null, err
		}
		var cands []candidate
		for _, o := range functions.Operators(n.Name) {
			cands = append(cands, candidate{fn: o.Fn})
		}
		return e.call(n.Name, cands, ts, ds, false)
	case *ast.Like:
		return e.eval(&ast.Operator{Name: "~~", Left: n.Left, Right: n.Pattern})
	case *ast.SQLValueFunction:
		names := map[ast.SQLFunc]string{ast.CurrentUser: "current_user", ast.SessionUser: "session_user", ast.CurrentSchema: "current_schema"}
		return e.call(names[n.Func], scalars(names[n.Func]), nil, nil, false)
	case *ast.FuncCall:
		ts, ds, err := e.evalAll(n.Args)
		if err != nil {
			return types.Type{}, types.Null, err
		}
		name := n.Name[len(n.Name)-1]
		return e.call(name, scalars(name), ts, ds, n.Variadic)
	}
	return types.Type{}, types.Null, fmt.Errorf("the test evaluator has no %T", n)
}

func (e *evaluator) evalAll(list []ast.Expr) (ts []types.Type, ds []types.Datum, err error) {
	for _, a := range list {
		t, d, err := e.eval(a)
		if err != nil {
			return nil, nil, err
		}
		ts, ds = append(ts, t), append(ds, d)
	}
	return ts, ds, nil
}

func (e *evaluator) array(n *ast.Array) (types.Type, types.Datum, error) {
	ts, ds, err := e.evalAll(n.Elems)
	if err != nil {
		return types.Type{}, types.Null, err
	}
	elem := types.Of(types.Text)
	for _, t := range ts {
		if t.OID != types.Unknown && (elem.OID == types.Text || t.OID == types.Numeric) {
			elem = t
		}
	}
	for i := range ds {
		if ds[i], err = e.coerce(ts[i], ds[i], elem); err != nil {
			return elem, types.Null, err
		}
	}
	if elem.IsArray() {
		var all []types.Datum
		var inner types.Array
		for _, d := range ds {
			inner = d.Array()
			all = append(all, inner.Elements()...)
		}
		dims := append([]types.ArrayDim{{Length: len(ds), Lower: 1}}, inner.Dims()...)
		d, err := types.BuildArrayDims(inner.ElemOID(), all, dims)
		return elem, d, err
	}
	return elem.ArrayOf(), types.BuildArray(elem.OID, ds), nil
}

func typeOf(n *ast.TypeName) (types.Type, error) {
	info := types.LookupName(n.Names[len(n.Names)-1])
	if info == nil {
		return types.Type{}, fmt.Errorf("no type %v", n.Names)
	}
	t := types.Of(info.OID)
	var mods []int32
	for _, m := range n.Mods {
		mods = append(mods, int32(m.(*ast.Const).Int))
	}
	if len(mods) > 0 {
		mod, err := types.ModFromArgs(t.OID, mods)
		if err != nil {
			return t, err
		}
		t.Mod = mod
	}
	for range n.Bounds {
		t = t.ArrayOf()
	}
	return t, nil
}

func (e *evaluator) coerce(from types.Type, d types.Datum, to types.Type) (types.Datum, error) {
	if d.IsNull() {
		return d, nil
	}
	if from.OID == types.Unknown {
		return types.Parse(to, d.S, e.c.IO)
	}
	if from.OID != to.OID {
		cast := functions.FindCast(from.OID, to.OID)
		if cast == nil {
			return d, fmt.Errorf("cannot cast %s to %s", from, to)
		}
		var err error
		switch {
		case cast.Fn != nil && from.IsArray():
			return d, fmt.Errorf("array cast %s to %s", from, to)
		case cast.Fn != nil:
			d, err = cast.Fn.RunDatum(e.c, functions.Signature{Args: []types.Type{from}, Returns: to}, []types.Datum{d})
		case cast.InOut:
			d, err = types.Parse(to, types.TextOf(from, d, e.c.IO), e.c.IO)
		}
		if err != nil {
			return d, err
		}
	}
	return types.ApplyMod(to, d, true)
}

type candidate struct {
	fn    *functions.Scalar
	table *functions.TableFunc
}

func scalars(name string) (out []candidate) {
	for _, f := range functions.Scalars(name) {
		out = append(out, candidate{fn: f})
	}
	return out
}

func (c candidate) shape() (args []types.Type, returns types.Type, defaults int, variadic bool) {
	if c.fn != nil {
		return c.fn.Args, c.fn.Returns, c.fn.Defaults, c.fn.Variadic
	}
	returns = types.Of(types.Record)
	if len(c.table.Columns) > 0 {
		returns = c.table.Columns[0].Type
	}
	return c.table.Args, returns, c.table.Defaults, c.table.Variadic
}

// match finds the candidate that needs the fewest conversions and converts.
func (e *evaluator) match(name string, cands []candidate, ts []types.Type, ds []types.Datum, spread bool) (candidate, functions.Signature, []types.Datum, error) {
	best, bestScore := -1, -1
	var bestArgs []types.Type
	for i, c := range cands {
		args, _, defaults, variadic := c.shape()
		want := args
		switch {
		case variadic && !spread:
			if len(ts) < len(args) {
				continue
			}
			last := args[len(args)-1]
			elem := last
			if last.OID != types.Any {
				elem = last.Elem()
			}
			want = append([]types.Type(nil), args[:len(args)-1]...)
			for len(want) < len(ts) {
				want = append(want, elem)
			}
		case len(ts) > len(args) || len(ts) < len(args)-defaults:
			continue
		}
		want = want[:len(ts)]
		score := 0
		for j, t := range ts {
			s := fits(t, want[j])
			if s < 0 {
				score = -1
				break
			}
			score += s
		}
		if score > bestScore {
			best, bestScore, bestArgs = i, score, want
		}
	}
	if best < 0 {
		return candidate{}, functions.Signature{}, nil, pgerror.New(pgerror.UndefinedFunction, "function %s%v does not exist", name, ts)
	}
	c := cands[best]
	args, returns, _, variadic := c.shape()
	var elem, array types.Type
	var rang *types.RangeType
	for j, t := range ts {
		switch bestArgs[j].OID {
		case types.AnyElement, types.AnyCompatible, types.AnyNonArray:
			if t.OID != types.Unknown && (elem.OID == 0 || t.OID == types.Numeric) {
				elem = t
			}
		case types.AnyArray, types.AnyCompatibleArray:
			if t.OID != types.Unknown {
				elem, array = t.Elem(), t
			}
		case types.AnyRange, types.AnyMultirange:
			if t.OID != types.Unknown {
				rang, elem = types.FindRange(t.OID), types.Of(types.FindRange(t.OID).Subtype)
			}
		}
	}
	if elem.OID == 0 {
		elem = types.Of(types.Text)
	}
	elem.Mod = -1
	if array.OID == 0 {
		array = elem.ArrayOf()
	}
	actual := func(t types.Type) types.Type {
		switch t.OID {
		case types.AnyElement, types.AnyCompatible, types.AnyNonArray:
			return elem
		case types.AnyArray, types.AnyCompatibleArray:
			return array
		case types.AnyRange:
			return types.Of(rang.Range)
		case types.AnyMultirange:
			return types.Of(rang.Multirange)
		}
		return t
	}
	out := make([]types.Datum, len(ds))
	sig := functions.Signature{Returns: actual(returns)}
	for j := range ds {
		want := actual(bestArgs[j])
		if want.OID == types.Any {
			if want = ts[j]; want.OID == types.Unknown {
				want = types.Of(types.Text)
			}
		}
		d, err := e.coerce(ts[j], ds[j], want)
		if err != nil {
			return c, sig, nil, err
		}
		out[j] = d
		sig.Args = append(sig.Args, want)
	}
	if last := len(args) - 1; variadic && !spread && args[last].OID != types.Any {
		arr := args[last]
		out = append(out[:last:last], types.BuildArray(arr.Elem().OID, out[last:]))
		sig.Args = append(sig.Args[:last:last], arr)
	}
	return c, sig, out, nil
}

// fits scores how well a value of type t fits a parameter, -1 if not at all.
func fits(t, want types.Type) int {
	switch {
	case t.OID == want.OID:
		return 1000
	case t.OID == types.Unknown && want.Category() == 'S':
		return 12
	case t.OID == types.Unknown && want.OID == types.AnyElement:
		return 10
	case t.OID == types.Unknown:
		if info := types.Lookup(want.OID); info != nil && info.Preferred {
			return 11
		}
		return 9
	case want.OID == types.Any, want.OID == types.AnyElement, want.OID == types.AnyCompatible:
		return 5
	case want.OID == types.AnyNonArray && !t.IsArray():
		return 5
	case (want.OID == types.AnyArray || want.OID == types.AnyCompatibleArray) && t.IsArray():
		return 6
	case want.OID == types.AnyRange && t.IsRange(), want.OID == types.AnyMultirange && t.IsMultirange():
		return 6
	}
	c := functions.FindCast(t.OID, want.OID)
	if c == nil || c.Context != functions.CastImplicit {
		return -1
	}
	if c.Fn == nil {
		return 20
	}
	if info := types.Lookup(want.OID); info != nil && info.Preferred {
		return 8
	}
	return 7
}

func (e *evaluator) call(name string, cands []candidate, ts []types.Type, ds []types.Datum, spread bool) (types.Type, types.Datum, error) {
	c, sig, args, err := e.match(name, cands, ts, ds, spread)
	if err != nil {
		return types.Type{}, types.Null, err
	}
	if c.fn.Resolve != nil {
		sig.Returns = c.fn.Resolve(sig.Args)
	}
	d, err := c.fn.RunDatum(e.c, sig, args)
	if err != nil {
		return sig.Returns, d, err
	}
	// Both ways of computing must agree.
	vals := make([]functions.Value, len(args))
	for i, a := range args {
		vals[i] = functions.Value{Array: functions.DatumArray(e.c, sig.Args[i].Phys(), a), Const: true}
	}
	out, err := c.fn.Run(e.c, sig, vals, 1)
	if err != nil {
		return sig.Returns, d, err
	}
	if b := types.DatumAt(out, 0); c.fn.Volatility != functions.Volatile && b != d {
		return sig.Returns, d, fmt.Errorf("the kernel of %s says %v, for one row it is %v", name, b, d)
	}
	return sig.Returns, d, nil
}

// definedColumns reads a column definition list like "(a int, b int[], c text)".
func definedColumns(list string) (cols []functions.Column) {
	for def := range strings.SplitSeq(strings.Trim(list, "()"), ", ") {
		name, typ, _ := strings.Cut(def, " ")
		typ, array := strings.CutSuffix(typ, "[]")
		info := types.LookupName(strings.Replace(typ, "int", "int4", 1))
		t := types.Of(info.OID)
		if array {
			t = types.Of(info.Array)
		}
		cols = append(cols, functions.Column{Name: name, Type: t})
	}
	return cols
}

func (e *evaluator) table(f *ast.FuncCall) (string, error) {
	name := f.Name[len(f.Name)-1]
	ts, ds, err := e.evalAll(f.Args)
	if err != nil {
		return "", err
	}
	var cands []candidate
	for _, t := range functions.TableFuncs(name) {
		cands = append(cands, candidate{table: t})
	}
	c, sig, args, err := e.match(name, cands, ts, ds, f.Variadic)
	if err != nil {
		return "", err
	}
	fn := c.table
	cols := fn.Columns
	if fn.Resolve != nil {
		cols = fn.Resolve(sig.Args)
	}
	if len(cols) == 1 {
		cols = []functions.Column{{Name: cols[0].Name, Type: cols[0].Type}}
		if info := types.Lookup(cols[0].Type.OID); info != nil && info.Type == 'p' {
			cols[0].Type = sig.Returns
		}
	}
	for _, a := range args {
		if fn.Strict && a.IsNull() {
			return "", nil
		}
	}
	open := fn.Open
	if fn.OpenRecord != nil {
		cols = definedColumns(e.columns)
		open = fn.OpenRecord(cols)
	}
	src, err := open(e.c, sig, args)
	if err != nil {
		return "", err
	}
	defer src.Close()
	var lines []string
	for {
		builders := make([]array.Builder, len(cols))
		for i, col := range cols {
			builders[i] = types.NewBuilder(e.c.Alloc, col.Type)
		}
		n, err := src.Next(e.c, 2, builders)
		if err != nil {
			return "", err
		}
		if n == 0 {
			break
		}
		arrays := make([]*strings.Builder, n)
		for i := range arrays {
			arrays[i] = &strings.Builder{}
		}
		for i, b := range builders {
			a := b.NewArray()
			if a.Len() != n {
				return "", fmt.Errorf("%s gave %d rows, said %d", name, a.Len(), n)
			}
			for r := range n {
				if i > 0 {
					arrays[r].WriteByte('|')
				}
				arrays[r].WriteString(e.show(cols[i].Type, types.DatumAt(a, r)))
			}
		}
		for _, l := range arrays {
			lines = append(lines, l.String())
		}
	}
	if n := 0; e.limit != "" {
		_, _ = fmt.Sscan(e.limit, &n)
		lines = lines[:min(n, len(lines))]
	}
	return strings.Join(lines, "\n"), nil
}
