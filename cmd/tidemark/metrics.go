package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/tikv"
	"github.com/tidemarkdb/tidemark/session"
)

// figures is a prometheus.Collector of what the parts of a server tell. What
// there is depends on what has happened, so it describes nothing beforehand.
type figures struct {
	sessions *session.Server
	sources  []kv.Metered
}

// Describe implements prometheus.Collector.
func (figures) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (f figures) Collect(out chan<- prometheus.Metric) {
	for _, source := range f.sources {
		for _, x := range source.Figures() {
			kind := prometheus.GaugeValue
			if x.Counter {
				kind = prometheus.CounterValue
			}
			var labels, values []string
			if x.Label != "" {
				labels, values = []string{x.Label}, []string{x.Of}
			}
			out <- prometheus.MustNewConstMetric(prometheus.NewDesc(x.Name, x.Help, labels, nil), kind, x.Value, values...)
		}
	}
	l := f.sessions.Latency()
	desc := prometheus.NewDesc("tidemark_statement_seconds", "How long clients' messages (Query, Execute) were worked on.", nil, nil)
	out <- prometheus.MustNewConstHistogram(desc, l.Count, l.Seconds, l.Buckets)
}

// serveMetrics answers http://addr/metrics in Prometheus's text format until stop
// is called. Anybody who reaches the address may read them.
func serveMetrics(addr string, sessions *session.Server, store kv.Store, logger *slog.Logger) (stop func(), err error) {
	ours := prometheus.NewRegistry()
	collector := figures{sessions: sessions, sources: []kv.Metered{sessions}}
	if m, ok := store.(kv.Metered); ok {
		collector.sources = append(collector.sources, m)
	}
	ours.MustRegister(collector)
	if _, ok := store.(*tikv.Store); ok {
		tikv.RegisterMetrics()
	}
	// Prometheus's own registry has the runtime's, the process's and client-go's.
	all := prometheus.Gatherers{ours, prometheus.DefaultGatherer}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(all, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4, Timeout: 10 * time.Second, ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}))
	return serveHTTP("metrics", addr, mux, 15*time.Second, logger)
}

// serveHTTP serves what (metrics, profiles) at the address of its flag until stop is
// called; an answer may take so long.
func serveHTTP(what, addr string, h http.Handler, longest time.Duration, logger *slog.Logger) (stop func(), err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--%s-addr: %w", what, err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: longest, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			logger.Warn(what+" are not served any more", "error", err)
		}
	}()
	logger.Info(what, "address", l.Addr().String())
	return func() {
		_ = server.Close() // an answer may be lost
		<-done
	}, nil
}
