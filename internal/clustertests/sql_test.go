package clustertests

import (
	"context"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/sqltests"
)

// spread gives each file a database on the next node.
type spread struct {
	nodes []*sqltests.Databases
	next  atomic.Int64
}

func (s *spread) Open(ctx context.Context) (string, func(), error) {
	return s.nodes[int(s.next.Add(1))%len(s.nodes)].Open(ctx)
}

// sample are the folders of SQL tests that run over the cluster: what depends
// on the store.
var sample = []string{"transactions", "dml", "constraints", "indexes"}

// TestSQL runs SQL tests over three nodes.
func TestSQL(t *testing.T) {
	target := &spread{}
	for _, n := range startNodes(t, 3) {
		target.nodes = append(target.nodes, &sqltests.Databases{URL: n.URL})
	}
	family, err := sqltests.OpenFamily("own", filepath.Join("..", "..", "sqltests"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range sample {
		names, err := family.Files(folder + "/")
		if err != nil {
			t.Fatal(err)
		}
		if len(names) == 0 {
			t.Errorf("no tests in %s", folder)
		}
		for _, name := range names {
			t.Run(strings.TrimSuffix(filepath.ToSlash(name), ".test"), func(t *testing.T) {
				suite := &sqltests.Suite{Target: target, Engines: sqltests.Engines, FileTime: 3 * time.Minute}
				out := suite.RunFile(ctx, family, name)
				var b strings.Builder
				sqltests.WriteFailures(&b, out, 10)
				if b.Len() > 0 {
					t.Error(b.String())
				}
				if out.Internal > 0 {
					t.Errorf("%d answers with XX000", out.Internal)
				}
			})
		}
	}
}
