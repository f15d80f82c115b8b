package pgwire_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The programs of TSBS for TimescaleDB, statement by statement: what the loader and the
// query runner send, in their order and their protocol. Every query must answer as it
// does over a table of rows.

const (
	tsbsHosts = 20
	tsbsSteps = 600 // of 60 seconds
	tsbsTags  = "hostname,region,datacenter,rack,os,arch,team,service,service_version,service_environment"
)

var tsbsMetrics = []string{
	"usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait", "usage_irq", "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice",
}

// tsbsStart is the time of the first points.
var tsbsStart = time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)

// tsbsValue is the value of a metric: whole numbers up to 100, as the generator's.
func tsbsValue(host, step, metric int) float64 {
	return float64((host*7919 + step*104729 + metric*1299709) % 101)
}

func tsbsTables(t *testing.T, conn *pgx.Conn, cpu string) {
	metrics := strings.Join(tsbsMetrics, " DOUBLE PRECISION,") + " DOUBLE PRECISION"
	for _, sql := range []string{
		"DROP TABLE IF EXISTS " + cpu,
		"CREATE TABLE " + cpu + " (time timestamptz, tags_id integer, " + metrics + ", additional_tags JSONB DEFAULT NULL)",
		"CREATE INDEX ON " + cpu + `(tags_id, "time" DESC)`,
		"CREATE INDEX ON " + cpu + `("time" DESC)`,
	} {
		exec(t, conn, sql)
	}
}

// tsbsBatch is a binary COPY of the points of some steps.
func tsbsBatch(from, to int) []byte {
	b := []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for step := from; step < to; step++ {
		for host := range tsbsHosts {
			b = binary.BigEndian.AppendUint16(b, 13)
			b = binary.BigEndian.AppendUint32(b, 8)
			b = binary.BigEndian.AppendUint64(b, uint64(tsbsStart.Add(time.Duration(step)*time.Minute).Sub(epoch).Microseconds()))
			b = binary.BigEndian.AppendUint32(b, 4)
			b = binary.BigEndian.AppendUint32(b, uint32(host+1))
			b = binary.BigEndian.AppendUint32(b, math.MaxUint32) // NULL
			for m := range tsbsMetrics {
				b = binary.BigEndian.AppendUint32(b, 8)
				b = binary.BigEndian.AppendUint64(b, math.Float64bits(tsbsValue(host, step, m)))
			}
		}
	}
	return binary.BigEndian.AppendUint16(b, math.MaxUint16)
}

// tsbsLoad sends the points in batches; pgconn cuts them into pieces of 65,531 bytes that
// do not end at row ends, as the loader does.
func tsbsLoad(t *testing.T, conn *pgx.Conn, cpu string) {
	ctx := context.Background()
	columns := `"time", "tags_id", "additional_tags", "` + strings.Join(tsbsMetrics, `", "`) + `"`
	const batch = 500 // steps
	for from := 0; from < tsbsSteps; from += batch {
		if _, err := conn.PgConn().Prepare(ctx, "", "select "+columns+` from "`+cpu+`"`, nil); err != nil {
			t.Fatal(err)
		}
		to := min(from+batch, tsbsSteps)
		tag, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(tsbsBatch(from, to)), `copy "`+cpu+`" ( `+columns+` ) from stdin binary;`)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("COPY %d", (to-from)*tsbsHosts); tag.String() != want {
			t.Fatalf("got %s, want %s", tag, want)
		}
	}
}

