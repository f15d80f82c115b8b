package sqltests_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/internal/testserver"
	"github.com/tidemarkdb/tidemark/sqltests"
)

// inProcess gives each file a server in this process.
type inProcess struct{ t *testing.T }

func (p inProcess) Open(context.Context) (string, func(), error) {
	s, err := testserver.Start()
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
		t.Run(strings.TrimSuffix(filepath.ToSlash(name), ".test"), func(t *testing.T) {
			t.Parallel()
			suite := &sqltests.Suite{Target: inProcess{t}, Engines: sqltests.Engines, FileTime: time.Minute}
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
