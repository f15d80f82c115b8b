package ddl

import (
	"math"
	"strconv"

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
			tn, ok := o.Arg.(*ast.TypeName)
			if !ok {
				return pgerror.New(pgerror.SyntaxError, "AS needs a type")
			}
			t, err := planner.ResolveType(tn, env.PlanOptions())
			if err != nil {
				return err
			}
			typ = t.OID
		}
	}
	seq, err := newSequence(typ, st.Options, env)
	if err != nil {
		return err
	}
	return env.Editor.CreateTable(&catalog.Table{
		Name: st.Sequence.Name, Schema: schema.ID, Kind: catalog.KindSequence, Owner: roleID(env, env.User),
		Temporary: st.Sequence.Persistence == ast.Temporary, Sequence: seq,
	})
}

// newSequence makes a sequence's definition from its options.
func newSequence(typ types.OID, opts []*ast.Option, _ *Env) (*catalog.Sequence, error) {
	s := &catalog.Sequence{Type: typ, Increment: 1, Cache: 1}
	set := map[string]int64{}
	for _, o := range opts {
		switch o.Name {
		case "as", "owned_by", "restart", "sequence_name":
		case "cycle":
			s.Cycle, _ = o.Bool()
		case "increment", "start", "minvalue", "maxvalue", "cache":
			if o.Arg == nil {
				continue // NO MINVALUE, NO MAXVALUE
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
	return s, fillSequence(s, set)
}

func fillSequence(s *catalog.Sequence, set map[string]int64) error {
	lowest, highest := int64(math.MinInt64), int64(math.MaxInt64)
	switch s.Type {
	case types.Int2:
		lowest, highest = math.MinInt16, math.MaxInt16
	case types.Int4:
		lowest, highest = math.MinInt32, math.MaxInt32
	case types.Int8:
	default:
		return pgerror.New(pgerror.InvalidParameterValue, "sequence type must be smallint, integer, or bigint")
	}
	invalid := func(format string, args ...any) error {
		return pgerror.New(pgerror.InvalidParameterValue, format, args...)
	}
	if n, ok := set["increment"]; ok {
		if s.Increment = n; n == 0 {
			return invalid("INCREMENT must not be zero")
		}
	}
	s.Min, s.Max = 1, highest
	if s.Increment < 0 {
		s.Min, s.Max = lowest, -1
	}
	if n, ok := set["minvalue"]; ok {
		s.Min = n
	}
	if n, ok := set["maxvalue"]; ok {
		s.Max = n
	}
	if s.Max > highest {
		return invalid("MAXVALUE (%d) is out of range for sequence data type %s", s.Max, types.Format(types.Of(s.Type)))
	}
	if s.Min < lowest {
		return invalid("MINVALUE (%d) is out of range for sequence data type %s", s.Min, types.Format(types.Of(s.Type)))
	}
	if s.Min >= s.Max {
		return invalid("MINVALUE (%d) must be less than MAXVALUE (%d)", s.Min, s.Max)
	}
	s.Start = s.Min
	if s.Increment < 0 {
		s.Start = s.Max
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
