package ddl

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// createSequence executes CREATE SEQUENCE.
func createSequence(env *Env, st *ast.CreateSequence) error {
	schema, err := creationSchema(env, st.Sequence)
	if err != nil {
		return err
	}
	if relationTaken(env, schema.ID, nil)(st.Sequence.Name) {
		if st.IfNotExists {
			env.Notice(pgerror.NewNotice("relation %q already exists, skipping", st.Sequence.Name).WithCode(pgerror.DuplicateTable))
			return nil
		}
		return pgerror.New(pgerror.DuplicateTable, "relation %q already exists", st.Sequence.Name)
	}
	typ := types.Int8
	for _, o := range st.Options {
		if o.Name == "as" {
			if typ, err = sequenceType(env, o); err != nil {
				return err
			}
		}
	}
	seq, err := newSequence(typ, st.Options, env)
	if err != nil {
		return err
	}
	t := &catalog.Table{
		Name: st.Sequence.Name, Schema: schema.ID, Kind: catalog.KindSequence, Owner: roleID(env, env.User),
		Temporary: st.Sequence.Persistence == ast.Temporary, Unlogged: st.Sequence.Persistence == ast.Unlogged, Sequence: seq,
	}
	if err := env.Editor.CreateTable(t); err != nil {
		return err
	}
	return ownSequence(env, t.ID, st.Options)
}

// alterSequence executes ALTER SEQUENCE with options.
func alterSequence(env *Env, st *ast.AlterSequence) error {
	t := findTable(env, st.Sequence)
	if t == nil {
		if st.IfExists {
			env.Notice(pgerror.NewNotice("relation %q does not exist, skipping", st.Sequence.Name))
			return nil
		}
		return undefinedRelation(env, st.Sequence).At(st.Sequence.Loc())
	}
	if t.Kind != catalog.KindSequence {
		return pgerror.New(pgerror.WrongObjectType, "%q is not a sequence", t.Name)
	}
	return changeSequence(env, t, st.Options)
}

// changeSequence gives a sequence other options. RESTART is transactional: the
// sequence gets a new state, which others see after the commit.
func changeSequence(env *Env, t *catalog.Table, opts []*ast.Option) error {
	next := t.Clone()
	s := next.Sequence
	set, err := sequenceNumbers(opts)
	if err != nil {
		return err
	}
	var restart *int64
	for _, o := range opts {
		switch o.Name {
		case "as":
			typ, err := sequenceType(env, o)
			if err != nil {
				return err
			}
			lowest, highest := sequenceRange(s.Type)
			newLow, newHigh := sequenceRange(typ)
			if s.Max == highest && s.Increment > 0 {
				s.Max = newHigh
			}
			if s.Min == lowest && s.Increment < 0 {
				s.Min = newLow
			}
			s.Type = typ
		case "cycle":
			s.Cycle, _ = o.Bool()
		case "restart":
			if v, ok := set["restart"]; ok {
				restart = &v
			} else {
				restart = &s.Start
			}
		case "minvalue", "maxvalue":
			if o.Arg == nil {
				noLimit(s, set, o.Name)
			}
		}
	}
	if err := applySequence(s, set); err != nil {
		return err
	}
	if restart != nil {
		v := *restart
		if v < s.Min {
			return pgerror.New(pgerror.InvalidParameterValue, "RESTART value (%d) cannot be less than MINVALUE (%d)", v, s.Min)
		}
		if v > s.Max {
			return pgerror.New(pgerror.InvalidParameterValue, "RESTART value (%d) cannot be greater than MAXVALUE (%d)", v, s.Max)
		}
		if err := restartSequence(env, next, v); err != nil {
			return err
		}
	} else {
		last, _, _, err := env.Catalog.SequenceState(context.Background(), t)
		if err != nil {
			return err
		}
		if last < s.Min {
			return pgerror.New(pgerror.InvalidParameterValue, "RESTART value (%d) cannot be less than MINVALUE (%d)", last, s.Min)
		}
		if last > s.Max {
			return pgerror.New(pgerror.InvalidParameterValue, "RESTART value (%d) cannot be greater than MAXVALUE (%d)", last, s.Max)
		}
		if err := env.Editor.UpdateTable(next); err != nil {
			return err
		}
	}
	return ownSequence(env, t.ID, opts)
}

// noLimit is NO MINVALUE and NO MAXVALUE: the type's limit or 1.
func noLimit(s *catalog.Sequence, set map[string]int64, name string) {
	up := s.Increment > 0
	if n, ok := set["increment"]; ok {
		up = n > 0
	}
	lowest, highest := sequenceRange(s.Type)
	switch {
	case name == "minvalue" && up:
		s.Min = 1
	case name == "minvalue":
		s.Min = lowest
	case up:
		s.Max = highest
	default:
		s.Max = -1
	}
}

