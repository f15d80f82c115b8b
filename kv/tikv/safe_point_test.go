package tikv

import (
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
)

// TestSafePoint collects garbage over a whole cluster, whose PD is older than
// what client-go asks it.
func TestSafePoint(t *testing.T) {
	c := testcluster.Shared(t)
	s, err := Open(ctx, Config{PDs: testcluster.PDs(t), GCInterval: time.Hour, GCLifetime: -1, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := s.CollectGarbage(ctx); err != nil {
		t.Fatal(err)
	}
	// Keyspaces of other tests may hold it back.
	if at, err := c.SafePoint(ctx); err != nil || at == 0 {
		t.Errorf("the safe point is %d, it was not moved: %v", at, err)
	}
}
