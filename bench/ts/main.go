// Command ts loads points of the shape of TSBS's cpu-only use case into
// Tidemark, PostgreSQL, InfluxDB, VictoriaMetrics and DuckDB and times TSBS's
// queries on them, alternating; it prints rows a second, bytes a row, medians and
// ratios, and what late points and updates cost. bench/ts.sh starts the servers.
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
	rounds, inARow     int // inARow queries in each round
	batch              int
	seed               uint64
	influx, victoria   string // URL and data directory, with a space between
	duck, fresh, price bool
	atLeast            time.Duration
	profiles           peers.Profiler
}

// target is a peer with what it is called and how it writes queries.
type target struct {
	peers.Peer
	dialect
	dsn    string
	ratios []float64 // to the first target, of the types that there are here
}

func main() {
	var c config
	flag.StringVar(&c.tidemark, "tidemark", "", "connection string")
	flag.StringVar(&c.postgres, "postgres", "", "connection string, empty: without PostgreSQL")
	flag.BoolVar(&c.duck, "duckdb", true, "run DuckDB too")
	flag.BoolVar(&c.fresh, "load", true, "load first; false: query what an earlier run loaded")
	flag.StringVar(&c.influx, "influxdb", "", "URL and data directory, with a space between; empty: without InfluxDB")
	flag.StringVar(&c.victoria, "victoria", "", "the same of VictoriaMetrics")
	flag.BoolVar(&c.price, "prices", false, "print what late points and updates cost")
	flag.DurationVar(&c.atLeast, "at-least", 3*time.Second, "how long each type of query is repeated at least")
	flag.StringVar(&c.only, "only", "", "names of queries, comma-separated; empty: all")
	flag.StringVar(&c.dir, "dir", os.TempDir(), "directory for the data files")
	flag.IntVar(&c.hosts, "hosts", 4000, "hosts that report")
	flag.DurationVar(&c.step, "step", time.Minute, "how often each host reports")
	flag.DurationVar(&c.span, "span", 24*time.Hour, "for how long")
	flag.IntVar(&c.batch, "batch", 10_000, "rows of a COPY")
	flag.IntVar(&c.rounds, "rounds", 5, "rounds of each type of query")
	flag.IntVar(&c.inARow, "in-a-row", 1, "queries that a server answers in a round, one after the other")
	flag.Uint64Var(&c.seed, "seed", 123, "of data and parameters")
	flag.StringVar(&c.profiles.Addr, "profile", "", "address where Tidemark serves profiles: it is profiled with each query")
	flag.StringVar(&c.profiles.Dir, "profiles", "bin/profiles", "directory for the profiles")
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
	if err := c.compare(ctx, ts); err != nil || !c.price {
		return err
	}
	return c.prices(ctx)
}

// compare times all types of query and prints medians and ratios.
func (c *config) compare(ctx context.Context, ts []*target) error {
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
		round := c.seed
		err := c.profiles.Run(ctx, q.name, func() error {
			round++
			return ts[0].Read(ctx, ts[0].write(q.ask(rand.New(rand.NewPCG(round, uint64(i))), c.shape)))
		})
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	for _, t := range ts[1:] {
		sum, least := 0.0, math.Inf(1)
		for _, ratio := range t.ratios {
			sum += math.Log(ratio)
			least = min(least, ratio)
		}
		if n := len(t.ratios); n > 0 {
			fmt.Printf("times as fast as %s: least %.2f, geometric mean %.2f of %d types\n", t.Name(), least, math.Exp(sum/float64(n)), n)
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
	for _, p := range []struct {
		name, at string
		dialect
	}{{"influxdb", c.influx, influx}, {"victoria", c.victoria, promQL}} {
		if url, dir, ok := strings.Cut(p.at, " "); ok {
			ts = append(ts, &target{Peer: &linePeer{name: p.name, url: url, dir: dir}, dialect: p.dialect})
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

// times runs a type of query with the same parameters on each target, each for one round
// unmeasured and then for a while: what takes a millisecond is run often, so that
// its median means something. A round is one query on each, or some in a row: a query
// that follows one on another server finds little of its own in the processor's caches.
// Measured is from sending the statement until its last
// row was read and taken apart; nothing is kept meanwhile. The answers of the first
// two are read once more and compared, without being measured, in the first rounds.
func (c *config) times(ctx context.Context, ts []*target, q query, salt uint64) (times [][]time.Duration, differ string, err error) {
	times = make([][]time.Duration, len(ts))
	begin := time.Now()
	for round := 0; round <= c.rounds || round <= maxRounds && time.Since(begin) < c.atLeast; round++ {
		var answers [2][][]string
		for i, t := range ts {
			text := ""
			for k := range c.inARow {
				a := q.ask(rand.New(rand.NewPCG(c.seed+uint64(round*c.inARow+k), salt)), c.shape)
				if text = t.write(a); text == "" {
					break
				}
				d, err := peers.TimeRead(ctx, t, text)
				if err != nil {
					return nil, "", fmt.Errorf("%s: %w", t.Name(), err)
				}
				if round > 0 {
					times[i] = append(times[i], d)
				}
			}
			if text == "" {
				continue
			}
			if compared := len(ts) > 1 && ts[1].comparable && round <= c.rounds && differ == ""; compared && i < len(answers) {
				answer, err := t.Query(ctx, text)
				if err != nil {
					return nil, "", fmt.Errorf("%s: %w", t.Name(), err)
				}
				answers[i] = answer()
			}
		}
		if answers[0] != nil {
			differ = peers.Differ(answers[0], answers[1], q.ordered)
		}
	}
	return times, differ, nil
}

// maxRounds bounds how often a type of query is run.
const maxRounds = 200

// measure prints the medians of a type of query, and the ratios.
func (c *config) measure(ctx context.Context, ts []*target, q query, salt uint64) error {
	times, differ, err := c.times(ctx, ts, q, salt)
	if err != nil {
		return err
	}
	fmt.Printf("%-24s", q.name)
	ms := make([]float64, len(ts))
	for i := range ts {
		if len(times[i]) == 0 {
			fmt.Printf("%11s", "-")
			continue
		}
		ms[i] = peers.Median(times[i]).Seconds() * 1e3
		fmt.Printf("%11.2f", ms[i])
	}
	for i, t := range ts[1:] {
		if ms[i+1] == 0 {
			fmt.Printf("%13s", "-")
			continue
		}
		t.ratios = append(t.ratios, ms[i+1]/ms[0])
		fmt.Printf("%13.2f", ms[i+1]/ms[0])
	}
	fmt.Println()
	if differ != "" {
		fmt.Printf("  the answers differ: %s\n", differ)
	}
	return nil
}
