package clustertests

import (
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/internal/isolation"
	"github.com/tidemarkdb/tidemark/internal/testcluster"
)

// TestIsolation runs what internal/isolation has for the embedded store over
// three nodes; random work goes on while stores die.
func TestIsolation(t *testing.T) {
	var urls []string
	for _, n := range startNodes(t, 3) {
		urls = append(urls, n.URL)
	}
	t.Run("Hermitage", func(t *testing.T) { isolation.Hermitage(t, urls) })
	load := isolation.Load{URLs: urls, Clients: 6, Each: 40}
	t.Run("lists", func(t *testing.T) { isolation.Lists(t, load) })
	t.Run("registers", func(t *testing.T) { isolation.Registers(t, load) })
	c := testcluster.Shared(t)
	prefix := prefixOf(t)
	load.Each = 150
	load.During = func() {
		time.Sleep(time.Second)
		i := leader(t, c, prefix)
		c.Kill(i)
		time.Sleep(3 * time.Second)
		check(t, c.Restart(i))
	}
	for name, run := range map[string]func(*testing.T, isolation.Load){"lists": isolation.Lists, "registers": isolation.Registers} {
		t.Run(name+" while a store dies", func(t *testing.T) {
			check(t, c.WaitReplicated(ctx))
			run(t, load)
		})
	}
}
