#!/bin/sh
# Writes testdata/oracle from a PostgreSQL 15 (PGHOST, PGPORT, PGUSER say which).
set -eu
cd "$(dirname "$0")"
db=catalog_sample
dropdb --if-exists $db
createdb $db
psql -X -q -d $db -f sample.sql
dump() { # file query
	psql -X -d $db -c "COPY ($2) TO STDOUT" | sed "s/$db/tidemark/g" | LC_ALL=C sort >"oracle/$1.tsv"
}
ours="relnamespace = 'sales'::regnamespace"
dump pg_namespace "SELECT * FROM pg_namespace WHERE nspname = 'sales'"
dump pg_class "SELECT * FROM pg_class WHERE $ours"
dump pg_attribute "SELECT a.* FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE $ours"
dump pg_attrdef "SELECT d.oid, adrelid, adnum, pg_get_expr(adbin, adrelid, true) FROM pg_attrdef d JOIN pg_class c ON c.oid = adrelid WHERE $ours"
dump pg_index "SELECT i.* FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE $ours"
dump pg_constraint "SELECT * FROM pg_constraint WHERE connamespace = 'sales'::regnamespace"
dump pg_type "$(psql -X -At -d $db -c "SELECT 'SELECT ' || string_agg(CASE WHEN atttypid = 'regproc'::regtype THEN attname || '::oid' ELSE attname END, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'pg_type'::regclass AND attnum > 0") FROM pg_type WHERE typnamespace = 'sales'::regnamespace"
dump pg_enum "SELECT * FROM pg_enum"
dump pg_sequence "SELECT * FROM pg_sequence"
dump pg_description "SELECT * FROM pg_description WHERE objoid >= 16384"
dump pg_depend "SELECT * FROM pg_depend WHERE objid >= 16384 AND classid <> 'pg_trigger'::regclass AND refclassid NOT IN ('pg_proc'::regclass, 'pg_opclass'::regclass, 'pg_collation'::regclass, 'pg_operator'::regclass)"
for v in pg_tables pg_indexes pg_sequences pg_views; do
	dump $v "SELECT * FROM $v WHERE schemaname = 'sales'"
done
for v in tables columns sequences table_constraints key_column_usage constraint_column_usage constraint_table_usage \
	referential_constraints check_constraints domains domain_constraints column_domain_usage attributes element_types; do
	key=$(psql -X -At -d $db -c "SELECT attname FROM pg_attribute WHERE attrelid = 'information_schema.$v'::regclass AND attname IN ('table_schema', 'sequence_schema', 'constraint_schema', 'domain_schema', 'udt_schema', 'object_schema') ORDER BY attnum LIMIT 1")
	dump information_schema.$v "SELECT * FROM information_schema.$v WHERE $key = 'sales'"
done
dump indexdef "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid), pg_get_indexdef(indexrelid, 0, true), pg_get_indexdef(indexrelid, 1, true) FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE $ours"
dump constraintdef "SELECT conname, pg_get_constraintdef(oid), pg_get_constraintdef(oid, true) FROM pg_constraint WHERE connamespace = 'sales'::regnamespace"
dump regclass "SELECT oid, oid::regclass FROM pg_class WHERE $ours"
dump format_type "SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE $ours"
dropdb $db
