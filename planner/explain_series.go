package planner

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/expr"
)

// seriesScan describes the scan of a time-series table: which series, which
// times, and what is left to filter.
func (x *explainer) seriesScan(n *plan.SeriesScan, e *explained) {
	e.kind, e.label = "Series Scan", " on "+x.table(n.Table, n.Alias)
	x.relationFields(e, n.Table, n.Alias)
	if n.Ordered || n.ByTime {
		e.fields = append(e.fields, Property{"Scan Direction", map[bool]string{false: "Forward", true: "Backward"}[n.Reverse]})
	}
	if n.Reverse {
		e.kind += " Backward"
	}
	if n.Parallel {
		e.kind = "Parallel " + e.kind
	}
	if n.Series != nil {
		e.add("Series", x.seriesCond(n))
	}
	if n.SeriesFrom != nil {
		e.add("Series From", "("+x.seriesNames(n)+" IN "+x.row(n.SeriesKeys)+")")
	}
	if len(n.Tags) > 0 {
		x.look(tableColumns(n), n.Alias)
		e.add("Tag Cond", x.cond(andOf(n.Tags)))
		x.bare = nil
	}
	time := expr.QuoteIdent(n.Table.Columns[n.Table.TimeSeries.Time-1].Name)
	var conds []string
	bounds := func(bs []plan.Bound, op string) {
		for _, b := range bs {
			o := op
			if b.Inclusive {
				o += "="
			}
			conds = append(conds, "("+time+" "+o+" "+x.expr(b.Value)+")")
		}
	}
	bounds(n.Lower, ">")
	bounds(n.Upper, "<")
	if len(conds) == 1 {
		e.add("Time Cond", conds[0])
	} else if len(conds) > 1 {
		e.add("Time Cond", "("+strings.Join(conds, " AND ")+")")
	}
	x.look(n.Cols, n.Alias)
	e.add("Filter", x.cond(n.Filter))
	x.bare = nil
	if n.ByTime {
		e.add("Order", expr.QuoteIdent(n.Table.Columns[n.Table.TimeSeries.Time-1].Name))
	}
	if n.PerSeries {
		e.add("Rows per Series", "1")
		if n.Oldest {
			e.add("Order", expr.QuoteIdent(n.Table.Columns[n.Table.TimeSeries.Time-1].Name))
		}
	} else if n.Limit > 0 && x.opt.Verbose {
		e.add("Limit", strconv.FormatInt(n.Limit, 10))
	}
}

// maxShownSeries is how many series EXPLAIN lists.
const maxShownSeries = 8

func (x *explainer) seriesCond(n *plan.SeriesScan) string {
	left := x.seriesNames(n)
	if len(n.Series) == 1 {
		return "(" + left + " = " + x.row(n.Series[0]) + ")"
	}
	var rows []string
	for i, s := range n.Series {
		if i == maxShownSeries {
			rows = append(rows, "... "+strconv.Itoa(len(n.Series)-i)+" more")
			break
		}
		rows = append(rows, x.row(s))
	}
	return "(" + left + " IN (" + strings.Join(rows, ", ") + "))"
}

// seriesNames lists the tags of a scan's table.
func (x *explainer) seriesNames(n *plan.SeriesScan) string {
	var names []string
	for _, num := range n.Table.TimeSeries.Tags {
		names = append(names, expr.QuoteIdent(n.Table.Columns[num-1].Name))
	}
	return rowText(names)
}

func (x *explainer) row(list []expr.Expr) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = x.expr(v)
	}
	return rowText(out)
}

func rowText(items []string) string {
	if len(items) == 1 {
		return items[0]
	}
	return "(" + strings.Join(items, ", ") + ")"
}

// tableColumns are the columns that conditions on tags refer to.
func tableColumns(n *plan.SeriesScan) []plan.Column {
	out := make([]plan.Column, len(n.Table.Columns))
	for i := range out {
		out[i].Name = n.Table.Columns[i].Name
	}
	return out
}

// andOf joins conditions.
func andOf(list []expr.Expr) expr.Expr {
	if len(list) == 1 {
		return list[0]
	}
	return &expr.Logic{Args: list}
}
