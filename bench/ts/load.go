package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const tagsTable = `CREATE TABLE tags(id %s PRIMARY KEY, hostname TEXT, region TEXT, datacenter TEXT, rack TEXT, os TEXT, arch TEXT, team TEXT, service TEXT, service_version TEXT, service_environment TEXT)`

// loaders is over how many connections points are loaded.
const loaders = 2

func cpuTable(jsonType string) string {
	return "CREATE TABLE cpu (time timestamptz, tags_id integer, " + strings.Join(metrics, " DOUBLE PRECISION,") +
		" DOUBLE PRECISION, additional_tags " + jsonType + " DEFAULT NULL)"
}

// create makes the tables and fills that of the hosts.
func (c *config) create(ctx context.Context, t *target) error {
	ddl := []string{
		fmt.Sprintf(tagsTable, "SERIAL"), "CREATE UNIQUE INDEX uniq1 ON tags(" + strings.Join(tagNames, ",") + ")", "CREATE INDEX ON tags(hostname)",
		cpuTable("JSONB"), `CREATE INDEX ON cpu(tags_id, "time" DESC)`, `CREATE INDEX ON cpu("time" DESC)`,
	}
	if t.Name() == "tidemark" {
		ddl = append(ddl, "CREATE EXTENSION IF NOT EXISTS timescaledb CASCADE",
			"SELECT create_hypertable('cpu'::regclass, 'time'::name, replication_factor => NULL, chunk_time_interval => 43200000000, create_default_indexes=>FALSE)")
	}
	for _, row := range tagRows(c.shape, c.seed) {
		ddl = append(ddl, "INSERT INTO tags("+strings.Join(tagNames, ",")+") VALUES ('"+strings.Join(row, "','")+"')")
	}
	for _, s := range ddl {
		if err := t.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// load makes the tables, fills them and prints how fast and how large.
func (c *config) load(ctx context.Context, t *target) error {
	if p, ok := t.Peer.(*linePeer); ok {
		return c.loadLines(ctx, t, p)
	}
	if t.dsn == "" {
		return c.loadDuck(ctx, t)
	}
	if err := c.create(ctx, t); err != nil {
		return err
	}
	settle, size := []string{"vacuum analyze"}, "select pg_total_relation_size('cpu')"
	if t.Name() == "tidemark" {
		settle = []string{"call tidemark.compact('cpu')", "analyze"}
	}
	begin := time.Now()
	w := newWalk(c.shape, c.seed)
	if err := c.copyPoints(ctx, func(n int) ([]byte, int) { return binaryBatch(w.next, n) }, copyTo(t.dsn)); err != nil {
		return err
	}
	took := time.Since(begin)
	for _, s := range settle {
		if err := t.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	answer, err := t.Query(ctx, size)
	if err != nil {
		return err
	}
	var bytes float64
	if _, err := fmt.Sscan(answer()[0][0], &bytes); err != nil {
		return err
	}
	c.loaded(t, took, time.Since(begin)-took, bytes)
	return nil
}

func (c *config) loaded(t *target, took, settled time.Duration, bytes float64) {
	n := float64(c.rows())
	fmt.Printf("loaded %-9s %7.0f thousand rows/s, settled in %.1f s, %.1f bytes a row\n", t.Name(), n/took.Seconds()/1e3, settled.Seconds(), bytes/n)
}

// copyPoints makes the points in batches and has them written over several
// connections at once. Making the points is part of the time, as for TSBS.
func (c *config) copyPoints(ctx context.Context, batch func(n int) ([]byte, int), write func(ctx context.Context, batches <-chan []byte) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := make(chan []byte, 2*loaders)
	done := make(chan error, loaders)
	for range loaders {
		go func() { done <- write(ctx, batches) }()
	}
	go func() {
		defer close(batches)
		for {
			data, rows := batch(c.batch)
			if rows == 0 {
				return
			}
			select {
			case batches <- data:
			case <-ctx.Done():
				return
			}
		}
	}()
	var err error
	for range loaders {
		if e := <-done; e != nil {
			err = errors.Join(err, e)
			cancel(e)
		}
	}
	return err
}

// copyTo writes batches, each by a binary COPY of its own.
func copyTo(dsn string) func(context.Context, <-chan []byte) error {
	return func(ctx context.Context, batches <-chan []byte) error {
		conn, err := pgconn.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer conn.Close(context.WithoutCancel(ctx))
		for b := range batches {
			if _, err := conn.CopyFrom(ctx, bytes.NewReader(b), `copy "cpu" ( `+copyColumns+` ) from stdin binary`); err != nil {
				return err
			}
		}
		return nil
	}
}

// loadDuck loads DuckDB from files, the way it likes best.
func (c *config) loadDuck(ctx context.Context, t *target) error {
	tags, cpu := filepath.Join(c.dir, "tags.tsv"), filepath.Join(c.dir, "cpu.tsv")
	defer os.Remove(tags)
	defer os.Remove(cpu)
	if err := c.writeFiles(tags, cpu); err != nil {
		return err
	}
	for _, s := range []string{fmt.Sprintf(tagsTable, "INTEGER"), cpuTable("VARCHAR")} {
		if err := t.Exec(ctx, s); err != nil {
			return err
		}
	}
	if err := t.Load(ctx, "tags", tags); err != nil {
		return err
	}
	begin := time.Now()
	if err := t.Load(ctx, "cpu", cpu); err != nil {
		return err
	}
	took := time.Since(begin)
	if err := t.Exec(ctx, "checkpoint"); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(c.dir, "ts.duckdb"))
	if err != nil {
		return err
	}
	c.loaded(t, took, time.Since(begin)-took, float64(info.Size()))
	return nil
}

func (c *config) writeFiles(tags, cpu string) error {
	var b bytes.Buffer
	for i, row := range tagRows(c.shape, c.seed) {
		fmt.Fprintf(&b, "%d\t%s\n", i+1, strings.Join(row, "\t"))
	}
	if err := os.WriteFile(tags, b.Bytes(), 0o600); err != nil {
		return err
	}
	f, err := os.Create(cpu)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	w := newWalk(c.shape, c.seed)
	var p point
	for w.next(&p) {
		fmt.Fprintf(out, "%s\t%d", p.time.Format("2006-01-02 15:04:05+00"), p.host+1)
		for _, v := range p.values {
			fmt.Fprintf(out, "\t%d", int(v))
		}
		out.WriteString("\t\\N\n")
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}
