package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func explainColumn(st *ast.Explain) plan.Column {
	c := textColumn("QUERY PLAN")
	for _, o := range st.Options {
		if o.Name != "format" {
			continue
		}
		switch strings.ToLower(o.Text()) {
		case "json":
			c.Type = types.Of(types.JSON)
		case "xml":
			c.Type = types.Of(types.XML)
		default:
			c.Type = types.Of(types.Text)
		}
	}
	return c
}

// explainMode is what an EXPLAIN asks for, and the times it took.
type explainMode struct {
	planner.ExplainOptions
	analyze, summary, settings bool
	format                     string
	planning, execution        time.Duration
	traffic                    kv.Traffic
}

func explainOptions(st *ast.Explain) (opt *explainMode, err error) {
	opt = &explainMode{}
	opt.Costs, opt.format = true, "text"
	timing, timingSet, summarySet, wal := false, false, false, false
	for _, o := range st.Options {
		b, ok := o.Bool()
		if o.Name == "format" {
			if o.Arg == nil {
				return opt, pgerror.New(pgerror.SyntaxError, "%s requires a parameter", o.Name)
			}
			switch f := strings.ToLower(o.Text()); f {
			case "text", "json", "xml", "yaml":
				opt.format = f
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
		case "buffers":
			opt.Buffers = b
		case "settings":
			opt.settings = b
		case "wal":
			wal = b
		default:
			return opt, pgerror.New(pgerror.SyntaxError, "unrecognized EXPLAIN option %q", o.Name).At(o.Loc())
		}
	}
	switch {
	case wal && !opt.analyze:
		return opt, pgerror.New(pgerror.InvalidParameterValue, "EXPLAIN option WAL requires ANALYZE")
	case timing && !opt.analyze:
		return opt, pgerror.New(pgerror.InvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE")
	case wal:
		return opt, pgerror.Unsupported("EXPLAIN option WAL")
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
	opt.traffic.Within = kv.TrafficOf(ctx)
	inner, text, params := st.Stmt, raw.Text, []types.Datum(nil)
	switch of := inner.(type) {
	case *ast.Execute:
		p, values, err := s.executeParams(ctx, of)
		if err != nil {
			return err
		}
		inner, text, params = p.raw.Stmt, p.raw.Text, values
	case *ast.CreateTableAs:
		if !opt.analyze { // which would have to make the table
			inner = of.Query
		}
	case *ast.DeclareCursor:
		inner = of.Query
	case *ast.RefreshMaterializedView:
		return s.simpleRows(out, []plan.Column{explainColumn(st)}, [][]types.Datum{textRow(planner.ExplainUtility(opt.format))})
	}
	if !isQuery(inner) {
		return pgerror.Unsupported("EXPLAIN %s", ast.Tag(inner))
	}
	began := time.Now()
	p, err := s.plan(ctx, inner, text, nil)
	if err != nil {
		return err
	}
	if p.query.ConstantError != nil {
		return p.query.ConstantError
	}
	opt.planning = time.Since(began)
	if !opt.analyze {
		s.hintNotices(p.query)
	}
	var stats *executor.Stats
	if opt.analyze {
		stats = &executor.Stats{}
		began = time.Now()
		if err := s.drainPlan(kv.WithTraffic(ctx, &opt.traffic), p, params, stats); err != nil {
			return err
		}
		opt.execution = time.Since(began)
	}
	if opt.Schema, err = s.schemaNames(ctx); err != nil {
		return err
	}
	rows := s.explainRows(p, opt, stats)
	return s.simpleRows(out, []plan.Column{explainColumn(st)}, rows)
}

// schemaNames names schemas as EXPLAIN VERBOSE does: any temporary one is pg_temp.
func (s *Session) schemaNames(ctx context.Context) (func(catalog.OID) string, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return func(id catalog.OID) string {
		schema := snap.SchemaByID(id)
		switch {
		case schema == nil:
			return ""
		case strings.HasPrefix(schema.Name, tempSchemaPrefix):
			return "pg_temp"
		}
		return schema.Name
	}, nil
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
func (s *Session) explainRows(p *planned, opt *explainMode, stats *executor.Stats) [][]types.Datum {
	opt.IO = s.io
	if stats != nil {
		opt.Stats = func(n plan.Node) *planner.NodeStats { return figures(stats.Of(n)) }
	}
	if opt.settings {
		opt.Summary = append(opt.Summary, planner.Property{Name: "Settings", Value: s.changedMethods()})
	}
	if from := s.readingFrom(p.query); from != "" {
		opt.Summary = append(opt.Summary, planner.Property{Name: "Read From", Value: from})
	}
	if opt.summary {
		opt.Summary = append(opt.Summary, planner.Property{Name: "Planning Time", Value: millis(opt.planning)})
	}
	if opt.analyze && opt.format != "text" {
		opt.Summary = append(opt.Summary, planner.Property{Name: "Triggers", Value: [][]planner.Property{}})
	}
	if c := opt.traffic.Counts(); opt.summary && c.Total() > 0 {
		opt.Summary = append(opt.Summary, trafficFigures(&c, opt)...)
	}
	if opt.summary && opt.analyze {
		opt.Summary = append(opt.Summary, planner.Property{Name: "Execution Time", Value: millis(opt.execution)})
	}
	if opt.format != "text" {
		return [][]types.Datum{textRow(planner.ExplainFormat(p.query, opt.ExplainOptions, opt.format))}
	}
	lines := planner.Explain(p.query, opt.ExplainOptions)
	rows := make([][]types.Datum, len(lines))
	for i, line := range lines {
		rows[i] = textRow(line)
	}
	return rows
}

// trafficFigures are the requests that a statement sent to a store over a network,
// without its commit's.
func trafficFigures(c *kv.TrafficCounts, opt *explainMode) []planner.Property {
	kinds := slices.Sorted(maps.Keys(c.Requests))
	if opt.format == "text" {
		parts := make([]string, len(kinds))
		for i, kind := range kinds {
			parts[i] = fmt.Sprintf("%s=%d", kind, c.Requests[kind])
		}
		line := fmt.Sprintf("requests=%d (%s) sent=%d received=%d retries=%d", c.Total(), strings.Join(parts, " "), c.Sent, c.Received, c.Retries)
		if opt.Timing {
			line += fmt.Sprintf(" waited=%.3f ms timestamps=%.3f ms", millis(c.Waited), millis(c.TimestampWait))
		}
		return []planner.Property{{Name: "Store Traffic", Value: line}}
	}
	var requests []planner.Property
	for _, kind := range kinds {
		requests = append(requests, planner.Property{Name: kind, Value: c.Requests[kind]})
	}
	out := []planner.Property{
		{Name: "Store Requests", Value: requests},
		{Name: "Store Bytes Sent", Value: c.Sent},
		{Name: "Store Bytes Received", Value: c.Received},
		{Name: "Store Retries", Value: c.Retries},
	}
	if opt.Timing {
		out = append(out,
			planner.Property{Name: "Store Wait Time", Value: millis(c.Waited)},
			planner.Property{Name: "Timestamp Wait Time", Value: millis(c.TimestampWait)})
	}
	return out
}

// changedMethods are the planner's settings that differ from their defaults.
func (s *Session) changedMethods() []planner.Property {
	out := []planner.Property{}
	for _, def := range settingsTable {
		if v := s.settings.get(def); plannerSetting(def) && v != def.def {
			out = append(out, planner.Property{Name: def.name, Value: v})
		}
	}
	return out
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// figures are a node's statistics as EXPLAIN prints them, nil if it never ran.
func figures(f *executor.NodeStats) *planner.NodeStats {
	if f.Loops == 0 {
		return nil
	}
	out := &planner.NodeStats{
		Workers: f.Workers,

		Rows: f.Rows, Loops: f.Loops, StartupMs: millis(f.First), TotalMs: millis(f.Total),
		RowsRemoved: f.RowsRemoved, Memory: f.MemoryPeak, Spilled: f.SpillBytes, SpillParts: f.SpillParts,
		Batches: f.Batches, Bytes: f.Bytes,
	}
	if f.Merged != nil {
		out.Merged = (*planner.MergeFigures)(f.Merged)
	}
	if f.Series != nil {
		out.ExtraProperties = seriesFigures(f.Series)
	}
	return out
}

// seriesFigures are what a scan of a time-series table read, over all loops.
func seriesFigures(f *executor.SeriesFigures) (out []planner.Property) {
	add := func(name string, v int64) { out = append(out, planner.Property{Name: name, Value: v}) }
	if f.Matched >= 0 {
		add("Series Matched", f.Matched)
	}
	add("Partitions Read", f.Partitions)
	add("Deltas Read", f.Deltas)
	add("Blocks Read", f.BlocksRead)
	add("Blocks Pruned", f.BlocksPruned)
	if f.FromHeaders > 0 {
		add("Blocks Answered from Headers", f.FromHeaders)
	}
	add("Bytes Decoded", f.BytesDecoded)
	return out
}
