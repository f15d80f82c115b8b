package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/tidemarkdb/tidemark/session"
)

// config is everything `tidemark start` can be told. A value comes from its
// flag, else from the environment (TIDEMARK_ and the flag's name in upper case
// with underscores), else from the config file, else it is the default.
type config struct {
	configFile    string
	dataDir       string
	listen        string
	portBase      int
	store         string
	storeCA       string
	storeCert     string
	storeKey      string
	keyspace      string
	near          map[string]string
	logFormat     string
	logLevel      string
	cacheSize     string
	rowCache      string
	columnCache   string
	seriesCache   string
	memoryLimit   string
	queryMemory   string
	maxConns      int
	drainTimeout  time.Duration
	profileAddr   string
	metricsAddr   string
	traceEndpoint string
	autoAnalyze   session.AutoAnalyze
	noAnalyze     bool
	series        session.SeriesSettings
}

func (c *config) flags(fs *pflag.FlagSet) {
	fs.StringVar(&c.configFile, "config", "", "file of \"name = value\" lines, named as the flags are")
	fs.StringVar(&c.dataDir, "data-dir", "data", "directory of the embedded store")
	fs.StringVar(&c.listen, "listen", "127.0.0.1", "address to listen on")
	fs.IntVar(&c.portBase, "port-base", 5440, "first port; SQL is on the port base itself")
	fs.StringVar(&c.store, "store", "embedded", "embedded, memory, or tikv://pd1:2379,pd2:2379")
	fs.StringVar(&c.storeCA, "store-ca", "", "PEM file of who signed the certificates of placement drivers and stores: TLS to them")
	fs.StringVar(&c.storeCert, "store-cert", "", "PEM file of this node's certificate, for placement drivers and stores that ask for one")
	fs.StringVar(&c.storeKey, "store-key", "", "PEM file of the key of --store-cert")
	fs.StringVar(&c.keyspace, "keyspace", "", "keyspace of the TiKV cluster to live in (API v2); default: the whole cluster (API v1)")
	fs.StringToStringVar(&c.near, "near", nil, "labels of the stores near this node (zone=a), whose replicas are read where tidemark.read_from has it so; default: any")
	fs.StringVar(&c.logFormat, "log-format", "text", "text or json")
	fs.StringVar(&c.logLevel, "log-level", "info", "debug, info, warn or error")
	fs.StringVar(&c.cacheSize, "cache-size", "512MB", "block cache of the embedded store")
	fs.StringVar(&c.rowCache, "row-cache-size", "128MB", "rows read by key that the embedded store keeps in memory, from 32MB; 0 for none")
	fs.StringVar(&c.columnCache, "column-cache-size", "256MB", "columns of scanned rows kept in memory; 0 for none")
	fs.StringVar(&c.seriesCache, "series-cache-size", "256MB", "decoded blocks and tag indexes of time-series tables kept in memory; 0 for none but small indexes")
	fs.StringVar(&c.memoryLimit, "memory-limit", "4GB", "what all queries together may keep in memory")
	fs.StringVar(&c.queryMemory, "query-memory-limit", "1GB", "what one query may keep in memory")
	fs.IntVar(&c.maxConns, "max-connections", 200, "how many sessions may be open at once")
	fs.StringVar(&c.metricsAddr, "metrics-addr", "", "address (127.0.0.1:9440) to serve Prometheus metrics at /metrics, to anybody who reaches it; default: not at all")
	fs.StringVar(&c.traceEndpoint, "trace-endpoint", "", "URL of an OpenTelemetry collector (http://127.0.0.1:4318/v1/traces) that gets the spans of sessions with tidemark.trace = on")
	fs.StringVar(&c.profileAddr, "profile-addr", "", "address (127.0.0.1:9441) to serve profiles at /debug/pprof/ for go tool pprof, to anybody who reaches it; default: not at all")
	fs.BoolVar(&c.noAnalyze, "no-autovacuum", false, "do not refresh statistics in the background (autovacuum = off)")
	fs.Int64Var(&c.autoAnalyze.Threshold, "autovacuum-analyze-threshold", 50, "changed rows from which on a table is analyzed ...")
	fs.Float64Var(&c.autoAnalyze.ScaleFactor, "autovacuum-analyze-scale-factor", 0.1, "... and part of the table's rows added to it")
	fs.DurationVar(&c.autoAnalyze.NapTime, "autovacuum-naptime", time.Minute, "pause between two looks at the tables' changes")
	fs.IntVar(&c.series.FlushPoints, "timeseries-flush-points", 5000, "new points of a slice of a time-series table from which on they are packed ...")
	fs.DurationVar(&c.series.FlushInterval, "timeseries-flush-interval", time.Minute, "... and after what time at the latest")
	fs.StringVar(&c.series.Compression, "timeseries-compression", "none", "second stage of compression of packed points: none, s2 or zstd")
	fs.DurationVar(&c.drainTimeout, "drain-timeout", 10*time.Second, "how long running statements may go on after SIGTERM")
}

