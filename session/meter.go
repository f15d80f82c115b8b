package session

import (
	"math/bits"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// latencyBuckets are powers of two of microseconds: 1 µs to 134 s, and more.
const latencyBuckets = 29

// statementKind is what statements are counted by.
type statementKind uint8

const (
	countSelect statementKind = iota
	countInsert
	countUpdate
	countDelete
	countMerge
	countCopy
	countTransaction
	countDDL
	countOther
	statementKinds
)

var statementKindNames = [statementKinds]string{"select", "insert", "update", "delete", "merge", "copy", "transaction", "ddl", "other"}

// kindOfTag finds the kind by a command tag.
func kindOfTag(tag string) statementKind {
	word, _, _ := strings.Cut(tag, " ")
	switch word {
	case "SELECT":
		return countSelect
	case "INSERT":
		return countInsert
	case "UPDATE":
		return countUpdate
	case "DELETE":
		return countDelete
	case "MERGE":
		return countMerge
	case "COPY":
		return countCopy
	case "BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE":
		return countTransaction
	case "CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT", "GRANT", "REVOKE", "REINDEX":
		return countDDL
	}
	return countOther
}

// meter counts what sessions do. A session has one of its own, so that no two
// processors share what they count in; the server's has those of sessions that
// ended.
type meter struct {
	statements [statementKinds]atomic.Int64
	// What follows is guarded by the session's activityMu, or the server's mu.
	latency [latencyBuckets]int64
	nanos   int64
}

// took notes how long a message was worked on.
func (m *meter) took(d time.Duration) {
	m.latency[min(bits.Len64(uint64(max(d, 0)/time.Microsecond)), latencyBuckets-1)]++
	m.nanos += int64(d)
}

func (m *meter) add(o *meter) {
	for i := range o.statements {
		m.statements[i].Add(o.statements[i].Load())
	}
	for i := range o.latency {
		m.latency[i] += o.latency[i]
	}
	m.nanos += o.nanos
}

// errorCounts counts what clients were told by SQLSTATE.
type errorCounts struct {
	mu sync.Mutex
	n  map[pgerror.Code]int64
}

func (c *errorCounts) add(code pgerror.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[pgerror.Code]int64{}
	}
	c.n[code]++
}

// complete tells the client that a statement has run.
func (s *Session) complete(tag string) error {
	s.meter.statements[kindOfTag(tag)].Add(1)
	return s.client.Complete(tag)
}

// Latency is how long clients' messages were worked on, each a Query or an
// Execute, by upper bounds of buckets in seconds: how many took no longer.
type Latency struct {
	Count   uint64
	Seconds float64
	Buckets map[float64]uint64
}

// Latency returns the times of all messages since the server was started.
func (srv *Server) Latency() Latency {
	m := srv.meters()
	out := Latency{Seconds: time.Duration(m.nanos).Seconds(), Buckets: map[float64]uint64{}}
	for i := range m.latency {
		out.Count += uint64(m.latency[i])
		if i < latencyBuckets-1 {
			out.Buckets[float64(uint64(1)<<i)/1e6] = out.Count
		}
	}
	return out
}

// meters sums up what all sessions did.
func (srv *Server) meters() *meter {
	var sum meter
	srv.mu.Lock()
	defer srv.mu.Unlock()
	sum.add(&srv.ended)
	for _, s := range srv.sessions {
		s.activityMu.Lock()
		sum.add(&s.meter)
		s.activityMu.Unlock()
	}
	return &sum
}

var _ kv.Metered = (*Server)(nil)

// Figures implements kv.Metered: what the node's sessions are and did, and what
// they keep in memory and temporary files.
func (srv *Server) Figures() []kv.Figure {
	gauge := func(name, help string, v int64) kv.Figure {
		return kv.Figure{Name: name, Help: help, Value: float64(v)}
	}
	count := func(name, help string, v int64) kv.Figure {
		return kv.Figure{Name: name, Help: help, Counter: true, Value: float64(v)}
	}
	states := map[string]int{"active": 0, "idle": 0, "idle in transaction": 0, "idle in transaction (aborted)": 0}
	for _, s := range srv.list() {
		states[s.currentActivity().state]++
	}
	out := []kv.Figure{
		gauge("tidemark_max_connections", "How many sessions may be open at once.", int64(srv.config.MaxConnections)),
		count("tidemark_sessions_total", "Sessions that were opened.", srv.opened.Load()),
		gauge("tidemark_query_memory_bytes", "What queries keep in memory.", srv.memory.Used()),
		gauge("tidemark_query_memory_limit_bytes", "What queries may keep in memory together.", srv.config.MemoryLimit),
		gauge("tidemark_spill_bytes", "Size of the temporary files that are open.", srv.config.Temp.Bytes()),
		gauge("tidemark_spill_files", "Temporary files that are open.", srv.config.Temp.Files()),
		count("tidemark_spilled_bytes_total", "Bytes that were written to temporary files.", srv.config.Temp.Written()),
	}
	for state, n := range states {
		f := gauge("tidemark_sessions", "Sessions that are open, by state.", int64(n))
		f.Label, f.Of = "state", state
		out = append(out, f)
	}
	m := srv.meters()
	for kind, name := range statementKindNames {
		f := count("tidemark_statements_total", "Statements that ended well, by kind.", m.statements[kind].Load())
		f.Label, f.Of = "kind", name
		out = append(out, f)
	}
	srv.errors.mu.Lock()
	for code, n := range srv.errors.n {
		f := count("tidemark_errors_total", "Errors that clients were told, by SQLSTATE.", n)
		f.Label, f.Of = "sqlstate", string(code)
		out = append(out, f)
	}
	srv.errors.mu.Unlock()
	out = append(out, srv.cacheFigures()...)
	return append(out, srv.trafficFigures()...)
}

