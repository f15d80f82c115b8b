package expr

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// Evaluator computes a compiled expression over batches. It keeps no state of
// a statement, so that it can be cached with its plan and shared by goroutines.
type Evaluator interface {
	// Eval computes the expression over the columns of a batch with n rows.
	// The value belongs to the caller, who releases its array. A value is Const
	// (one row that stands for all) when it is known to be the same for every row.
	Eval(c *functions.Context, cols []arrow.Array, n int) (functions.Value, error)
}

// Compile makes the evaluator of an expression. Columns must be Ordinals:
// logical-plan nodes (Column, Aggregate, Default) are refused.
func Compile(e Expr) (Evaluator, error) {
	ev, err := compilePlain(e)
	if at, ok := codedColumn(e); ok && err == nil {
		return &codedEval{plain: ev, ordinal: at}, nil
	}
	return ev, err
}

// compilePlain is Compile for plain columns.
func compilePlain(e Expr) (Evaluator, error) {
	switch e := e.(type) {
	case *Ordinal:
		return ordinalEval(e.Index), nil
	case *Const:
		return newConstEval(e), nil
	case *Param:
		return &paramEval{index: e.Index, phys: e.Typ.Phys()}, nil
	case *ExecParam:
		return &execParamEval{slot: e.Slot, phys: e.Typ.Phys()}, nil
	case *Call:
		return compileCall(e)
	case *Cast:
		return compileCast(e)
	case *Logic:
		return compileLogic(e)
	case *Not:
		return compileUnaryBool(e.Arg, notBits)
	case *IsNull:
		return compileIsNull(e)
	case *BoolTest:
		return compileBoolTest(e)
	case *Distinct:
		return compileDistinct(e)
	case *Case:
		return compileCase(e)
	case *Coalesce:
		return compileCoalesce(e)
	case *MinMax:
		return compileMinMax(e)
	case *AnyAll:
		return compileAnyAll(e)
	case *InList:
		return compileInList(e)
	case *Array, *Subscript, *Row, *Field:
		return compileRowwise(e)
	case *Subplan:
		return compileSubplan(e)
	case nil:
		return nil, pgerror.New(pgerror.InternalError, "no expression to compile")
	}
	return nil, pgerror.New(pgerror.InternalError, "cannot compile %T", e)
}

func compileAll(es []Expr) ([]Evaluator, error) {
	out := make([]Evaluator, len(es))
	for i, e := range es {
		var err error
		if out[i], err = Compile(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// evalAll evaluates expressions; on an error nothing is kept.
func evalAll(c *functions.Context, evs []Evaluator, cols []arrow.Array, n int, dst []functions.Value) error {
	for i, ev := range evs {
		v, err := ev.Eval(c, cols, n)
		if err != nil {
			functions.ReleaseAll(dst[:i])
			return err
		}
		dst[i] = v
	}
	return nil
}

func allConst(vs []functions.Value) bool {
	for _, v := range vs {
		if !v.Const {
			return false
		}
	}
	return true
}

func internalf(format string, args ...any) error {
	return pgerror.New(pgerror.InternalError, "%s", fmt.Sprintf(format, args...))
}
