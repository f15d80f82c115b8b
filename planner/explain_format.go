package planner

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/plan"
)

// millisValue is a time that is printed with three digits.
type millisValue float64

// costValue is a cost, printed with two digits.
type costValue float64

// ExplainFormat prints a plan as EXPLAIN (FORMAT ...) does; format is "json",
// "yaml" or "xml".
func ExplainFormat(q *plan.Query, opt ExplainOptions, format string) string {
	x := &explainer{opt: opt}
	top := []Property{{"Plan", x.tree(x.node(q.Root, ""))}}
	for _, p := range opt.Summary {
		if f, ok := p.Value.(float64); ok {
			p.Value = millisValue(f)
		}
		top = append(top, p)
	}
	var b strings.Builder
	switch format {
	case "yaml":
		b.WriteString("- ")
		writeYAML(&b, top, 1)
	case "xml":
		b.WriteString("<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Query>\n")
		writeXML(&b, top, 2)
		b.WriteString("  </Query>\n</explain>")
	default:
		b.WriteString("[\n  ")
		writeJSON(&b, top, 1)
		b.WriteString("\n]")
	}
	return b.String()
}

// ExplainUtility is what EXPLAIN prints of a statement that has no plan.
func ExplainUtility(format string) string {
	switch format {
	case "json":
		return "[\n  \"Utility Statement\"\n]"
	case "yaml":
		return "- \"Utility Statement\""
	case "xml":
		return "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Utility-Statement />\n</explain>"
	}
	return "Utility statements have no plan structure"
}

// nodeTypes gives the structured formats' Node Type of what the text form
// prints otherwise, and what else it says.
var nodeTypes = map[string][]Property{
	"HashAggregate":  {{"Node Type", "Aggregate"}, {"Strategy", "Hashed"}, {"Partial Mode", "Simple"}},
	"GroupAggregate": {{"Node Type", "Aggregate"}, {"Strategy", "Sorted"}, {"Partial Mode", "Simple"}},
	"MixedAggregate": {{"Node Type", "Aggregate"}, {"Strategy", "Mixed"}, {"Partial Mode", "Simple"}},
	"Aggregate":      {{"Node Type", "Aggregate"}, {"Strategy", "Plain"}, {"Partial Mode", "Simple"}},
	"Insert":         {{"Node Type", "ModifyTable"}, {"Operation", "Insert"}},
	"Update":         {{"Node Type", "ModifyTable"}, {"Operation", "Update"}},
	"Delete":         {{"Node Type", "ModifyTable"}, {"Operation", "Delete"}},
}

// nodeType are the first fields of a node.
func nodeType(e *explained) []Property {
	kind := e.kind
	mode := "Simple"
	for _, word := range []string{"Partial", "Finalize"} {
		if rest, ok := strings.CutPrefix(kind, word+" "); ok {
			kind, mode = rest, word
		}
	}
	if list, ok := nodeTypes[kind]; ok {
		out := append([]Property(nil), list...)
		for i := range out {
			if out[i].Name == "Partial Mode" {
				out[i].Value = mode
			}
		}
		return out
	}
	if command, ok := strings.CutPrefix(kind, "HashSetOp "); ok {
		return []Property{{"Node Type", "SetOp"}, {"Strategy", "Hashed"}, {"Command", command}}
	}
	for _, join := range []string{"Hash", "Merge", "Lookup", "Nested Loop"} {
		if rest, ok := strings.CutPrefix(kind, join); ok && e.isJoin() {
			name := join
			if join != "Nested Loop" {
				name += " Join"
			}
			typ := strings.TrimSpace(strings.TrimSuffix(rest, "Join"))
			if typ == "" {
				typ = "Inner"
			}
			return []Property{{"Node Type", name}, {"Join Type", typ}}
		}
	}
	kind = strings.TrimPrefix(kind, "Parallel ")
	return []Property{{"Node Type", kind}}
}

func (e *explained) isJoin() bool {
	switch e.core.(type) {
	case *plan.HashJoin, *plan.MergeJoin, *plan.AsofJoin, *plan.LookupJoin, *plan.NestedLoop:
		return e.kind != "Hash"
	}
	return false
}

