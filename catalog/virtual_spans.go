package catalog

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// Span is a part of a trace, as OpenTelemetry has them: a client's message, or a
// request to another server that was sent for it.
type Span struct {
	Trace      [16]byte
	ID, Parent [8]byte // Parent is zero without one
	Name       string
	Client     bool // of a request that this node sent
	Begun      time.Time
	Took       time.Duration
	Attributes []SpanAttribute
	Error      string
}

// SpanAttribute is something that is said of a span.
type SpanAttribute struct {
	Key  string
	Text string // empty: Int
	Int  int64
}

// SpansRuntime feeds tidemark.spans.
type SpansRuntime interface {
	Spans() []Span
}

func init() {
	text, jsonb := OID(types.Text), OID(types.JSONB)
	addOwnView(8936, TidemarkSchemaOID, "spans", []viewColumn{
		{"trace_id", text},
		{"span_id", text},
		{"parent_id", text},
		{"name", text},
		{"start", OID(types.Timestamptz)},
		{"duration_ms", OID(types.Float8)},
		{"attributes", jsonb},
		{"error", text},
	}, spanRows)
}

// spanRows are the rows of tidemark.spans: what was traced last in this node.
func spanRows(v VirtualEnv, emit emitFunc) error {
	r, ok := v.Runtime.(SpansRuntime)
	if !ok {
		return nil
	}
	for _, s := range r.Spans() {
		parent := types.Null
		if s.Parent != [8]byte{} {
			parent = dText(hex.EncodeToString(s.Parent[:]))
		}
		attributes, err := types.Parse(types.Of(types.JSONB), string(appendAttributes(nil, s.Attributes)), types.DefaultIO())
		if err != nil {
			return err
		}
		err = emit([]types.Datum{
			dText(hex.EncodeToString(s.Trace[:])), dText(hex.EncodeToString(s.ID[:])), parent, dText(s.Name), dTime(s.Begun),
			types.NewFloat64(float64(s.Took.Microseconds()) / 1000), attributes, dNullText(s.Error),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func appendAttributes(b []byte, all []SpanAttribute) []byte {
	b = append(b, '{')
	for i, a := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(types.AppendJSONString(b, a.Key), ':')
		if a.Text != "" {
			b = types.AppendJSONString(b, a.Text)
		} else {
			b = strconv.AppendInt(b, a.Int, 10)
		}
	}
	return append(b, '}')
}
