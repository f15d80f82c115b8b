package sqlfuzz

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed operators.txt
var operatorsText string

//go:embed aggregates.txt
var aggregatesText string

//go:embed ordered_aggregates.txt
var orderedAggregatesText string

// template is an expression with holes for subexpressions.
type template struct {
	// result is the type, or any.
	result Type
	// fails marks what raises an error for some values.
	fails bool
	// pieces are the text around the holes: one more than holes.
	pieces []string
	// holes are types, any, or the number of an earlier hole.
	holes []string
}

// any is the type that a template's user chooses.
const anyType Type = "A"

// templates finds templates by the type they give.
type templates struct {
	all    []*template
	byType map[Type][]*template
}

var (
	operators         = parseTemplates(operatorsText)
	aggregates        = parseTemplates(aggregatesText)
	orderedAggregates = parseTemplates(orderedAggregatesText)
)

func parseTemplates(text string) *templates {
	ts := &templates{byType: map[Type][]*template{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		head, body, _ := strings.Cut(line, " = ")
		name, fails := strings.CutSuffix(head, " !")
		t := &template{result: Type(name), fails: fails}
		for {
			before, rest, found := strings.Cut(body, "{")
			t.pieces = append(t.pieces, before)
			if !found {
				break
			}
			var hole string
			hole, body, _ = strings.Cut(rest, "}")
			t.holes = append(t.holes, hole)
		}
		ts.add(t)
	}
	return ts
}

func (ts *templates) add(t *template) {
	ts.all = append(ts.all, t)
	if t.result != anyType {
		ts.byType[t.result] = append(ts.byType[t.result], t)
		return
	}
	for i := range typeTable {
		name := typeTable[i].name
		if t.makesArray() && strings.HasPrefix(string(name), "_") { // arrays of arrays differ in shape
			continue
		}
		ts.byType[name] = append(ts.byType[name], t)
	}
}

// makesArray says that the template makes an array of its own type.
func (t *template) makesArray() bool {
	return slices.ContainsFunc(t.pieces, func(s string) bool { return strings.Contains(s, "ARRAY[") })
}

// fill writes a template; arg makes a subexpression of a type.
func (t *template) fill(a Type, arg func(Type) string) string {
	var b strings.Builder
	var args []string
	for i, piece := range t.pieces {
		b.WriteString(piece)
		if i == len(t.holes) {
			break
		}
		var text string
		hole := t.holes[i]
		if n, err := strconv.Atoi(hole); err == nil {
			text = args[n]
		} else if hole == string(anyType) {
			text = arg(a)
		} else if typesByName[Type(hole)] == nil {
			panic(fmt.Sprintf("no type %q in a template", hole))
		} else {
			text = arg(Type(hole))
		}
		args = append(args, text)
		b.WriteString(text)
	}
	return b.String()
}