// environmentName is the environment variable of a flag.
func environmentName(flag string) string {
	return "TIDEMARK_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// complete fills in what no flag set from the environment and the config file.
func (c *config) complete(flags *pflag.FlagSet) error {
	fromEnv := func(f *pflag.Flag) error {
		if v, ok := os.LookupEnv(environmentName(f.Name)); ok && !f.Changed {
			if err := flags.Set(f.Name, v); err != nil {
				return fmt.Errorf("%s: %w", environmentName(f.Name), err)
			}
		}
		return nil
	}
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) { errs = append(errs, fromEnv(f)) })
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if c.configFile != "" {
		return c.readFile(flags)
	}
	return nil
}

func (c *config) readFile(flags *pflag.FlagSet) error {
	f, err := os.Open(c.configFile)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return fmt.Errorf("config file %s: %w", c.configFile, err)
	}
	defer f.Close() //nolint:errcheck // read only
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"'`)
		flag := flags.Lookup(name)
		if !ok || flag == nil || name == "config" {
			return fmt.Errorf("config file %s, line %d: %q is not a setting", c.configFile, n, name)
		}
		if flag.Changed {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return fmt.Errorf("config file %s, line %d: %w", c.configFile, n, err)
		}
		flag.Changed = false
	}
	return lines.Err()
}

func (c *config) validate() error {
	c.autoAnalyze.Off = c.noAnalyze
	if c.autoAnalyze.Threshold < 0 || c.autoAnalyze.ScaleFactor < 0 || c.autoAnalyze.NapTime <= 0 {
		return errors.New("the --autovacuum settings must not be negative")
	}
	if err := c.series.Validate(); err != nil {
		return err
	}
	if c.portBase < 1 || c.portBase > 65530 {
		return fmt.Errorf("--port-base %d is not between 1 and 65530", c.portBase)
	}
	if c.maxConns < 1 {
		return fmt.Errorf("--max-connections %d is not positive", c.maxConns)
	}
	for name, v := range map[string]string{"cache-size": c.cacheSize, "row-cache-size": c.rowCache, "column-cache-size": c.columnCache, "series-cache-size": c.seriesCache, "memory-limit": c.memoryLimit, "query-memory-limit": c.queryMemory} {
		if _, err := parseSize(v); err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
	}
	inCluster := strings.HasPrefix(c.store, tikvScheme)
	for name, v := range map[string]string{"store-ca": c.storeCA, "store-cert": c.storeCert, "store-key": c.storeKey, "keyspace": c.keyspace} {
		if v != "" && !inCluster {
			return fmt.Errorf("--%s is for --store tikv://", name)
		}
	}
	if len(c.near) > 0 && !inCluster {
		return errors.New("--near is for --store tikv://")
	}
	if (c.storeCert == "") != (c.storeKey == "") || c.storeCert != "" && c.storeCA == "" {
		return errors.New("--store-cert and --store-key go together, and with --store-ca")
	}
	switch {
	case c.store == "embedded", c.store == "memory":
	case inCluster:
		if c.placementDrivers() == nil {
			return fmt.Errorf("--store %q names no placement drivers (tikv://HOST:PORT,HOST:PORT)", c.store)
		}
	default:
		return fmt.Errorf("--store %q is none of embedded, memory and tikv://ADDRESSES", c.store)
	}
	_, err := c.logger()
	return err
}

// tikvScheme begins the --store of a TiKV cluster.
const tikvScheme = "tikv://"

// placementDrivers are the addresses in --store, nil if one is malformed.
func (c *config) placementDrivers() []string {
	list := strings.Split(strings.TrimPrefix(c.store, tikvScheme), ",")
	for _, a := range list {
		if _, _, err := net.SplitHostPort(a); err != nil {
			return nil
		}
	}
	return list
}

func (c *config) address() string { return net.JoinHostPort(c.listen, strconv.Itoa(c.portBase)) }

func (c *config) logger() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.logLevel)); err != nil {
		return nil, fmt.Errorf("--log-level %q is none of debug, info, warn, error", c.logLevel)
	}
	opts := &slog.HandlerOptions{Level: level}
	switch c.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(os.Stderr, opts)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, opts)), nil
	}
	return nil, fmt.Errorf("--log-format %q is none of text, json", c.logFormat)
}

// parseSize reads a number of bytes with an optional unit (kB, MB, GB, TB: powers of 1024).
func parseSize(s string) (int64, error) {
	text := strings.ToUpper(strings.TrimSpace(s))
	factor := int64(1)
	for i, unit := range []string{"KB", "MB", "GB", "TB"} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			text, factor = strings.TrimSpace(rest), 1<<(10*(i+1))
			break
		}
	}
	text = strings.TrimSuffix(text, "B")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/factor {
		return 0, fmt.Errorf("%q is not a size such as 512MB", s)
	}
	return n * factor, nil
}
