package session

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// A message (Query, Execute) of a session that traces is a span, and each request to
// a store or a placement driver that is sent for it is one below it. What is sent
// in the background after a commit belongs to the message that runs by then, or
// to none.

const (
	// keptSpans is how many spans a node keeps, the newest.
	keptSpans = 8192
	// spanText bounds the text of a statement in a span, in bytes.
	spanText = 1024
)

// traceSettings say whether a session's messages are traced, and as parts of what.
func traceSettings() []*setting {
	const category = "Reporting and Logging / What to Log"
	return []*setting{
		{
			name: "tidemark.trace", kind: settingBool, def: "off", category: category,
			doc: "Traces the session's messages and the requests to stores that are sent for them, into tidemark.spans and to --trace-endpoint.",
			apply: func(s *Session, v string) error {
				s.settings.trace = v == "on"
				return nil
			},
		},
		{
			name: "tidemark.traceparent", kind: settingString, def: "", category: category,
			doc: "Sets the span of the client that the session's spans are parts of, as W3C Trace Context writes it (00-trace-span-flags). With its flag of sampled (01) they are traced whatever tidemark.trace is.",
			normalize: func(v string) (string, error) {
				_, err := parseTraceParent(v)
				return strings.TrimSpace(v), err
			},
			apply: func(s *Session, v string) (err error) {
				s.settings.traceParent, err = parseTraceParent(v)
				return err
			},
		},
	}
}

// traceParent is the span of a client.
type traceParent struct {
	trace   [16]byte // zero: none
	span    [8]byte
	sampled bool
}

// parseTraceParent reads version 0 of W3C's traceparent.
func parseTraceParent(v string) (p traceParent, err error) {
	v = strings.TrimSpace(v)
	if v == "" {
		return p, nil
	}
	var flags [1]byte
	parts := strings.Split(v, "-")
	if len(parts) != 4 || parts[0] != "00" || v != strings.ToLower(v) ||
		!parseHex(p.trace[:], parts[1]) || !parseHex(p.span[:], parts[2]) || !parseHex(flags[:], parts[3]) ||
		p.trace == [16]byte{} || p.span == [8]byte{} {
		return traceParent{}, pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter \"tidemark.traceparent\": %q", v).
			WithHint("It is 00-, 32 hexadecimal digits of the trace, 16 of the span, and 2 of flags, with dashes between them.")
	}
	p.sampled = flags[0]&1 != 0
	return p, nil
}

func parseHex(to []byte, text string) bool {
	if len(text) != 2*len(to) {
		return false
	}
	_, err := hex.Decode(to, []byte(text))
	return err == nil
}

// beginTrace begins the span of a message, nil if the session does not trace.
func (s *Session) beginTrace(sql string) *catalog.Span {
	parent := &s.settings.traceParent
	if !s.settings.trace && !parent.sampled {
		return nil
	}
	if len(sql) > spanText {
		end := spanText
		for end > 0 && !utf8.RuneStart(sql[end]) {
			end--
		}
		sql = sql[:end]
	}
	span := &catalog.Span{Trace: parent.trace, Parent: parent.span, Begun: time.Now(), Name: "statement", Attributes: []catalog.SpanAttribute{
		{Key: "db.namespace", Text: s.database.Name}, {Key: "db.user", Text: s.user}, {Key: "session.id", Int: int64(s.pid)},
	}}
	if sql != "" {
		span.Attributes = append(span.Attributes, catalog.SpanAttribute{Key: "db.query.text", Text: strings.Clone(sql)})
	}
	if span.Trace == [16]byte{} {
		binary.LittleEndian.PutUint64(span.Trace[:8], rand.Uint64())
		binary.LittleEndian.PutUint64(span.Trace[8:], rand.Uint64()|1) // not zero
	}
	span.ID = newSpanID()
	trace, id, begun := span.Trace, span.ID, span.Begun
	s.traffic.Follow(func(r *kv.Request) {
		if !r.Begun.Before(begun) {
			s.server.spans.add(requestSpan(trace, id, r))
		}
	})
	return span
}

// endTrace ends what beginTrace began, with the error that the client gets, if any.
func (s *Session) endTrace(span *catalog.Span, err error) {
	if span == nil {
		return
	}
	s.traffic.Follow(nil)
	span.Took = time.Since(span.Begun)
	if err != nil {
		span.Error = err.Error()
		span.Attributes = append(span.Attributes, catalog.SpanAttribute{Key: "db.response.status_code", Text: string(pgerror.From(err).Code)})
	}
	s.server.spans.add(*span)
}

// requestSpan is the span of a request below its message's.
func requestSpan(trace [16]byte, parent [8]byte, r *kv.Request) catalog.Span {
	span := catalog.Span{Trace: trace, ID: newSpanID(), Parent: parent, Name: r.Kind, Client: true, Begun: r.Begun, Took: r.Waited, Error: r.Error}
	if r.Address != "" {
		span.Attributes = append(span.Attributes, catalog.SpanAttribute{Key: "server.address", Text: r.Address})
	}
	for _, a := range []catalog.SpanAttribute{
		{Key: "tikv.region", Int: int64(r.Region)}, {Key: "request.bytes", Int: r.Sent}, {Key: "response.bytes", Int: r.Received},
	} {
		if a.Int != 0 {
			span.Attributes = append(span.Attributes, a)
		}
	}
	return span
}

func newSpanID() (id [8]byte) {
	binary.LittleEndian.PutUint64(id[:], rand.Uint64()|1) // not zero
	return id
}

// spanLog has a node's newest spans. It is safe for use by many goroutines.
type spanLog struct {
	mu    sync.Mutex
	spans []catalog.Span // a ring once it is full
	added uint64
}

func (l *spanLog) add(s catalog.Span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.spans) < keptSpans {
		l.spans = append(l.spans, s)
	} else {
		l.spans[l.added%keptSpans] = s
	}
	l.added++
}

// after returns the spans after the first n, as far as they are still there, and
// how many there have been.
func (l *spanLog) after(n uint64) (out []catalog.Span, added uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.added > keptSpans {
		n = max(n, l.added-keptSpans)
	}
	for ; n < l.added; n++ {
		out = append(out, l.spans[n%keptSpans])
	}
	return out, l.added
}

// SpansAfter returns the node's spans after the first n, as far as they are kept,
// and how many there have been.
func (srv *Server) SpansAfter(n uint64) (spans []catalog.Span, all uint64) { return srv.spans.after(n) }

var _ catalog.SpansRuntime = (*Session)(nil)

// Spans implements catalog.SpansRuntime.
func (s *Session) Spans() []catalog.Span {
	spans, _ := s.server.spans.after(0)
	return spans
}
