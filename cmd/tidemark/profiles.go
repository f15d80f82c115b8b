package main

import (
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"
)

// serveProfiles answers http://addr/debug/pprof/, which `go tool pprof` reads, until
// stop is called. Anybody who reaches the address may have the process profiled and
// sees its command line.
func serveProfiles(addr string, logger *slog.Logger) (stop func(), err error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return serveHTTP("profile", addr, mux, 5*time.Minute, logger)
}
