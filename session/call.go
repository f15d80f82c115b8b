package session

import (
	"context"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/planner"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// procedures are what CALL knows, by their qualified name: procedures over a
// time-series table.
var procedures = map[string]func(p *executor.SeriesPacker, ctx context.Context, t *catalog.Table) (executor.SeriesPacked, error){
	"tidemark.flush":   (*executor.SeriesPacker).Flush,
	"tidemark.compact": (*executor.SeriesPacker).Compact,
}

// callFunctions are TimescaleDB's procedures by the functions that do the same, with
// other names of parameters.
var callFunctions = map[string]struct {
	function string
	params   map[string]string
}{
	"refresh_continuous_aggregate": {"refresh_continuous_aggregate", nil},
	"add_columnstore_policy":       {"add_compression_policy", map[string]string{"after": "compress_after", "created_before": "compress_created_before"}},
	"remove_columnstore_policy":    {"remove_compression_policy", nil},
	"convert_to_columnstore":       {"compress_chunk", map[string]string{"chunk": "uncompressed_chunk", "if_not_columnstore": "if_not_compressed"}},
	"convert_to_rowstore":          {"decompress_chunk", map[string]string{"chunk": "uncompressed_chunk", "if_columnstore": "if_compressed"}},
}

// callFunction executes CALL of a procedure that is a function here.
func (s *Session) callFunction(ctx context.Context, f *ast.FuncCall, function string, params map[string]string) error {
	call := *f
	call.Name, call.Args = []string{function}, nil
	for _, a := range f.Args {
		if named, ok := a.(*ast.NamedArg); ok && params[named.Name] != "" {
			renamed := *named
			renamed.Name = params[named.Name]
			a = &renamed
		}
		call.Args = append(call.Args, a)
	}
	stmt := &ast.Select{Targets: []*ast.Target{{Pos: f.Pos, Expr: &call}}}
	return s.queryBatches(ctx, stmt, "", func(arrow.RecordBatch) error { return nil })
}

// runCall executes CALL. The procedures work in transactions of their own, which
// would not see those of a block.
func (s *Session) runCall(ctx context.Context, st *ast.Call, many bool) error {
	name := strings.Join(st.Func.Name, ".")
	if f, ok := callFunctions[name]; ok {
		return s.callFunction(ctx, st.Func, f.function, f.params)
	}
	run := procedures[name]
	if run == nil && functions.Refused(name) {
		return pgerror.Unsupported("procedure %s", name).At(st.Func.Loc())
	}
	if run == nil && name != "tidemark.split" {
		return s.callProcedure(ctx, st.Func)
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

// callProcedure executes CALL of a procedure that a user made, in the transaction at
// hand.
func (s *Session) callProcedure(ctx context.Context, f *ast.FuncCall) error {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	opts := s.planOptions(snap, nil)
	opts.Procedure = f
	q, err := planner.Plan(ctx, &ast.Select{Targets: []*ast.Target{{Pos: f.Pos, Expr: f}}}, opts)
	if err != nil {
		return err
	}
	r, err := s.start(ctx, newPlanned(q, nil, snap), nil, nil)
	if err != nil {
		return err
	}
	defer r.close()
	for err == nil {
		if err = r.next(ctx); err == nil {
			r.pos = int(r.batch.NumRows())
		}
	}
	if err == io.EOF {
		err = nil
	}
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
