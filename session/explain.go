package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func explainColumn(st *ast.Explain) plan.Column {
	c := textColumn("QUERY PLAN")
	for _, o := range st.Options {
		if o.Name == "format" && strings.EqualFold(o.Text(), "json") {
			c.Type = types.Of(types.JSON)
		}
	}
	return c
}

// explainMode is what an EXPLAIN asks for, and the times it took.
type explainMode struct {
	planner.ExplainOptions
	analyze, summary, json bool
	planning, execution    time.Duration
}

func explainOptions(st *ast.Explain) (opt explainMode, err error) {
	opt.Costs = true
	timing, timingSet, summarySet := false, false, false
	for _, o := range st.Options {
		b, ok := o.Bool()
		if o.Name == "format" {
			switch strings.ToLower(o.Text()) {
			case "text":
			case "json":
				opt.json = true
			case "xml", "yaml":
				return opt, pgerror.Unsupported("EXPLAIN (FORMAT %s)", strings.ToUpper(o.Text()))
			default:
				return opt, pgerror.New(pgerror.InvalidParameterValue, "unrecognized value for EXPLAIN option \"format\": %q", o.Text()).At(o.Loc())
			}
			continue
		}
		if !ok {
			return opt, pgerror.New(pgerror.SyntaxError, "%s requires a Boolean value", o.Name)
		}
		switch o.Name {
		case "analyze":
			opt.analyze = b
		case "verbose":
			opt.Verbose = b
		case "costs":
			opt.Costs = b
		case "timing":
			timing, timingSet = b, true
		case "summary":
			opt.summary, summarySet = b, true
		case "buffers", "settings", "wal":
			if b {
				return opt, pgerror.Unsupported("EXPLAIN option %s", strings.ToUpper(o.Name))
			}
		default:
			return opt, pgerror.New(pgerror.SyntaxError, "unrecognized EXPLAIN option %q", o.Name).At(o.Loc())
		}
	}
	if timing && !opt.analyze {
		return opt, pgerror.New(pgerror.InvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE")
	}
	opt.Timing = opt.analyze
	if timingSet {
		opt.Timing = timing
	}
	if !summarySet {
		opt.summary = opt.analyze
	}
	return opt, nil
}

// runExplain executes EXPLAIN [ANALYZE].
func (s *Session) runExplain(ctx context.Context, raw *ast.RawStmt, st *ast.Explain, out *outcome) error {
	opt, err := explainOptions(st)
	if err != nil {
		return err
	}
	inner, text, params := st.Stmt, raw.Text, []types.Datum(nil)
	if ex, ok := inner.(*ast.Execute); ok {
		p, values, err := s.executeParams(ctx, ex)
		if err != nil {
			return err
		}
		inner, text, params = p.raw.Stmt, p.raw.Text, values
	}
	if !isQuery(inner) {
		return pgerror.Unsupported("EXPLAIN %s", ast.Tag(inner))
	}
	began := time.Now()
	p, err := s.plan(ctx, inner, text, nil)
	if err != nil {
		return err
	}
	opt.planning = time.Since(began)
	if !opt.analyze {
		s.hintNotices(p.query)
	}
	var stats *executor.Stats
	if opt.analyze {
		stats = &executor.Stats{}
		began = time.Now()
		if err := s.drainPlan(ctx, p, params, stats); err != nil {
			return err
		}
		opt.execution = time.Since(began)
	}
	rows := s.explainRows(p, opt, stats)
	return s.simpleRows(out, []plan.Column{explainColumn(st)}, rows)
}

// drainPlan runs a plan and throws its rows away.
func (s *Session) drainPlan(ctx context.Context, p *planned, params []types.Datum, stats *executor.Stats) error {
	r, err := s.startWhole(ctx, p, params, stats)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		if err := r.next(ctx); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		r.pos = int(r.batch.NumRows())
	}
}

// explainRows prints the plan, one line a row in text form.
func (s *Session) explainRows(p *planned, opt explainMode, stats *executor.Stats) [][]types.Datum {
	opt.IO = s.io
	if stats != nil {
		opt.Stats = func(n plan.Node) *planner.NodeStats { return figures(stats.Of(n)) }
	}
	if opt.json {
		return [][]types.Datum{textRow(planner.ExplainJSON(p.query, opt.ExplainOptions))}
	}
	lines := planner.Explain(p.query, opt.ExplainOptions)
	if opt.summary {
		lines = append(lines, fmt.Sprintf("Planning Time: %.3f ms", millis(opt.planning)))
		if opt.analyze {
			lines = append(lines, fmt.Sprintf("Execution Time: %.3f ms", millis(opt.execution)))
		}
	}
	rows := make([][]types.Datum, len(lines))
	for i, line := range lines {
		rows[i] = textRow(line)
	}
	return rows
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// figures are a node's statistics as EXPLAIN prints them, nil if it never ran.
func figures(f *executor.NodeStats) *planner.NodeStats {
	if f.Loops == 0 {
		return nil
	}
	return &planner.NodeStats{
		Workers: f.Workers,

		Rows: f.Rows, Loops: f.Loops, StartupMs: millis(f.First), TotalMs: millis(f.Total),
		RowsRemoved: f.RowsRemoved, Memory: f.MemoryPeak, Spilled: f.SpillBytes, SpillParts: f.SpillParts,
	}
}
