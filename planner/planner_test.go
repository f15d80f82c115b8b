package planner_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/physical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestPlans runs the golden files: tables from CREATE TABLE text, then plans,
// error messages with positions, parameter types and result columns.
func TestPlans(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		env := newEnv()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "ddl":
				if err := env.exec(d.Input); err != nil {
					return "ERROR: " + err.Error() + "\n"
				}
				return ""
			case "stats":
				if err := env.stats(d.Input); err != nil {
					return "ERROR: " + err.Error() + "\n"
				}
				return ""
			case "plan":
				return env.explain(d, false)
			case "cost":
				return env.explain(d, true)
			case "rewrite":
				return env.rewrite(t, d)
			case "columns":
				return env.columns(d)
			case "error":
				_, err := env.plan(d.Input, planner.Options{})
				if err == nil {
					return "no error\n"
				}
				return describe(err, d.Input)
			}
			d.Fatalf(t, "unknown command %q", d.Cmd)
			return ""
		})
	})
}

type env struct {
	snap *catalog.Snapshot
	b    *catalog.Builder
}

func (e *env) options(opts planner.Options) planner.Options {
	opts.Catalog = e.snapshot()
	opts.SearchPath = []string{"pg_catalog", "public"}
	opts.Database, opts.User = "tidemark", "tidemark"
	return opts
}

func (e *env) plan(sql string, opts planner.Options) (*plan.Query, error) {
	stmts, err := parser.Parse(sql)
	if err != nil {
		return nil, err
	}
	if len(stmts) != 1 {
		return nil, fmt.Errorf("%d statements", len(stmts))
	}
	return planner.Plan(context.Background(), stmts[0].Stmt, e.options(opts))
}

func (e *env) explain(d *datadriven.TestData, costs bool) string {
	opts := planner.Options{Text: d.Input}
	if arg, ok := d.Arg("disable"); ok {
		for _, name := range arg.Vals {
			m := physical.Method("enable_" + name)
			if m == 0 {
				return "unknown method " + name + "\n"
			}
			opts.Disabled |= m
		}
	}
	if arg, ok := d.Arg("workers"); ok {
		opts.Parallel.Workers, _ = strconv.Atoi(arg.Vals[0])
	}
	opts.PushDown.On = d.HasArg("pushdown")
	if arg, ok := d.Arg("cache"); ok {
		opts.CacheBytes, _ = strconv.ParseFloat(arg.Vals[0], 64)
	}
	if arg, ok := d.Arg("store-cache"); ok {
		opts.StoreCacheBytes, _ = strconv.ParseFloat(arg.Vals[0], 64)
	}
	q, err := e.plan(d.Input, opts)
	if err != nil {
		return describe(err, d.Input)
	}
	if arg, ok := d.Arg("format"); ok {
		return planner.ExplainFormat(q, planner.ExplainOptions{Costs: costs, Verbose: d.HasArg("verbose")}, arg.Vals[0]) + "\n"
	}
	return notices(q) + strings.Join(planner.Explain(q, planner.ExplainOptions{Costs: costs, Verbose: d.HasArg("verbose")}), "\n") + "\n"
}

func notices(q *plan.Query) string {
	out := ""
	for _, n := range q.Notices {
		out += "NOTICE:  " + n + "\n"
	}
	return out
}

// rewrite prints a plan and checks which rules fired: expect=Name, expect-not=Name.
func (e *env) rewrite(t *testing.T, d *datadriven.TestData) string {
	fired := map[string]bool{}
	q, err := e.plan(d.Input, planner.Options{Text: d.Input, Fired: func(rule string) { fired[rule] = true }})
	if err != nil {
		return describe(err, d.Input)
	}
	for _, arg := range d.CmdArgs {
		for _, name := range arg.Vals {
			if want := arg.Key == "expect"; fired[name] != want {
				t.Errorf("%s: rule %s fired: %v, want %v", d.Pos, name, fired[name], want)
			}
		}
	}
	return strings.Join(planner.Explain(q, planner.ExplainOptions{}), "\n") + "\n"
}

// columns prints the result columns and parameter types.
func (e *env) columns(d *datadriven.TestData) string {
	q, err := e.plan(d.Input, planner.Options{})
	if err != nil {
		return describe(err, d.Input)
	}
	var b strings.Builder
	for _, c := range q.Root.Columns() {
		fmt.Fprintf(&b, "%s %s\n", c.Name, types.Format(c.Type))
	}
	for i, p := range q.ParamTypes {
		fmt.Fprintf(&b, "$%d %s\n", i+1, types.Format(p))
	}
	return b.String()
}

// describe prints an error as psql does, with the place it points at.
func describe(err error, sql string) string {
	var e *pgerror.Error
	if !errors.As(err, &e) {
		return "not a user error: " + err.Error() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ERROR:  %s: %s\n", e.Code, e.Message)
	if o := e.Offset(); o >= 0 && o <= len(sql) {
		start := strings.LastIndexByte(sql[:o], '\n') + 1
		end := len(sql)
		if i := strings.IndexByte(sql[o:], '\n'); i >= 0 {
			end = o + i
		}
		line := fmt.Sprintf("LINE %d: ", strings.Count(sql[:o], "\n")+1)
		fmt.Fprintf(&b, "%s%s\n%s^\n", line, sql[start:end], strings.Repeat(" ", len(line)+o-start))
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, "DETAIL:  %s\n", e.Detail)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "HINT:  %s\n", e.Hint)
	}
	return b.String()
}

var (
	firedRule  = regexp.MustCompile(`fire\("(\w+)"\)`)
	caseOfRule = regexp.MustCompile(`(?m)^rewrite (expect(?:-not)?)=\(?([\w,]+)`)
)

// TestRulesHaveCases: each rule has golden cases in which it fires and in which
// it does not.
func TestRulesHaveCases(t *testing.T) {
	cases := map[string]bool{}
	eachMatch(t, "testdata/*", caseOfRule, func(m []string) {
		for name := range strings.SplitSeq(m[2], ",") {
			cases[m[1]+" "+name] = true
		}
	})
	rules := 0
	eachMatch(t, "rules/*.go", firedRule, func(m []string) {
		rules++
		for _, kind := range []string{"expect", "expect-not"} {
			if !cases[kind+" "+m[1]] {
				t.Errorf("testdata has no case rewrite %s=%s", kind, m[1])
			}
		}
	})
	if rules < 20 {
		t.Errorf("found %d rules", rules)
	}
}

func eachMatch(t *testing.T, glob string, pattern *regexp.Regexp, f func([]string)) {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
			f(m)
		}
	}
}
