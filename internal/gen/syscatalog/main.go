// Command syscatalog writes catalog/systemdata from a running PostgreSQL 15:
// the columns of every system relation, and the rows of those catalogs that
// are the same in every database.
//
//	go run ./internal/gen/syscatalog -dsn "host=127.0.0.1 user=postgres" -dir catalog/systemdata
package main

import (
	"bytes"
	"context"
	"flag"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// relations lists every system relation (an R line) with its columns (C lines
// after it). Domains of information_schema are replaced by their base types.
const relations = `
SELECT line FROM (
  SELECT c.oid, 0 AS num, concat_ws(' ', 'R', c.oid, c.relnamespace, c.relkind, c.reltype, coalesce(t.typarray, 0), c.relname) AS line
  FROM pg_class c LEFT JOIN pg_type t ON t.oid = c.reltype
  WHERE c.relkind IN ('r', 'v') AND c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  UNION ALL
  SELECT c.oid, a.attnum, concat_ws(' ', 'C', CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END,
      CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END, CASE WHEN a.attnotnull THEN 'n' ELSE '-' END,
      coalesce((SELECT collname FROM pg_collation l WHERE l.oid = a.attcollation), '-'), a.attname)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attnum > 0 AND c.relkind IN ('r', 'v')
    AND c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
) x ORDER BY oid, num`

// usedProcs are the functions that rows of other catalogs point at.
const usedProcs = `oid IN (
  SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript]::oid[]) FROM pg_type
  UNION SELECT amproc FROM pg_amproc UNION SELECT amhandler FROM pg_am UNION SELECT conproc FROM pg_conversion
  UNION SELECT lanvalidator FROM pg_language UNION SELECT rngcanonical FROM pg_range UNION SELECT rngsubdiff FROM pg_range
  UNION SELECT unnest(ARRAY[prsstart, prstoken, prsend, prsheadline, prslextype]::oid[]) FROM pg_ts_parser
  UNION SELECT unnest(ARRAY[tmplinit, tmpllexize]::oid[]) FROM pg_ts_template)`

// rows says which rows of which catalogs are kept. A key is a relation, a value
// its condition.
var rows = map[string]string{
	"pg_am": "true", "pg_amop": "true", "pg_amproc": "true", "pg_opclass": "true", "pg_opfamily": "true",
	"pg_collation": "collname IN ('default', 'C', 'POSIX', 'ucs_basic')",
	"pg_language":  "lanname IN ('internal', 'c', 'sql')",
	"pg_range":     "oid_is_builtin", "pg_tablespace": "true", "pg_conversion": "true",
	"pg_ts_config": "true", "pg_ts_config_map": "true", "pg_ts_dict": "true", "pg_ts_parser": "true", "pg_ts_template": "true",
	"pg_type": "oid < 10000 AND typrelid = 0 AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.oid = pg_type.typelem AND e.typrelid <> 0)",
	"pg_proc": usedProcs,
}

func main() {
	dsn := flag.String("dsn", "host=127.0.0.1 user=postgres", "PostgreSQL 15 to read")
	dir := flag.String("dir", "catalog/systemdata", "where to write")
	flag.Parse()
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, *dsn)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close(ctx)
	write(filepath.Join(*dir, "relations.txt"), copyOut(ctx, conn, relations))
	for rel, where := range rows {
		where = strings.ReplaceAll(where, "oid_is_builtin", "rngtypid < 10000")
		write(filepath.Join(*dir, rel+".tsv"), copyOut(ctx, conn, "SELECT "+columns(ctx, conn, rel)+" FROM "+rel+" WHERE "+where+" ORDER BY 1, 2, 3"))
	}
}

// columns lists a catalog's columns, with reg* columns as numbers, node trees
// and access lists as NULL.
func columns(ctx context.Context, conn *pgconn.PgConn, rel string) string {
	return strings.TrimSpace(string(copyOut(ctx, conn, `
SELECT string_agg(CASE WHEN atttypid = 'regproc'::regtype THEN attname || '::oid'
    WHEN atttypid IN ('pg_node_tree'::regtype, 'aclitem[]'::regtype) THEN 'NULL' ELSE attname END, ', ' ORDER BY attnum)
FROM pg_attribute WHERE attrelid = '`+rel+`'::regclass AND attnum > 0`)))
}

func copyOut(ctx context.Context, conn *pgconn.PgConn, query string) []byte {
	var b bytes.Buffer
	if _, err := conn.CopyTo(ctx, &b, "COPY ("+query+") TO STDOUT"); err != nil {
		log.Fatalf("%s: %v", query, err)
	}
	return b.Bytes()
}

func write(name string, data []byte) {
	if err := os.WriteFile(name, data, 0o644); err != nil {
		log.Fatal(err)
	}
}
