// Command scan times the queries of `make bench-scan` on Tidemark, PostgreSQL
// and DuckDB, alternating, and prints medians and ratios. bench/scan.sh starts
// the servers.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/bench/peers"
)

type query struct{ name, sql string }

// The answers are small, so that it is the query that is measured and not the wire.
var queries = []query{
	{"count", `select count(*) from fact`},
	{"filtered-sum", `select sum(price), count(*) from fact where k < 30000 and flag`},
	{"sum-int", `select sum(k), min(grp), max(x) from fact where ts >= '2024-06-01'`},
	{"group-low", `select grp, count(*), sum(price), avg(x) from fact group by grp`},
	{"group-high", `select count(*), sum(c), max(s) from (select k, count(*) c, sum(x) s from fact group by k) q`},
	{"join", `select count(*), sum(f.price) from fact f join dim d on d.k = f.k where d.weight < 50`},
	{"top-10", `select id, price, name from fact order by price desc, id limit 10`},
	{"distinct", `select count(*) from (select distinct d, grp, flag from fact) q`},
	{"like", `select count(*) from fact where name like '%customer 77%'`},
	{"window", `select max(s) from (select sum(k) over (partition by grp order by id) s from fact) q`},
}

type config struct {
	tidemark, postgres, only, dir string
	rows, rounds                  int
	duck                          bool
	set                           string
	pids                          peers.PIDs
	profiles                      peers.Profiler
}

func main() {
	var c config
	flag.StringVar(&c.tidemark, "tidemark", "", "connection string")
	flag.StringVar(&c.postgres, "postgres", "", "connection string, empty: without PostgreSQL")
	flag.BoolVar(&c.duck, "duckdb", true, "run DuckDB too")
	flag.StringVar(&c.only, "only", "", "names of queries, comma-separated; empty: all")
	flag.StringVar(&c.dir, "dir", os.TempDir(), "directory for the data files")
	flag.IntVar(&c.rows, "rows", 2_000_000, "rows of the big table")
	flag.IntVar(&c.rounds, "rounds", 3, "timed runs of each query")
	flag.IntVar(&c.pids[0], "tidemark-pid", 0, "print the CPU time of this process")
	flag.IntVar(&c.pids[1], "postgres-pid", 0, "print the CPU time of this process")
	flag.StringVar(&c.set, "set", "", "statements to run on Tidemark first")
	flag.StringVar(&c.profiles.Addr, "profile", "", "address where Tidemark serves profiles: it is profiled with each query")
	flag.StringVar(&c.profiles.Dir, "profiles", "bin/profiles", "directory for the profiles")
	flag.Parse()
	if err := run(context.Background(), c); err != nil {
		fmt.Fprintln(os.Stderr, "scan:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c config) error {
	ps, err := connect(ctx, c)
	for _, p := range ps {
		defer p.Close()
	}
	if err != nil {
		return err
	}
	if err := load(ctx, c, ps); err != nil {
		return err
	}
	if c.set != "" {
		if err := ps[0].Exec(ctx, c.set); err != nil {
			return err
		}
	}
	fmt.Printf("%-14s", "query (ms)")
	for _, p := range ps {
		fmt.Printf("%11s", p.Name())
	}
	for _, p := range ps[1:] {
		fmt.Printf("%13s", "/"+p.Name())
	}
	if c.pids != (peers.PIDs{}) {
		fmt.Print("  (CPU of the first two)")
	}
	fmt.Println()
	var ratios []float64
	for _, q := range queries {
		if c.only != "" && !slices.Contains(strings.Split(c.only, ","), q.name) {
			continue
		}
		r, err := measure(ctx, c, ps, q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		ratios = append(ratios, r)
		err = c.profiles.Run(ctx, q.name, func() error { return ps[0].Read(ctx, q.sql) })
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	if slices.Sort(ratios); len(ratios) > 0 && c.postgres != "" {
		fmt.Printf("times as fast as PostgreSQL: least %.2f, median %.2f\n", ratios[0], ratios[len(ratios)/2])
	}
	return nil
}

// connect opens Tidemark first, then its peers.
func connect(ctx context.Context, c config) (ps []peers.Peer, err error) {
	add := func(p peers.Peer, err error) error {
		if err == nil {
			ps = append(ps, p)
		}
		return err
	}
	if err := add(peers.Wire(ctx, "tidemark", c.tidemark)); err != nil {
		return ps, err
	}
	if c.postgres != "" {
		if err := add(peers.Wire(ctx, "postgres", c.postgres)); err != nil {
			return ps, err
		}
	}
	if c.duck {
		return ps, add(peers.DuckDB(ctx, filepath.Join(c.dir, "scan.duckdb"), 2))
	}
	return ps, nil
}

func load(ctx context.Context, c config, ps []peers.Peer) error {
	fact, dim := filepath.Join(c.dir, "fact.tsv"), filepath.Join(c.dir, "dim.tsv")
	defer os.Remove(fact)
	defer os.Remove(dim)
	if err := writeFact(fact, c.rows); err != nil {
		return err
	}
	if err := writeDim(dim); err != nil {
		return err
	}
	for _, p := range ps {
		start := time.Now()
		for _, t := range []struct{ name, ddl, file string }{{"fact", factTable, fact}, {"dim", dimTable, dim}} {
			if err := p.Exec(ctx, t.ddl); err != nil {
				return fmt.Errorf("%s: %w", p.Name(), err)
			}
			if err := p.Load(ctx, t.name, t.file); err != nil {
				return fmt.Errorf("%s: load %s: %w", p.Name(), t.name, err)
			}
		}
		settle := "analyze"
		if p.Name() == "postgres" {
			settle = "vacuum analyze" // sets the visibility map, as autovacuum would soon
		}
		if err := p.Exec(ctx, settle); err != nil {
			return fmt.Errorf("%s: %s: %w", p.Name(), settle, err)
		}
		fmt.Printf("loaded %s in %.1f s\n", p.Name(), time.Since(start).Seconds())
	}
	return nil
}

// measure warms each peer with one run, then times them in turn. It returns
// how many times as fast as the second peer the first is.
func measure(ctx context.Context, c config, ps []peers.Peer, q query) (float64, error) {
	times := make([][]time.Duration, len(ps))
	answers := make([][][]string, len(ps))
	var cpu [2]time.Duration
	for round := range c.rounds + 1 {
		for i, p := range ps {
			before := c.pids.CPU(i)
			d, rows, err := peers.Time(ctx, p, q.sql)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", p.Name(), err)
			}
			if answers[i] = rows; round > 0 {
				times[i] = append(times[i], d)
				if i < len(cpu) {
					cpu[i] += c.pids.CPU(i) - before
				}
			}
		}
	}
	fmt.Printf("%-14s", q.name)
	ms := make([]float64, len(ps))
	for i := range ps {
		ms[i] = peers.Median(times[i]).Seconds() * 1e3
		fmt.Printf("%11.1f", ms[i])
	}
	for i := range ps[1:] {
		fmt.Printf("%13.2f", ms[i+1]/ms[0])
	}
	if c.pids != (peers.PIDs{}) {
		n := time.Duration(c.rounds)
		fmt.Printf("  (%d %d)", (cpu[0] / n).Milliseconds(), (cpu[1] / n).Milliseconds())
	}
	fmt.Println()
	if c.postgres == "" {
		return 0, nil
	}
	if diff := peers.Differ(answers[0], answers[1], false); diff != "" {
		fmt.Printf("  the answers differ: %s\n", diff)
	}
	return ms[1] / ms[0], nil
}
