package session

import (
	"context"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// procedures are what CALL knows, by their qualified name: procedures over a
// time-series table.
var procedures = map[string]func(p *executor.SeriesPacker, ctx context.Context, t *catalog.Table) (executor.SeriesPacked, error){
	"tidemark.flush":   (*executor.SeriesPacker).Flush,
	"tidemark.compact": (*executor.SeriesPacker).Compact,
}

// runCall executes CALL. The procedures work in transactions of their own, which
// would not see those of a block.
func (s *Session) runCall(ctx context.Context, st *ast.Call, many bool) error {
	name := strings.Join(st.Func.Name, ".")
	run := procedures[name]
	if run == nil && name != "tidemark.split" {
		return pgerror.New(pgerror.UndefinedFunction, "procedure %s does not exist", name).
			WithHint("No procedure matches the given name and argument types. You might need to add explicit type casts.").At(st.Func.Loc())
	}
	if err := s.preventInBlock("CALL "+name, many); err != nil {
		return err
	}
	if s.readOnly() {
		return readOnlyError("CALL")
	}
	if run == nil {
		return s.callSplit(ctx, st.Func)
	}
	t, err := s.callTable(ctx, name, st.Func)
	if err != nil {
		return err
	}
	packer := s.server.seriesPacker()
	_, err = run(&packer, ctx, t)
	return err
}

// callTable finds the time-series table that the one argument names.
func (s *Session) callTable(ctx context.Context, name string, f *ast.FuncCall) (*catalog.Table, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if len(f.Args) != 1 {
		return nil, pgerror.New(pgerror.UndefinedFunction, "procedure %s takes one argument, the name of a time-series table", name).At(f.Loc())
	}
	id, c, err := s.regclassArg(snap, f.Args[0])
	if err != nil {
		return nil, err
	}
	t := snap.TableByID(id)
	if t == nil || t.TimeSeries == nil {
		return nil, pgerror.New(pgerror.WrongObjectType, "%q is not a time-series table", c.Text).At(c.Loc())
	}
	return t, nil
}

// regclassArg is the relation that a literal names.
func (s *Session) regclassArg(snap *catalog.Snapshot, arg ast.Expr) (catalog.OID, *ast.Const, error) {
	if c, ok := arg.(*ast.Cast); ok {
		arg = c.Arg
	}
	c, ok := arg.(*ast.Const)
	if !ok || c.Kind != ast.ConstString {
		return 0, nil, pgerror.Unsupported("CALL with an argument that is no literal").At(arg.Loc())
	}
	d, err := types.Parse(types.Of(types.Regclass), c.Text, s.ioOn(snap))
	if err != nil {
		return 0, nil, pgerror.From(err).At(c.Loc())
	}
	return catalog.OID(d.I), c, nil
}