// tree is a node as a list of fields in PostgreSQL's order.
func (x *explainer) tree(e *explained) []Property {
	kind := nodeType(e)
	out := append([]Property(nil), kind...)
	var join []Property
	if e.isJoin() {
		out, join = kind[:1:1], kind[1:]
	}
	if e.relation != "" {
		out = append(out, Property{"Parent Relationship", e.relation})
	}
	if e.subname != "" {
		out = append(out, Property{"Subplan Name", e.subname})
	}
	out = append(out, Property{"Parallel Aware", strings.HasPrefix(e.kind, "Parallel ")}, Property{"Async Capable", false})
	out = append(append(out, join...), e.fields...)
	unique := []Property(nil)
	if e.isJoin() {
		l, ok := e.core.(*plan.LookupJoin)
		unique = []Property{{"Inner Unique", ok && l.Right.PointGet}}
	}
	if x.opt.Costs {
		c := e.node.Estimate()
		out = append(out, Property{"Startup Cost", costValue(c.Startup)}, Property{"Total Cost", costValue(c.Total)},
			Property{"Plan Rows", int64(c.Rows + 0.5)}, Property{"Plan Width", int64(c.Width)})
	}
	if x.opt.Stats != nil {
		out = append(out, x.actual(e)...)
	}
	if len(e.output) > 0 {
		out = append(out, Property{"Output", e.output})
	}
	out = append(append(out, unique...), e.props...)
	if x.opt.Stats != nil {
		out = append(out, x.statFields(e)...)
	}
	if len(e.children) > 0 {
		plans := make([][]Property, len(e.children))
		for i, c := range e.children {
			plans[i] = x.tree(c)
		}
		out = append(out, Property{"Plans", plans})
	}
	return out
}

func (x *explainer) actual(e *explained) (out []Property) {
	s := x.opt.Stats(e.node)
	if s == nil {
		s = &NodeStats{}
	}
	loops := float64(max(s.Loops, 1))
	if x.opt.Timing {
		out = append(out, Property{"Actual Startup Time", millisValue(s.StartupMs / loops)}, Property{"Actual Total Time", millisValue(s.TotalMs / loops)})
	}
	return append(out, Property{"Actual Rows", int64(float64(s.Rows)/loops + 0.5)}, Property{"Actual Loops", s.Loops})
}

// scalar prints a single value; quote prints strings.
func scalar(v any, quote func(string) string) string {
	switch v := v.(type) {
	case costValue:
		return fmt.Sprintf("%.2f", float64(v))
	case millisValue:
		return fmt.Sprintf("%.3f", float64(v))
	case string:
		return quote(v)
	}
	return fmt.Sprint(v)
}

func quoteJSON(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string is always encoded
	return strings.TrimSuffix(b.String(), "\n")
}

func quoteList(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = quoteJSON(s)
	}
	return out
}

// writeJSON writes an object whose opening brace stands at a depth.
func writeJSON(b *strings.Builder, fields []Property, depth int) {
	pad := strings.Repeat("  ", depth)
	b.WriteString("{")
	for i, f := range fields {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n" + pad + "  " + quoteJSON(f.Name) + ": ")
		switch v := f.Value.(type) {
		case []string:
			b.WriteString("[" + strings.Join(quoteList(v), ", ") + "]")
		case []Property:
			writeJSON(b, v, depth+1)
		case [][]Property:
			b.WriteString("[")
			for k, c := range v {
				if k > 0 {
					b.WriteString(",")
				}
				b.WriteString("\n" + pad + "    ")
				writeJSON(b, c, depth+2)
			}
			b.WriteString("\n" + pad + "  ]")
		default:
			b.WriteString(scalar(v, quoteJSON))
		}
	}
	b.WriteString("\n" + pad + "}")
}

// writeYAML writes fields; the first stands where the cursor is.
func writeYAML(b *strings.Builder, fields []Property, depth int) {
	pad := strings.Repeat("  ", depth)
	for i, f := range fields {
		if i > 0 {
			b.WriteString("\n" + pad)
		}
		b.WriteString(f.Name + ": ")
		switch v := f.Value.(type) {
		case []string:
			for _, s := range quoteList(v) {
				b.WriteString("\n" + pad + "  - " + s)
			}
		case []Property:
			if len(v) > 0 {
				b.WriteString("\n" + pad + "  ")
				writeYAML(b, v, depth+1)
			}
		case [][]Property:
			for _, c := range v {
				b.WriteString("\n" + pad + "  - ")
				writeYAML(b, c, depth+2)
			}
		default:
			b.WriteString(scalar(v, quoteJSON))
		}
	}
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\"", "&quot;", "\r", "&#x0d;")

// xmlName is a property's name as an element's.
func xmlName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, s)
}

func writeXML(b *strings.Builder, fields []Property, depth int) {
	pad := strings.Repeat("  ", depth)
	for _, f := range fields {
		name := xmlName(f.Name)
		switch v := f.Value.(type) {
		case []string:
			b.WriteString(pad + "<" + name + ">\n")
			for _, s := range v {
				b.WriteString(pad + "  <Item>" + xmlEscaper.Replace(s) + "</Item>\n")
			}
			b.WriteString(pad + "</" + name + ">\n")
		case []Property:
			b.WriteString(pad + "<" + name + ">\n")
			writeXML(b, v, depth+1)
			b.WriteString(pad + "</" + name + ">\n")
		case [][]Property:
			b.WriteString(pad + "<" + name + ">\n")
			for _, c := range v {
				b.WriteString(pad + "  <Plan>\n")
				writeXML(b, c, depth+2)
				b.WriteString(pad + "  </Plan>\n")
			}
			b.WriteString(pad + "</" + name + ">\n")
		default:
			b.WriteString(pad + "<" + name + ">" + scalar(v, xmlEscaper.Replace) + "</" + name + ">\n")
		}
	}
}
