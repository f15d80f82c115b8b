package sqltests_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tidemarkdb/tidemark/internal/testserver"
)

// example is SQL of a document, and the answer that stands below it.
var example = regexp.MustCompile("(?s)```sql\n(.*?)```(?:\n\n```text\n(.*?)```)?")

// TestTimeSeriesDocs does what docs/timeseries.md teaches, in its order, and compares
// the answers that it shows.
func TestTimeSeriesDocs(t *testing.T) {
	text, err := os.ReadFile("../docs/timeseries.md")
	if err != nil {
		t.Fatal(err)
	}
	s, err := testserver.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	shown := 0
	for _, m := range example.FindAllStringSubmatch(string(text), -1) {
		results, err := conn.Exec(ctx, m[1]).ReadAll()
		if err != nil {
			t.Fatalf("%v\n%s", err, m[1])
		}
		if m[2] == "" {
			continue
		}
		shown++
		var b strings.Builder
		for _, row := range results[len(results)-1].Rows {
			for i, v := range row {
				if i > 0 {
					b.WriteString(" | ")
				}
				b.Write(v)
			}
			b.WriteByte('\n')
		}
		if b.String() != m[2] {
			t.Errorf("%s\ngot:\n%swant:\n%s", m[1], b.String(), m[2])
		}
	}
	if shown == 0 {
		t.Error("no answer is shown")
	}
}