// cacheFigures tells of the caches of columns and of blocks, and of packing.
func (srv *Server) cacheFigures() []kv.Figure {
	var out []kv.Figure
	found, missed := srv.plans.asked()
	out = append(out,
		kv.Figure{Name: "tidemark_plan_cache_hits_total", Help: "Plans that were found by a statement's text.", Counter: true, Value: float64(found)},
		kv.Figure{Name: "tidemark_plan_cache_misses_total", Help: "Plans that were not found by a statement's text.", Counter: true, Value: float64(missed)},
	)
	cache := func(of string, bytes, hits, misses int64) {
		out = append(out,
			kv.Figure{Name: "tidemark_cache_bytes", Help: "What a cache keeps.", Label: "cache", Of: of, Value: float64(bytes)},
			kv.Figure{Name: "tidemark_cache_hits_total", Help: "Reads that a cache answered.", Counter: true, Label: "cache", Of: of, Value: float64(hits)},
			kv.Figure{Name: "tidemark_cache_misses_total", Help: "Reads that a cache did not answer.", Counter: true, Label: "cache", Of: of, Value: float64(misses)},
		)
	}
	if srv.columns != nil {
		hits, misses := srv.columns.Asked()
		cache("columns", srv.columns.Bytes(), hits, misses)
	}
	if srv.blocks != nil {
		hits, misses := srv.blocks.Asked()
		cache("series", srv.blocks.Bytes(), hits, misses)
	}
	p := srv.series.Figures()
	for _, f := range []struct {
		name, help string
		counter    bool
		v          int64
	}{
		{"tidemark_series_packed_rows_total", "Points that the packer read in order to pack them.", true, p.Rows},
		{"tidemark_series_packed_bytes_total", "Bytes that the packer wrote.", true, p.Bytes},
		{"tidemark_series_packs_total", "Partitions that were packed.", true, p.Packs},
		{"tidemark_series_pack_failures_total", "Partitions that could not be packed, and wait for the next time.", true, p.Failures},
		{"tidemark_series_packs_in_vain_total", "Packs that were done again because somebody else had changed the partition.", true, p.InVain},
		{"tidemark_series_unpacked_rows", "Points of this node that wait to be packed.", false, p.Waiting},
	} {
		out = append(out, kv.Figure{Name: f.name, Help: f.help, Counter: f.counter, Value: float64(f.v)})
	}
	return out
}

// trafficFigures are the requests of sessions to a store over a network.
func (srv *Server) trafficFigures() []kv.Figure {
	c := srv.traffic.Counts()
	if c.Total() == 0 {
		return nil
	}
	out := []kv.Figure{
		{Name: "tidemark_store_sent_bytes_total", Help: "Bytes of requests to stores.", Counter: true, Value: float64(c.Sent)},
		{Name: "tidemark_store_received_bytes_total", Help: "Bytes of stores' answers.", Counter: true, Value: float64(c.Received)},
		{Name: "tidemark_store_retries_total", Help: "Requests that had to be sent again.", Counter: true, Value: float64(c.Retries)},
		{Name: "tidemark_store_wait_seconds_total", Help: "Time that requests waited for answers of stores, summed up.", Counter: true, Value: c.Waited.Seconds()},
		{Name: "tidemark_timestamp_wait_seconds_total", Help: "Time that requests waited for timestamps, summed up.", Counter: true, Value: c.TimestampWait.Seconds()},
	}
	for kind, n := range c.Requests {
		out = append(out, kv.Figure{Name: "tidemark_store_requests_total", Help: "Requests to stores and placement drivers, by kind.", Counter: true, Label: "kind", Of: kind, Value: float64(n)})
	}
	return out
}
