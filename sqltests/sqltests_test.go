package sqltests_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/internal/testserver"
	"github.com/tidemarkdb/tidemark/sqltests"
)

// inProcess gives each file a server in this process.
type inProcess struct {
	t     *testing.T
	start func() (*testserver.Server, error)
}

func (p inProcess) Open(context.Context) (string, func(), error) {
	s, err := p.start()
	if err != nil {
		return "", nil, err
	}
	return s.URL, func() {
		if err := s.Close(); err != nil {
			p.t.Errorf("close the server: %v", err)
		}
	}, nil
}

// TestOwn runs our own tests, each file on an empty server.
func TestOwn(t *testing.T) {
	runOwn(t, sqltests.Suite{Engines: sqltests.Engines, FileTime: time.Minute}, testserver.Start, func(string) bool { return true })
}

// spilling are the folders of tests whose statements keep rows.
var spilling = []string{"aggregates", "basics", "cte", "dml", "joins", "session", "setops", "subqueries", "windows"}

// TestOwnSpilling runs some of them again with no work memory at all: whatever
// can spill does, and the answers are the same.
func TestOwnSpilling(t *testing.T) {
	suite := sqltests.Suite{Engines: sqltests.Engines, FileTime: time.Minute, AnyOrder: true}
	runOwn(t, suite, testserver.StartSpilling, func(name string) bool {
		return slices.Contains(spilling, strings.Split(name, "/")[0])
	})
}

// runOwn runs the files of our own tests that wanted says.
func runOwn(t *testing.T, suite sqltests.Suite, start func() (*testserver.Server, error), wanted func(name string) bool) {
	family, err := sqltests.OpenFamily("own", ".")
	if err != nil {
		t.Fatal(err)
	}
	names, err := family.Files("")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("there are no tests")
	}
	for _, name := range names {
		if !wanted(filepath.ToSlash(name)) {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.ToSlash(name), ".test"), func(t *testing.T) {
			t.Parallel()
			suite := suite
			suite.Target = inProcess{t, start}
			out := suite.RunFile(context.Background(), family, name)
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
