// Command sqldocs writes docs/sql/functions.md, docs/sql/settings.md and
// docs/pushdown.md from the registries (run it in the root of the tree):
//
//	go run ./internal/gen/sqldocs
package main

import (
	"context"
	"log"
	"os"

	"github.com/tidemarkdb/tidemark/internal/sqldocs"
	"github.com/tidemarkdb/tidemark/internal/testserver"
)

func main() {
	server, err := testserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	settings, err := sqldocs.Settings(context.Background(), server.URL)
	if cerr := server.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		log.Fatal(err)
	}
	for path, text := range map[string]string{"docs/sql/functions.md": sqldocs.Functions(), "docs/sql/settings.md": settings, "docs/pushdown.md": sqldocs.PushDown()} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
