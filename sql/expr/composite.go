package expr

import (
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func recordIsNull(d types.Datum, not bool) bool { return d.IsNull() != not }

func compositeDatum(e Expr, args []types.Datum) (types.Datum, error) {
	return types.Null, pgerror.Unsupported("%T", e)
}

func castArray(c *functions.Context, e *Cast, d types.Datum) (types.Datum, error) {
	return types.Null, pgerror.Unsupported("array cast")
}

func compileAnyAll(e *AnyAll) (Evaluator, error) { return nil, pgerror.Unsupported("ANY (array)") }

func anyAllRow(c *functions.Context, e *AnyAll, row []types.Datum) (types.Datum, error) {
	return types.Null, pgerror.Unsupported("ANY (array)")
}
