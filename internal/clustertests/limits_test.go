package clustertests

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/kv/tikv"
)

// TestTooLarge has transactions change more than one may: 54000 with the limit, and
// nothing is done. What DDL fills indexes and rewritten tables with is streamed, in
// transactions of its own, and may be larger.
func TestTooLarge(t *testing.T) {
	node := startNodesWith(t, 1, tikv.Config{PDs: testcluster.PDs(t), Prefix: prefixOf(t), MaxTxnBytes: 1 << 20}, packOften)[0]
	conn := connect(t, node)
	exec(t, conn, "CREATE TABLE t (id int PRIMARY KEY, v text)")
	for from := range 4 {
		exec(t, conn, "INSERT INTO t SELECT g, repeat('v', 500) FROM generate_series($1::int + 1, $1::int + 1000) g", 1000*from)
	}
	for _, sql := range []string{
		"INSERT INTO t SELECT g, repeat('v', 500) FROM generate_series(5001, 9000) g",
		"UPDATE t SET v = v || 'x'",
		"INSERT INTO t VALUES (5001, repeat('v', 2000000))",
		"CREATE TABLE copied AS SELECT * FROM t",
		"INSERT INTO t SELECT g, repeat('v', 500) FROM generate_series(5001, 9000) g ON CONFLICT DO NOTHING",
	} {
		err := try(t, conn, sql)
		var e *pgconn.PgError
		if !errors.As(err, &e) || e.Code != "54000" || e.Message != "transaction is too large" || !strings.Contains(e.Detail, "1048576 bytes") {
			t.Errorf("%s: %v, %+v", sql, err, e)
		}
	}
	exec(t, conn, "BEGIN; INSERT INTO t VALUES (6000, 'kept')")
	exec(t, conn, "SAVEPOINT s")
	if err := try(t, conn, "UPDATE t SET v = v || 'x'"); code(err) != "54000" {
		t.Errorf("a large update in a block: %v", err)
	}
	exec(t, conn, "ROLLBACK TO s")
	exec(t, conn, "COMMIT")
	if n := queryInt(t, conn, "SELECT count(*) FROM t WHERE v = repeat('v', 500) OR id = 6000"); n != 4001 {
		t.Errorf("%d rows are as they were, want 4001", n)
	}
	for _, sql := range []string{
		"CREATE INDEX t_v ON t (v, id)",
		"ALTER TABLE t ALTER id TYPE bigint",
	} {
		exec(t, conn, sql)
	}
	if n := queryInt(t, conn, "SELECT count(*) FROM t WHERE v >= 'v' AND id > 0::bigint"); n != 4000 {
		t.Errorf("%d rows after the table was rewritten, want 4000", n)
	}
	exec(t, conn, "TRUNCATE t")
}