// tsbsHostRows inserts the tags of all hosts, each twice in one statement.
func tsbsHostRows(t *testing.T, conn *pgx.Conn) {
	var rows []string
	for range 2 {
		for h := range tsbsHosts {
			rows = append(rows, fmt.Sprintf("('host_%d','eu-west-1','eu-west-1a','%d','Ubuntu16.04LTS','x64','SF','%d','1','test')", h, h%7, h%3))
		}
	}
	exec(t, conn, "begin")
	got, err := conn.Query(context.Background(), "INSERT INTO tags("+tsbsTags+") VALUES "+strings.Join(rows, ",")+" ON CONFLICT DO NOTHING RETURNING *", pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for got.Next() {
		n++
	}
	if got.Err() != nil || n != tsbsHosts {
		t.Fatalf("%d rows inserted, want %d: %v", n, tsbsHosts, got.Err())
	}
	exec(t, conn, "commit")
}

// tsbsQueries are the statements of testdata/tsbs.sql.
func tsbsQueries(t *testing.T) []string {
	text, err := os.ReadFile("testdata/tsbs.sql")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for part := range strings.SplitSeq(string(text), ";\n") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// cpuTable matches the hypertable in a query.
var cpuTable = regexp.MustCompile(`FROM cpu\b`)

// tsbsAnswer runs a query as the runner does: prepared, with binary results.
func tsbsAnswer(t *testing.T, conn *pgx.Conn, sql string) [][]any {
	rows, err := conn.Query(context.Background(), sql, pgx.QueryExecModeCacheStatement)
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) ([]any, error) { return r.Values() })
	if err != nil {
		t.Fatalf("%s\n%v", sql, err)
	}
	return out
}

func TestTSBS(t *testing.T) {
	for _, mode := range []struct{ name, hypertable, index string }{
		{"default", "replication_factor => NULL, chunk_time_interval => 43200000000, create_default_indexes=>FALSE", ""},
		{
			"partitions", "partitioning_column => 'tags_id'::name, number_partitions => 4::smallint, chunk_time_interval => 43200000000, create_default_indexes=>FALSE",
			"CREATE INDEX ON cpu (usage_user, time DESC)",
		},
		{"replication", "partitioning_column => 'tags_id'::name, replication_factor => 1::smallint, chunk_time_interval => 14400000000, create_default_indexes=>FALSE", ""},
	} {
		t.Run(mode.name, func(t *testing.T) {
			ts := startServer(t)
			ctx := context.Background()
			admin := ts.connect(t)
			var one int
			if err := admin.QueryRow(ctx, "SELECT 1 from pg_database WHERE datname = $1", "benchmark").Scan(&one); err != pgx.ErrNoRows {
				t.Fatal(err)
			}
			exec(t, admin, "DROP DATABASE IF EXISTS benchmark")
			exec(t, admin, "CREATE DATABASE benchmark")
			conn := ts.connect(t, "database=benchmark")
			for _, sql := range []string{
				"DROP TABLE IF EXISTS tags",
				"CREATE TABLE tags(id SERIAL PRIMARY KEY, " + strings.ReplaceAll(tsbsTags, ",", " TEXT, ") + " TEXT)",
				"CREATE UNIQUE INDEX uniq1 ON tags(" + tsbsTags + ")",
				"CREATE INDEX ON tags(hostname)",
			} {
				exec(t, conn, sql)
			}
			tsbsTables(t, conn, "cpu_rows")
			tsbsTables(t, conn, "cpu")
			if mode.index != "" {
				exec(t, conn, mode.index)
			}
			exec(t, conn, "CREATE EXTENSION IF NOT EXISTS timescaledb CASCADE")
			exec(t, conn, "SELECT create_hypertable('cpu'::regclass, 'time'::name, "+mode.hypertable+")")
			tsbsAnswer(t, conn, "SELECT * FROM tags")
			tsbsHostRows(t, conn)
			tsbsLoad(t, conn, "cpu")
			tsbsLoad(t, conn, "cpu_rows")
			for _, sql := range tsbsQueries(t) {
				got := tsbsAnswer(t, conn, sql)
				want := tsbsAnswer(t, conn, cpuTable.ReplaceAllString(sql, "FROM cpu_rows"))
				if len(got) == 0 {
					t.Errorf("no rows from\n%s", sql)
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s\ngives %d rows\n%v\nwant %d\n%v", sql, len(got), got[:min(3, len(got))], len(want), want[:min(3, len(want))])
				}
			}
		})
	}
}

// TestTSBSText is the loader with --force-text-format and --in-table-partition-tag: lib/pq's
// startup, a transaction that says READ WRITE, COPY in text, and simple queries.
func TestTSBSText(t *testing.T) {
	ts := startServer(t)
	ctx := context.Background()
	conn := ts.connect(t, "datestyle=ISO%2C%20MDY", "extra_float_digits=2", "client_encoding=UTF8")
	tsbsPartitionTables(t, conn)
	exec(t, conn, "BEGIN READ WRITE")
	lines := "2016-01-01 00:00:00 +0000\t1\thost_0\t\\N\t58\n2016-01-01 00:00:10 +0000\t2\thost_1\t\\N\t60.25\n"
	tag, err := conn.PgConn().CopyFrom(ctx, strings.NewReader(lines), `COPY "cpu" ("time", "tags_id", "hostname", "additional_tags", "usage_user") FROM STDIN`)
	if err != nil || tag.String() != "COPY 2" {
		t.Fatal(tag, err)
	}
	exec(t, conn, "COMMIT")
	tsbsPartitionAnswer(t, conn)
}

