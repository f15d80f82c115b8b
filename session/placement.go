package session

import (
	"context"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// PlacedStore implements catalog.PlacedRuntime.
func (s *Session) PlacedStore() (context.Context, kv.PlacedStore) {
	store, _ := s.server.store.(kv.PlacedStore)
	return s.runCtx, store
}

// maxSplit bounds into how many regions one CALL cuts a relation.
const maxSplit = 1024

// splitPatience is how long stores are asked again for cuts that they did not make:
// they say nothing of one in a region whose replicas move just then.
const splitPatience = 15 * time.Second

// callSplit executes CALL tidemark.split(relation, regions): it cuts a table or an
// index into regions and spreads these over the stores, which by themselves do so
// only when there is much in one.
func (s *Session) callSplit(ctx context.Context, f *ast.FuncCall) error {
	if len(f.Args) != 2 {
		return pgerror.New(pgerror.UndefinedFunction, "procedure tidemark.split takes two arguments, the name of a table or index and a number of regions").At(f.Loc())
	}
	snap, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	t, ix, err := s.splitRelation(snap, f.Args[0])
	if err != nil {
		return err
	}
	n, ok := f.Args[1].(*ast.Const)
	if !ok || n.Kind != ast.ConstInt {
		return pgerror.Unsupported("CALL with an argument that is no literal").At(f.Args[1].Loc())
	}
	parts, err := types.Parse(types.Of(types.Int4), n.Text, types.DefaultIO())
	if err != nil {
		return pgerror.From(err).At(n.Loc())
	}
	if parts.I < 1 || parts.I > maxSplit {
		return pgerror.New(pgerror.InvalidParameterValue, "a relation is cut into 1 to %d regions at a time", maxSplit).At(n.Loc())
	}
	_, store := s.PlacedStore()
	if store == nil {
		return pgerror.Unsupported("CALL tidemark.split over the embedded store")
	}
	txn, err := store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	keys, err := executor.SplitKeys(ctx, txn, t, ix, int(parts.I))
	if err != nil {
		return err
	}
	return store.SplitRegions(ctx, keys, splitPatience)
}

// splitRelation finds the table, or the index and its table, that an argument names.
func (s *Session) splitRelation(snap *catalog.Snapshot, arg ast.Expr) (*catalog.Table, *catalog.Index, error) {
	id, c, err := s.regclassArg(snap, arg)
	if err != nil {
		return nil, nil, err
	}
	if t, ix := snap.IndexByID(id); ix != nil && !(t.Clustered && ix.Primary) {
		if t.TimeSeries != nil {
			return nil, nil, pgerror.New(pgerror.WrongObjectType, "%q is an index of a time-series table", c.Text).At(c.Loc())
		}
		return t, ix, nil
	} else if ix != nil {
		return t, nil, nil
	}
	t := snap.TableByID(id)
	if t == nil || t.Kind != catalog.KindTable && t.Kind != catalog.KindMaterializedView {
		return nil, nil, pgerror.New(pgerror.WrongObjectType, "%q is not a table, materialized view, or index", c.Text).At(c.Loc())
	}
	return t, nil, nil
}
