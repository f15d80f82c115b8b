// Command tpcc loads the tables of TPC-C and runs its five transactions without
// keying and thinking times on Tidemark and PostgreSQL in turn; at the end it
// checks the consistency conditions. bench/tpcc.sh starts the servers. The
// results are no TPC-C results in the sense of the TPC.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

type config struct {
	warehouses, terminals, rounds int
	each                          time.Duration
}

// server is one of the two that are compared.
type server struct {
	name, dsn string
	perMinute []float64 // new orders of each round
	latencies [][]time.Duration
	retries   int
}

func main() {
	var c config
	var tm, pg string
	flag.StringVar(&tm, "tidemark", "", "connection string")
	flag.StringVar(&pg, "postgres", "", "connection string, empty: without PostgreSQL")
	flag.IntVar(&c.warehouses, "warehouses", 2, "warehouses")
	flag.IntVar(&c.terminals, "terminals", 4, "connections")
	flag.IntVar(&c.rounds, "rounds", 3, "runs on each server, in turn")
	flag.DurationVar(&c.each, "each", 15*time.Second, "length of one run")
	flag.Parse()
	servers := []*server{{name: "tidemark", dsn: tm}}
	if pg != "" {
		servers = append(servers, &server{name: "postgres", dsn: pg})
	}
	if err := run(context.Background(), c, servers); err != nil {
		fmt.Fprintln(os.Stderr, "tpcc:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c config, servers []*server) error {
	for _, s := range servers {
		start := time.Now()
		if err := s.with(ctx, func(conn *pgx.Conn) error { return load(ctx, conn, c.warehouses) }); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Printf("loaded %s in %.1f s\n", s.name, time.Since(start).Seconds())
		s.latencies = make([][]time.Duration, len(kinds))
	}
	for round := range c.rounds {
		for _, s := range servers {
			if err := s.round(ctx, c, round); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	medians := make([]float64, len(servers))
	for i, s := range servers {
		slices.Sort(s.perMinute)
		medians[i] = s.perMinute[(len(s.perMinute)-1)/2]
		fmt.Printf("%s: %.0f new orders a minute (median of %d), %d retries\n", s.name, medians[i], c.rounds, s.retries)
		for k, ds := range s.latencies {
			if slices.Sort(ds); len(ds) > 0 {
				fmt.Printf("  %-13s %6d  median %6.2f ms  p99 %7.2f ms\n", kinds[k].name, len(ds), ms(ds[len(ds)/2]), ms(ds[len(ds)*99/100]))
			}
		}
	}
	if len(servers) == 2 {
		fmt.Printf("ratio %.2f\n", medians[0]/medians[1])
	}
	return checkAll(ctx, servers)
}

func ms(d time.Duration) float64 { return d.Seconds() * 1e3 }

func checkAll(ctx context.Context, servers []*server) error {
	for _, s := range servers {
		var broken []int
		err := s.with(ctx, func(conn *pgx.Conn) (err error) {
			broken, err = check(ctx, conn)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if len(broken) > 0 {
			return fmt.Errorf("%s: consistency conditions %v do not hold", s.name, broken)
		}
		fmt.Printf("%s: consistency conditions 1 to %d hold\n", s.name, len(conditions)-1)
	}
	return nil
}

func (s *server) with(ctx context.Context, f func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return f(conn)
}

// round runs all terminals for a while and counts their new orders.
func (s *server) round(ctx context.Context, c config, round int) error {
	var mu sync.Mutex
	var group sync.WaitGroup
	var failed error
	orders := 0
	end := time.Now().Add(c.each)
	for i := range c.terminals {
		group.Go(func() {
			n := 0
			err := s.with(ctx, func(conn *pgx.Conn) (err error) {
				t := &terminal{newRandom(uint64(round*1000 + i)), conn, c.warehouses, i%c.warehouses + 1}
				n, err = s.work(ctx, t, end, &mu)
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			orders += n
			failed = errors.Join(failed, err)
		})
	}
	group.Wait()
	s.perMinute = append(s.perMinute, float64(orders)/c.each.Minutes())
	return failed
}

func (s *server) work(ctx context.Context, t *terminal, end time.Time, mu *sync.Mutex) (orders int, err error) {
	for time.Now().Before(end) {
		k := t.pickKind()
		start := time.Now()
		retries, err := t.transaction(ctx, k)
		if err != nil && !errors.Is(err, errRolledBack) {
			return orders, fmt.Errorf("%s: %w", kinds[k].name, err)
		}
		if kinds[k].name == "new-order" {
			orders++ // the rolled back ones count too (clause 5.4.2)
		}
		mu.Lock()
		s.latencies[k] = append(s.latencies[k], time.Since(start))
		s.retries += retries
		mu.Unlock()
	}
	return orders, nil
}

// transaction runs one until it is not chosen as the victim of a deadlock or
// of a conflict.
func (t *terminal) transaction(ctx context.Context, k int) (retries int, err error) {
	for ; ; retries++ {
		err := pgx.BeginFunc(ctx, t.conn, func(tx pgx.Tx) error { return kinds[k].run(t, ctx, tx) })
		var e *pgconn.PgError
		if errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01") {
			continue
		}
		return retries, err
	}
}