// TestTSBSInsert is the loader with --use-insert: a batch as one prepared INSERT with up to
// 65,535 parameters, whose statement is deallocated before the commit.
func TestTSBSInsert(t *testing.T) {
	ts := startServer(t)
	ctx := context.Background()
	conn := ts.connect(t)
	tsbsPartitionTables(t, conn)
	const rows, fields = 13107, 5
	var text strings.Builder
	text.WriteString(`INSERT INTO cpu("time","tags_id","hostname","additional_tags","usage_user") VALUES `)
	values := make([][]byte, 0, rows*fields)
	formats := make([]int16, 0, rows*fields)
	for i := range rows {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "($%d,$%d,$%d,$%d,$%d)", i*fields+1, i*fields+2, i*fields+3, i*fields+4, i*fields+5)
		at := binary.BigEndian.AppendUint64(nil, uint64(tsbsStart.Add(time.Duration(i)*5*time.Second).Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Microseconds()))
		host, usage := i%2, 58.0
		if host == 1 {
			usage = 60.25
		}
		values = append(values, at, binary.BigEndian.AppendUint32(nil, uint32(host+1)), fmt.Appendf(nil, "host_%d", host), nil,
			binary.BigEndian.AppendUint64(nil, math.Float64bits(usage)))
		formats = append(formats, 1, 1, 0, 1, 1)
	}
	exec(t, conn, "begin")
	if _, err := conn.PgConn().Prepare(ctx, "pgx_0", text.String(), nil); err != nil {
		t.Fatal(err)
	}
	result := conn.PgConn().ExecPrepared(ctx, "pgx_0", values, formats, nil).Read()
	if result.Err != nil || result.CommandTag.String() != fmt.Sprintf("INSERT 0 %d", rows) {
		t.Fatal(result.CommandTag, result.Err)
	}
	exec(t, conn, `deallocate "pgx_0"`)
	exec(t, conn, "commit")
	tsbsPartitionAnswer(t, conn)
}

// tsbsPartitionTables makes the hypertable of --in-table-partition-tag with --partitions=4.
func tsbsPartitionTables(t *testing.T, conn *pgx.Conn) {
	for _, sql := range []string{
		"CREATE TABLE cpu (time timestamptz, tags_id integer, hostname TEXT, usage_user DOUBLE PRECISION, additional_tags JSONB DEFAULT NULL)",
		`CREATE INDEX ON cpu(hostname, "time" DESC)`,
		`CREATE INDEX ON cpu("time" DESC, tags_id)`,
		"CREATE INDEX ON cpu (usage_user, time DESC)",
		"CREATE EXTENSION IF NOT EXISTS timescaledb CASCADE",
		"SELECT create_hypertable('cpu'::regclass, 'time'::name, partitioning_column => 'hostname'::name, number_partitions => 4::smallint, chunk_time_interval => 43200000000, create_default_indexes=>FALSE)",
	} {
		exec(t, conn, sql)
	}
}

// tsbsPartitionAnswer asks for the greatest value of a host, as text.
func tsbsPartitionAnswer(t *testing.T, conn *pgx.Conn) {
	rows, err := conn.PgConn().Exec(context.Background(), `SELECT time_bucket('60 seconds', time) AS minute, max(usage_user) as max_usage_user FROM cpu
		WHERE hostname IN ('host_1') AND time >= '2016-01-01 00:00:00.646325 +0000' AND time < '2016-01-01 00:01:00 +0000' GROUP BY minute ORDER BY minute ASC`).ReadAll()
	if err != nil || len(rows) != 1 || len(rows[0].Rows) != 1 {
		t.Fatal(rows, err)
	}
	if got := string(rows[0].Rows[0][1]); got != "60.25" {
		t.Errorf("the greatest value is %s, want 60.25", got)
	}
}
