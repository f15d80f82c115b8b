// Command ts loads points of the shape of TSBS's cpu-only use case into
// Tidemark, PostgreSQL and DuckDB and times TSBS's queries on them, alternating;
// it prints rows a second, bytes a row, medians and ratios. bench/ts.sh starts
// the servers.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/bench/peers"
)

type config struct {
	tidemark, postgres, only, dir string
	shape
	rounds, batch int
	seed          uint64
	duck, fresh   bool
}

// target is a peer with what it is called and how it writes queries.
type target struct {
	peers.Peer
	dialect
	dsn string
	ms  []float64 // by query
}

func main() {
	var c config
	flag.StringVar(&c.tidemark, "tidemark", "", "connection string")
	flag.StringVar(&c.postgres, "postgres", "", "connection string, empty: without PostgreSQL")
	flag.BoolVar(&c.duck, "duckdb", true, "run DuckDB too")
	flag.BoolVar(&c.fresh, "load", true, "load first; false: query what an earlier run loaded")
	flag.StringVar(&c.only, "only", "", "names of queries, comma-separated; empty: all")
	flag.StringVar(&c.dir, "dir", os.TempDir(), "directory for the data files")
	flag.IntVar(&c.hosts, "hosts", 4000, "hosts that report")
	flag.DurationVar(&c.step, "step", time.Minute, "how often each host reports")
	flag.DurationVar(&c.span, "span", 24*time.Hour, "for how long")
	flag.IntVar(&c.batch, "batch", 10_000, "rows of a COPY")
	flag.IntVar(&c.rounds, "rounds", 5, "queries of each type")
	flag.Uint64Var(&c.seed, "seed", 123, "of data and parameters")
	flag.Parse()
	if err := run(context.Background(), c); err != nil {
		fmt.Fprintln(os.Stderr, "ts:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c config) error {
	ts, err := connect(ctx, c)
	for _, t := range ts {
		defer t.Close()
	}
	if err != nil {
		return err
	}
	fmt.Printf("%d hosts every %s for %s: %d points of %d metrics\n", c.hosts, c.step, c.span, c.rows(), len(metrics))
	for _, t := range ts {
		if !c.fresh {
			break
		}
		if err := c.load(ctx, t); err != nil {
			return fmt.Errorf("%s: load: %w", t.Name(), err)
		}
	}
	fmt.Printf("%-24s", "query (ms)")
	for _, t := range ts {
		fmt.Printf("%11s", t.Name())
	}
	for _, t := range ts[1:] {
		fmt.Printf("%13s", "/"+t.Name())
	}
	fmt.Println()
	for i, q := range queries {
		if c.only != "" && !slices.Contains(strings.Split(c.only, ","), q.name) {
			continue
		}
		if err := c.measure(ctx, ts, q, uint64(i)); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	for k, t := range ts[1:] {
		sum, least := 0.0, math.Inf(1)
		for i := range t.ms {
			ratio := t.ms[i] / ts[0].ms[i]
			sum += math.Log(ratio)
			least = min(least, ratio)
		}
		if n := len(ts[k+1].ms); n > 0 {
			fmt.Printf("times as fast as %s: least %.2f, geometric mean %.2f\n", t.Name(), least, math.Exp(sum/float64(n)))
		}
	}
	return nil
}

// connect opens Tidemark first, then its peers.
func connect(ctx context.Context, c config) (ts []*target, err error) {
	wire := func(name, dsn string, d dialect) error {
		p, err := peers.Wire(ctx, name, dsn)
		if err == nil {
			ts = append(ts, &target{Peer: p, dialect: d, dsn: dsn})
			err = p.Exec(ctx, "SET timezone = 'UTC'; SET work_mem = '256MB'")
		}
		return err
	}
	if err := wire("tidemark", c.tidemark, timescale); err != nil {
		return ts, err
	}
	if c.postgres != "" {
		if err := wire("postgres", c.postgres, plain); err != nil {
			return ts, err
		}
	}
	if c.duck {
		p, err := peers.DuckDB(ctx, filepath.Join(c.dir, "ts.duckdb"), 2)
		if err != nil {
			return ts, err
		}
		ts = append(ts, &target{Peer: p, dialect: duckdb})
		return ts, p.Exec(ctx, "SET TimeZone = 'UTC'")
	}
	return ts, nil
}

// measure runs a type of query with the same parameters on each target, each
// once unmeasured, and compares the answers of the first two.
func (c *config) measure(ctx context.Context, ts []*target, q query, salt uint64) error {
	times := make([][]time.Duration, len(ts))
	differ := ""
	for round := range c.rounds + 1 {
		answers := make([][][]string, len(ts))
		for i, t := range ts {
			sql := q.make(rand.New(rand.NewPCG(c.seed+uint64(round), salt)), c.shape, t.dialect)
			d, rows, err := peers.Time(ctx, t, sql)
			if err != nil {
				return fmt.Errorf("%s: %w", t.Name(), err)
			}
			if answers[i] = rows; round > 0 {
				times[i] = append(times[i], d)
			}
		}
		if len(ts) > 1 && ts[1].lateral && differ == "" {
			differ = peers.Differ(answers[0], answers[1], q.ordered)
		}
	}
	fmt.Printf("%-24s", q.name)
	for i, t := range ts {
		ms := peers.Median(times[i]).Seconds() * 1e3
		t.ms = append(t.ms, ms)
		fmt.Printf("%11.2f", ms)
	}
	for _, t := range ts[1:] {
		fmt.Printf("%13.2f", t.ms[len(t.ms)-1]/ts[0].ms[len(ts[0].ms)-1])
	}
	fmt.Println()
	if differ != "" {
		fmt.Printf("  the answers differ: %s\n", differ)
	}
	return nil
}
