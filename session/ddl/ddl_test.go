package ddl_test

import (
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

func TestFiles(t *testing.T) { sessiontest.RunFiles(t, "testdata") }
