package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor/spill"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/kv/tikv"
	"github.com/tidemarkdb/tidemark/pgwire"
	"github.com/tidemarkdb/tidemark/session"
)

func newStartCommand() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start a server",
		Long: "Start a server. Every flag can also be given in the environment (TIDEMARK_DATA_DIR for\n" +
			"--data-dir) or in the config file (data-dir = ...); a flag wins over the environment, which\n" +
			"wins over the file.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.complete(cmd.Flags()); err != nil {
				return err
			}
			if err := c.validate(); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT)
			defer stop()
			return start(ctx, &c, cmd)
		},
	}
	c.flags(cmd.Flags())
	return cmd
}

// start runs a server until ctx is done, then drains it.
func start(ctx context.Context, c *config, cmd *cobra.Command) (err error) {
	logger, err := c.logger()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.address())
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("port %d on %s is taken by another process", c.portBase, c.listen)
		}
		return fmt.Errorf("listen on %s: %w", c.address(), err)
	}
	defer listener.Close() //nolint:errcheck // closed before when draining
	if c.profileAddr == "" {
		runtime.MemProfileRate = 0 // a sample every 512 kB, for nobody, is some percent of a query of large rows
	} else {
		stop, err := serveProfiles(c.profileAddr, logger)
		if err != nil {
			return err
		}
		defer stop()
	}
	store, err := openStore(c, logger)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := store.Close(); err == nil {
			err = cerr
		}
	}()
	return serve(ctx, c, cmd, store, listener, logger)
}

func openStore(c *config, logger *slog.Logger) (kv.Store, error) {
	if strings.HasPrefix(c.store, tikvScheme) {
		return tikv.Open(context.Background(), tikv.Config{
			PDs: c.placementDrivers(), Keyspace: c.keyspace, Near: c.near, Logger: logger,
			Security: tikv.Security{CA: c.storeCA, Cert: c.storeCert, Key: c.storeKey},
		})
	}
	cache, err := parseSize(c.cacheSize)
	if err != nil {
		return nil, err
	}
	rows, err := parseSize(c.rowCache)
	if err != nil {
		return nil, err
	}
	if rows == 0 {
		rows = -1
	}
	config := embedded.Config{CacheBytes: cache, RowCacheBytes: rows, Logger: logger}
	if c.store == "embedded" {
		config.Dir = c.dataDir
	}
	return embedded.Open(context.Background(), config)
}

// openTemp is where queries spill to: beside the data, which is where there is
// room; a store in memory has the system's directory.
func openTemp(c *config) (*spill.Dir, error) {
	if c.store != "embedded" {
		return spill.Temporary(), nil
	}
	return spill.Open(filepath.Join(c.dataDir, "tmp"))
}

func serve(ctx context.Context, c *config, cmd *cobra.Command, store kv.Store, listener net.Listener, logger *slog.Logger) error {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	cat, err := catalog.Open(base, store)
	if err != nil {
		return fmt.Errorf("open the catalog: %w", err)
	}
	memoryLimit, err := parseSize(c.memoryLimit)
	if err != nil {
		return err
	}
	queryMemory, err := parseSize(c.queryMemory)
	if err != nil {
		return err
	}
	columnCache, err := parseSize(c.columnCache)
	if err != nil {
		return err
	}
	seriesCache, err := parseSize(c.seriesCache)
	if err != nil {
		return err
	}
	governGC(memoryLimit + columnCache + seriesCache + softReserve)
	if columnCache == 0 {
		columnCache = -1
	}
	if seriesCache == 0 {
		seriesCache = -1
	}
	var blockCache int64
	if c.store == "embedded" {
		if blockCache, err = parseSize(c.cacheSize); err != nil {
			return err
		}
	}
	temp, err := openTemp(c)
	if err != nil {
		return err
	}
	sessions := session.NewServer(store, cat, session.Config{
		MaxConnections: c.maxConns, MemoryLimit: memoryLimit, QueryMemoryLimit: queryMemory, Temp: temp,
		ColumnCacheBytes: columnCache, StoreCacheBytes: blockCache, SeriesCacheBytes: seriesCache, Logger: logger, ServerPort: c.portBase, AutoAnalyze: c.autoAnalyze, Series: c.series,
	})
	if c.metricsAddr != "" {
		stop, err := serveMetrics(c.metricsAddr, sessions, store, logger)
		if err != nil {
			return err
		}
		defer stop()
	}
	if c.traceEndpoint != "" {
		stop, err := exportTraces(c.traceEndpoint, sessions, logger)
		if err != nil {
			return err
		}
		defer stop()
	}
	jobs, stopJobs := context.WithCancel(base)
	var running sync.WaitGroup
	running.Go(func() { sessions.RunAutoAnalyze(jobs) })
	running.Go(func() { sessions.RunSeriesKeeper(jobs) })
	defer running.Wait()
	defer stopJobs()
	server := pgwire.NewServer(sessions, pgwire.Config{Logger: logger})
	served := make(chan error, 1)
	go func() { served <- server.Serve(base, listener) }()
	fmt.Fprintf(cmd.OutOrStdout(), "ready for psql: psql -h %s -p %d -U tidemark\n", c.listen, c.portBase) //nolint:errcheck // nobody may read it
	logger.Info("started", "version", version, "store", c.store, "address", listener.Addr().String(), "pid", os.Getpid())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	logger.Info("draining", "sessions", sessions.Sessions(), "timeout", c.drainTimeout)
	stopJobs()
	running.Wait()
	drain, stop := context.WithTimeout(base, c.drainTimeout)
	defer stop()
	sessions.Drain(drain)  // new sessions are told 57P03 meanwhile
	_ = listener.Close()   // shows in served
	server.Shutdown(drain) // the sessions are over: waits for their connections
	if err := cat.Close(context.WithoutCancel(base)); err != nil {
		return fmt.Errorf("close the catalog: %w", err)
	}
	logger.Info("stopped")
	return nil
}

// softReserve is what the process may use beside what queries and caches are
// accounted: write buffers, plans, the catalog, batches on their way.
const softReserve = 1 << 30
