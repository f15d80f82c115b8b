# Tidemark. `make` prints the targets.
GO      ?= go
BIN     := bin/tidemark
PKGS    := ./...
# The tag adds invariant checks that cost time; released builds leave it out.
TAGS    := invariants
CLUSTER ?= bin/cluster

.DEFAULT_GOAL := help

help: ## print the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

build: ## build bin/tidemark
	$(GO) build -o $(BIN) ./cmd/tidemark

run: build ## build and start a server on 127.0.0.1:5440 with the embedded store
	$(BIN) start

test: ## run the tests (needs Go and a C compiler only)
	$(GO) test -tags $(TAGS) -timeout 9m $(PKGS)

test-race: ## run the tests of the concurrent packages under the race detector
	$(GO) test -race -tags $(TAGS) -timeout 20m ./kv/... ./catalog/... ./session/... ./pgwire/... ./executor/...

lint: ## vet, staticcheck, gofumpt, the layers of ARCHITECTURE.md, generated files
	$(GO) vet -tags $(TAGS) $(PKGS)
	$(GO) tool staticcheck -tags $(TAGS) $(PKGS)
	tool="$$($(GO) tool -n staticcheck)" && cd bench && $(GO) vet -tags duckdb_arrow ./... && "$$tool" -tags duckdb_arrow ./...
	@out="$$($(GO) tool gofumpt -l .)"; test -z "$$out" || { echo "gofumpt: $$out"; exit 1; }
	$(GO) test -count=1 ./internal/lint/

sqltests: build ## run the SQL logic tests that CI runs (with ../shared/slt: its smoke list too)
	$(GO) run ./sqltests/cmd/sqltests -smoke

sqltests-all: build ## run our own SQL tests and all corpora of ../shared/slt; report in bin/sqltests.json
	$(GO) run ./sqltests/cmd/sqltests -all -show 0 -json bin/sqltests.json

check: lint test sqltests ## what CI runs

test-clients: build ## run real clients (psql with the tour of README.md, pg_dump, pgjdbc, pgx, pgbench) against a server; installs what it needs
	bash scripts/test-clients.sh

test-clients-cluster: build ## the same against three nodes over a test cluster, connections spread by chance
	CLUSTER=1 bash scripts/test-clients.sh

check-cluster: ## build a TiKV-protocol cluster and run the store's suite, SQL and faults over it
	TIDEMARK_TEST_CLUSTER=1 $(GO) test -count=1 -p 1 -timeout 20m -tags $(TAGS) ./internal/testcluster ./internal/clustertests ./kv/tikv

cluster-up: ## build and start a TiKV-protocol cluster for trying out (CLUSTER=bin/cluster)
	$(GO) run ./internal/testcluster/cmd/testcluster up $(CLUSTER)

cluster-down: ## end it and remove its files
	$(GO) run ./internal/testcluster/cmd/testcluster down $(CLUSTER)

golden: ## rewrite the golden files; review the diff line by line
	$(GO) test -tags $(TAGS) $$($(GO) list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' $(PKGS)) -run 'Golden|DataDriven' -rewrite || true

FUZZTIME ?= 30s
fuzz: ## fuzz every decoder, parser and wire message for FUZZTIME each
	bash scripts/fuzz.sh $(FUZZTIME)

fuzz-sql: ## look for wrong answers with random SQL for FUZZTIME a test, beside PostgreSQL 15 where it is installed
	$(GO) test -count=1 -timeout 0 ./internal/sqlfuzz -fuzztime-sql $(FUZZTIME)

sqlsmith: build ## run sqlsmith (Debian package) for SMITHTIME seconds against a server
	bash scripts/sqlsmith.sh

bench-pgbench: build ## pgbench beside PostgreSQL 15, ratios printed
	bash bench/pgbench.sh

bench-copy: build ## COPY of 2,000,000 rows beside PostgreSQL 15, ratio printed
	bash bench/copy.sh

bench-scan: build ## scans, aggregates, a join of 2,000,000 rows beside PostgreSQL 15 and DuckDB
	bash bench/scan.sh

bench-tpch: build ## the 22 queries of TPC-H at SCALE (0.1) beside PostgreSQL 15, answers compared
	bash bench/tpch.sh

bench-profile: build ## profiles of the slower queries of SUITE (scan, tpch, ts): processor time and allocations
	bash bench/profile.sh

bench-fair: build ## point reads beside a long scan, on PostgreSQL 15 and Tidemark
	bash bench/fair.sh

bench-ts: build ## TSBS's cpu-only loads and queries on time-series tables beside PostgreSQL 15, InfluxDB, VictoriaMetrics and DuckDB
	bash bench/ts.sh

bench-corpus: build ## the SQLite corpus beside PostgreSQL 15
	bash bench/corpus.sh

bench-series: build ## 1,000 to 1,000,000 series: load, newest points, one series, memory
	bash bench/series.sh

bench-points: build ## single points by 64 connections beside PostgreSQL 15
	bash bench/points.sh

bench-oltp: build ## sysbench's point selects and read-write transactions by pgbench, beside PostgreSQL 15
	bash bench/oltp.sh

bench-tpcc: build ## TPC-C's transactions beside PostgreSQL 15, consistency checked
	bash bench/tpcc.sh

bench-cluster: ## statements with and without push-down over a cluster and ROWS (1000000) rows
	TIDEMARK_TEST_CLUSTER=1 $(GO) test -count=1 -timeout 20m -run XXX -bench PushDown -benchtime 1x ./internal/clustertests

generate: ## make generated files anew
	$(GO) generate $(PKGS)

.PHONY: help build run test test-race lint sqltests sqltests-all check test-clients test-clients-cluster golden fuzz fuzz-sql sqlsmith bench-pgbench bench-copy bench-scan bench-tpch bench-fair bench-profile bench-tpcc bench-ts bench-points bench-corpus bench-series generate
