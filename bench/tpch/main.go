// Command tpch loads the tables of TPC-H, made by a generator of its own, and
// times the 22 queries on Tidemark and PostgreSQL (and DuckDB), comparing the
// answers. bench/tpch.sh starts the servers. The results are no TPC-H results
// in the sense of the TPC: generator and rules differ.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/bench/peers"
)

type config struct {
	tidemark, postgres, only, dir, set string
	scale                              float64
	rounds                             int
	duck, loaded                       bool
	limit                              time.Duration
	pids                               peers.PIDs
	profiles                           peers.Profiler
}

func main() {
	var c config
	flag.StringVar(&c.tidemark, "tidemark", "", "connection string")
	flag.StringVar(&c.postgres, "postgres", "", "connection string, empty: without PostgreSQL")
	flag.BoolVar(&c.duck, "duckdb", false, "run DuckDB too")
	flag.StringVar(&c.only, "only", "", "numbers of queries, comma-separated; empty: all")
	flag.BoolVar(&c.loaded, "loaded", false, "the tables are there from an earlier run")
	flag.StringVar(&c.dir, "dir", os.TempDir(), "directory for the data files")
	flag.Float64Var(&c.scale, "scale", 0.1, "scale factor")
	flag.IntVar(&c.rounds, "rounds", 2, "timed runs of each query, after one that warms")
	flag.DurationVar(&c.limit, "limit", 5*time.Minute, "longest time of one query")
	flag.StringVar(&c.set, "set", "", "statements to run on Tidemark first")
	flag.IntVar(&c.pids[0], "tidemark-pid", 0, "print the CPU time of this process")
	flag.IntVar(&c.pids[1], "postgres-pid", 0, "print the CPU time of this process")
	flag.StringVar(&c.profiles.Addr, "profile", "", "address where Tidemark serves profiles: it is profiled with each query")
	flag.StringVar(&c.profiles.Dir, "profiles", "bin/profiles", "directory for the profiles")
	flag.Parse()
	ok, err := run(context.Background(), c)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tpch:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run reports whether all queries ran and gave PostgreSQL's answers.
func run(ctx context.Context, c config) (bool, error) {
	ps, err := connect(ctx, c)
	for _, p := range ps {
		defer p.Close()
	}
	if err != nil {
		return false, err
	}
	if !c.loaded {
		if err := load(ctx, c, ps); err != nil {
			return false, err
		}
	}
	for _, p := range ps {
		if p.Name() == "duckdb" {
			continue
		}
		if err := p.Exec(ctx, fmt.Sprintf("set statement_timeout = %d", c.limit.Milliseconds())); err != nil {
			return false, err
		}
	}
	if c.set != "" {
		if err := ps[0].Exec(ctx, c.set); err != nil {
			return false, err
		}
	}
	fmt.Printf("%-12s", "query (ms)")
	for _, p := range ps {
		fmt.Printf("%12s", p.Name())
	}
	for _, p := range ps[1:] {
		fmt.Printf("%12s", "/"+p.Name())
	}
	fmt.Println()
	ok := true
	totals := make([]time.Duration, len(ps))
	var cpus [2]time.Duration
	for n := 1; n < len(queries); n++ {
		if c.only != "" && !strings.Contains(","+c.only+",", ","+strconv.Itoa(n)+",") {
			continue
		}
		medians, cpu, problem := measure(ctx, c, ps, n)
		err := c.profiles.Run(ctx, "Q"+strconv.Itoa(n), func() error { return ps[0].Read(ctx, c.text(n)) })
		if err != nil {
			return false, fmt.Errorf("query %d: %w", n, err)
		}
		printTimes("Q"+strconv.Itoa(n), medians, cpu)
		if problem != "" {
			ok = false
			fmt.Printf("   %s\n", problem)
		}
		for i, d := range medians {
			totals[i] += d
		}
		for i := range cpus {
			cpus[i] += cpu[i]
		}
	}
	printTimes("total", totals, cpus)
	return ok, nil
}

// text is a query for the scale.
func (c *config) text(n int) string {
	return strings.Replace(queries[n], "$FRACTION", strconv.FormatFloat(0.0001/c.scale, 'f', -1, 64), 1)
}

func printTimes(label string, ds []time.Duration, cpu [2]time.Duration) {
	fmt.Printf("%-12s", label)
	for _, d := range ds {
		fmt.Printf("%12.1f", d.Seconds()*1e3)
	}
	for _, d := range ds[1:] {
		fmt.Printf("%12.2f", d.Seconds()/ds[0].Seconds())
	}
	if cpu != [2]time.Duration{} {
		fmt.Printf("  (%d %d)", cpu[0].Milliseconds(), cpu[1].Milliseconds())
	}
	fmt.Println()
}

// connect opens Tidemark first, then its peers.
func connect(ctx context.Context, c config) (ps []peers.Peer, err error) {
	p, err := peers.Wire(ctx, "tidemark", c.tidemark)
	if err != nil {
		return nil, err
	}
	ps = append(ps, p)
	if c.postgres != "" {
		if p, err = peers.Wire(ctx, "postgres", c.postgres); err != nil {
			return ps, err
		}
		ps = append(ps, p)
	}
	if c.duck {
		if p, err = peers.DuckDB(ctx, filepath.Join(c.dir, "tpch.duckdb"), 2); err != nil {
			return ps, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}

func load(ctx context.Context, c config, ps []peers.Peer) error {
	g := newGenerator(c.dir, c.scale)
	if err := g.all(); err != nil {
		return err
	}
	for _, p := range ps {
		start := time.Now()
		if err := loadPeer(ctx, g, p); err != nil {
			return fmt.Errorf("%s: %w", p.Name(), err)
		}
		fmt.Printf("loaded %s in %.1f s\n", p.Name(), time.Since(start).Seconds())
	}
	for _, t := range tables {
		os.Remove(g.file(t.name))
	}
	return nil
}

func loadPeer(ctx context.Context, g *generator, p peers.Peer) error {
	for _, t := range tables {
		if err := p.Exec(ctx, t.ddl); err != nil {
			return err
		}
		if err := p.Load(ctx, t.name, g.file(t.name)); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if p.Name() == "duckdb" {
		return nil // it scans, and names no indexes by itself
	}
	for _, x := range indexes {
		if err := p.Exec(ctx, x); err != nil {
			return err
		}
	}
	if p.Name() == "postgres" {
		return p.Exec(ctx, "vacuum analyze")
	}
	return p.Exec(ctx, "analyze")
}

// measure times a query on the peers in turn and compares the answers of the
// first two. cpu is the processor time of a run on these, problem tells what went
// wrong.
func measure(ctx context.Context, c config, ps []peers.Peer, n int) (medians []time.Duration, cpu [2]time.Duration, problem string) {
	text := c.text(n)
	times := make([][]time.Duration, len(ps))
	answers := make([][][]string, len(ps))
	for round := range c.rounds + 1 {
		for i, p := range ps {
			before := c.pids.CPU(i)
			d, rows, err := peers.Time(ctx, p, text)
			if err != nil {
				medians = make([]time.Duration, len(ps))
				for i := range ps {
					medians[i] = peers.Median(times[i])
				}
				if i == 0 {
					medians[0] = d
				}
				return medians, cpu, p.Name() + ": " + err.Error()
			}
			if answers[i] = rows; round > 0 {
				times[i] = append(times[i], d)
				if i < len(cpu) {
					cpu[i] += (c.pids.CPU(i) - before) / time.Duration(c.rounds)
				}
			}
		}
	}
	for i := range ps {
		medians = append(medians, peers.Median(times[i]))
	}
	if len(ps) > 1 {
		// Ties of the sort keys may come in any order.
		if diff := peers.Differ(answers[0], answers[1], false); diff != "" {
			problem = "the answers differ: " + diff
		}
	}
	return medians, cpu, problem
}
