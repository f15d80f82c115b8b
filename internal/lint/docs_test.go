package lint

import (
	"context"
	"os"
	"testing"

	"github.com/tidemarkdb/tidemark/internal/sqldocs"
	"github.com/tidemarkdb/tidemark/internal/testserver"
)

// TestGeneratedDocs fails when docs/sql is not what the registries say.
func TestGeneratedDocs(t *testing.T) {
	server, err := testserver.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	settings, err := sqldocs.Settings(context.Background(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"../../docs/sql/functions.md": sqldocs.Functions(), "../../docs/sql/settings.md": settings, "../../docs/pushdown.md": sqldocs.PushDown()} {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s is stale: go run ./internal/gen/sqldocs", path)
		}
	}
}
