package tikv

import (
	"os"
	"testing"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testcluster.StopShared()
	os.Exit(code)
}
