package isolation_test

import (
	"testing"

	"github.com/tidemarkdb/tidemark/internal/isolation"
	"github.com/tidemarkdb/tidemark/internal/testserver"
)

// start starts a server over the embedded store.
func start(t *testing.T) []string {
	s, err := testserver.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return []string{s.URL}
}

func TestHermitage(t *testing.T) {
	urls := start(t)
	isolation.Hermitage(t, urls)
	// Statements that meet newer versions in the midst of their batches.
	isolation.Hermitage(t, []string{urls[0] + "&batch_size=2"})
}

func TestLists(t *testing.T) {
	isolation.Lists(t, isolation.Load{URLs: start(t), Clients: 8, Each: 100})
}

func TestRegisters(t *testing.T) {
	isolation.Registers(t, isolation.Load{URLs: start(t), Clients: 6, Each: 150})
}
