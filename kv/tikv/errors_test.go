package tikv

import (
	"context"
	"errors"
	"fmt"
	"testing"

	tikverr "github.com/tikv/client-go/v2/error"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// TestTranslate checks the errors that were once taken for others.
func TestTranslate(t *testing.T) {
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	s := &Store{}
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want pgerror.Code
	}{
		{cancelled, fmt.Errorf("commit: %w", tikverr.ErrResultUndetermined), pgerror.StatementCompletionUnknown},
		{cancelled, context.Canceled, pgerror.QueryCanceled},
		{ctx, context.DeadlineExceeded, pgerror.ConnectionFailure}, // of a request's own
		{ctx, errors.New("tikv aborts txn: pessimistic lock not found"), pgerror.SerializationFailure},
		{ctx, errors.New(otherAPI + " with TiKV storage, cmd: get, storage: V2, request: V1"), pgerror.ObjectNotInPrerequisiteState},
	} {
		if got := pgerror.CodeOf(s.translate(c.ctx, c.err)); got != c.want {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
}