// ownSequence executes OWNED BY.
func ownSequence(env *Env, id catalog.OID, opts []*ast.Option) error {
	for _, o := range opts {
		if o.Name != "owned_by" {
			continue
		}
		var names []string
		switch arg := o.Arg.(type) {
		case *ast.ColumnRef:
			names = arg.Names
		case *ast.List:
			for _, item := range arg.Items {
				names = append(names, (&ast.Option{Arg: item}).Text())
			}
		default:
			names = strings.Split(o.Text(), ".")
		}
		seq := env.Editor.Snapshot().TableByID(id).Clone()
		if owner := env.Editor.Snapshot().TableByID(seq.Sequence.OwnerTable); owner != nil {
			if c := owner.Columns[seq.Sequence.OwnerColumn-1]; c.Identity != 0 && c.Sequence == id {
				return pgerror.New(pgerror.FeatureNotSupported, "cannot change ownership of identity sequence").
					WithDetail("Sequence %q is linked to table %q.", seq.Name, owner.Name)
			}
		}
		if len(names) == 1 {
			if names[0] != "none" {
				return pgerror.New(pgerror.SyntaxError, "invalid OWNED BY option").WithHint("Specify OWNED BY table.column or OWNED BY NONE.")
			}
			seq.Sequence.OwnerTable, seq.Sequence.OwnerColumn = 0, 0
			return env.Editor.UpdateTable(seq)
		}
		t, err := needTable(env, rangeVar(o.Pos, names[:len(names)-1]))
		if err != nil {
			return err
		}
		if t.Kind != catalog.KindTable && t.Kind != catalog.KindView {
			return pgerror.New(pgerror.WrongObjectType, "sequence cannot be owned by relation %q", t.Name)
		}
		if t.Owner != seq.Owner {
			return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "sequence must have same owner as table it is linked to")
		}
		if t.Schema != seq.Schema {
			return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "sequence must be in same schema as table it is linked to")
		}
		col, err := needColumn(t, names[len(names)-1])
		if err != nil {
			return err
		}
		seq.Sequence.OwnerTable, seq.Sequence.OwnerColumn = t.ID, col.Num
		return env.Editor.UpdateTable(seq)
	}
	return nil
}

func sequenceType(env *Env, o *ast.Option) (types.OID, error) {
	tn, ok := o.Arg.(*ast.TypeName)
	if !ok {
		return 0, pgerror.New(pgerror.SyntaxError, "AS needs a type")
	}
	t, err := planner.ResolveType(tn, env.PlanOptions())
	if err != nil {
		return 0, err
	}
	switch t.OID {
	case types.Int2, types.Int4, types.Int8:
		return t.OID, nil
	}
	return 0, pgerror.New(pgerror.InvalidParameterValue, "sequence type must be smallint, integer, or bigint")
}

// sequenceRange is the range of a sequence's type.
func sequenceRange(typ types.OID) (lowest, highest int64) {
	switch typ {
	case types.Int2:
		return math.MinInt16, math.MaxInt16
	case types.Int4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// sequenceNumbers reads the options that are numbers.
func sequenceNumbers(opts []*ast.Option) (map[string]int64, error) {
	set := map[string]int64{}
	seen := map[string]bool{}
	for _, o := range opts {
		if seen[o.Name] {
			return nil, pgerror.New(pgerror.SyntaxError, "conflicting or redundant options").At(o.Loc())
		}
		seen[o.Name] = true
		switch o.Name {
		case "as", "owned_by", "sequence_name", "cycle":
		case "increment", "start", "minvalue", "maxvalue", "cache", "restart":
			if o.Arg == nil {
				continue // NO MINVALUE, NO MAXVALUE, RESTART
			}
			n, err := strconv.ParseInt(o.Text(), 10, 64)
			if err != nil {
				return nil, pgerror.New(pgerror.NumericValueOutOfRange, "value %q is out of range for type bigint", o.Text())
			}
			set[o.Name] = n
		default:
			return nil, pgerror.Unsupported("sequence option %s", o.Name)
		}
	}
	return set, nil
}

// newSequence makes a sequence's definition from its options.
func newSequence(typ types.OID, opts []*ast.Option, _ *Env) (*catalog.Sequence, error) {
	s := &catalog.Sequence{Type: typ, Increment: 1, Cache: 1}
	set, err := sequenceNumbers(opts)
	if err != nil {
		return nil, err
	}
	for _, o := range opts {
		if o.Name == "cycle" {
			s.Cycle, _ = o.Bool()
		}
	}
	lowest, highest := sequenceRange(typ)
	s.Min, s.Max = 1, highest
	if set["increment"] < 0 {
		s.Min, s.Max = lowest, -1
	}
	if _, ok := set["start"]; !ok {
		s.Start = s.Min
		if n, ok := set["minvalue"]; ok {
			s.Start = n
		}
		if set["increment"] < 0 {
			s.Start = s.Max
			if n, ok := set["maxvalue"]; ok {
				s.Start = n
			}
		}
	}
	return s, applySequence(s, set)
}

// applySequence puts numbers into a definition and checks them together.
func applySequence(s *catalog.Sequence, set map[string]int64) error {
	lowest, highest := sequenceRange(s.Type)
	invalid := func(format string, args ...any) error {
		return pgerror.New(pgerror.InvalidParameterValue, format, args...)
	}
	if n, ok := set["increment"]; ok {
		if s.Increment = n; n == 0 {
			return invalid("INCREMENT must not be zero")
		}
	}
	if n, ok := set["minvalue"]; ok {
		s.Min = n
	}
	if n, ok := set["maxvalue"]; ok {
		s.Max = n
	}
	if s.Max > highest || s.Max < lowest {
		return invalid("MAXVALUE (%d) is out of range for sequence data type %s", s.Max, types.Format(types.Of(s.Type)))
	}
	if s.Min < lowest || s.Min > highest {
		return invalid("MINVALUE (%d) is out of range for sequence data type %s", s.Min, types.Format(types.Of(s.Type)))
	}
	if s.Min >= s.Max {
		return invalid("MINVALUE (%d) must be less than MAXVALUE (%d)", s.Min, s.Max)
	}
	if n, ok := set["start"]; ok {
		s.Start = n
	}
	if s.Start < s.Min {
		return invalid("START value (%d) cannot be less than MINVALUE (%d)", s.Start, s.Min)
	}
	if s.Start > s.Max {
		return invalid("START value (%d) cannot be greater than MAXVALUE (%d)", s.Start, s.Max)
	}
	if n, ok := set["cache"]; ok {
		if s.Cache = n; n <= 0 {
			return invalid("CACHE (%d) must be greater than zero", n)
		}
	}
	return nil
}
