package tikv

import (
	"context"
	"testing"

	"github.com/tikv/client-go/v2/config/retry"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// TestGiveUp checks that client-go can give up: it asks its logger for the level
// then, which was not set, and the process ended.
func TestGiveUp(t *testing.T) {
	store, _ := twoNodes(t)
	bo := retry.NewBackofferWithVars(ctx, 1, nil)
	var err error
	for range 3 {
		if err = bo.Backoff(retry.BoTiKVRPC, context.DeadlineExceeded); err != nil {
			break
		}
	}
	if err = store.translate(ctx, err); pgerror.CodeOf(err) != pgerror.ConnectionFailure {
		t.Errorf("giving up: %v", err)
	}
}
