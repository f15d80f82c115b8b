package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/session"
)

// traceEvery is how often spans are given out.
const traceEvery = time.Second

// exportTraces posts the spans of traced sessions to a collector, as OTLP over
// HTTP in its JSON form, until stop is called, which posts the last. What a
// collector does not take is dropped: spans say how things went, and must be in
// nobody's way.
func exportTraces(endpoint string, sessions *session.Server, logger *slog.Logger) (stop func(), err error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--trace-endpoint: %q is no URL of a collector (http://127.0.0.1:4318/v1/traces)", endpoint)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		e := exporter{endpoint: endpoint, sessions: sessions, logger: logger}
		tick := time.NewTicker(traceEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				e.export()
				return
			case <-tick.C:
				e.export()
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}, nil
}

type exporter struct {
	endpoint string
	sessions *session.Server
	logger   *slog.Logger
	given    uint64 // spans so far
	failing  bool
}

// export posts what is new.
func (e *exporter) export() {
	before := e.given
	spans, all := e.sessions.SpansAfter(before)
	e.given = all
	if len(spans) == 0 {
		return
	}
	err := e.post(spans)
	switch {
	case err != nil && !e.failing:
		e.logger.Warn("the collector does not take spans: they are dropped", "endpoint", e.endpoint, "error", err)
	case err == nil && e.failing:
		e.logger.Info("the collector takes spans again", "endpoint", e.endpoint)
	}
	if lost := all - before - uint64(len(spans)); lost > 0 {
		e.logger.Warn("spans were not given out: there were too many at once", "spans", lost)
	}
	e.failing = err != nil
}

func (e *exporter) post(spans []catalog.Span) error {
	body, err := json.Marshal(otlpTraces(spans))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing more is read
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the collector answers %s", resp.Status)
	}
	return nil
}

// What follows are OTLP's messages of traces in their JSON form
// (opentelemetry-proto, ExportTraceServiceRequest): ids in hexadecimal digits,
// 64-bit numbers as strings.
type (
	otlpRequest struct {
		ResourceSpans []otlpResource `json:"resourceSpans"`
	}
	otlpResource struct {
		Resource struct {
			Attributes []otlpAttribute `json:"attributes"`
		} `json:"resource"`
		ScopeSpans []otlpScope `json:"scopeSpans"`
	}
	otlpScope struct {
		Scope struct {
			Name string `json:"name"`
		} `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpSpan struct {
		TraceID    string          `json:"traceId"`
		SpanID     string          `json:"spanId"`
		ParentID   string          `json:"parentSpanId,omitempty"`
		Name       string          `json:"name"`
		Kind       int             `json:"kind"`
		Start      string          `json:"startTimeUnixNano"`
		End        string          `json:"endTimeUnixNano"`
		Attributes []otlpAttribute `json:"attributes,omitempty"`
		Status     *otlpStatus     `json:"status,omitempty"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		String *string `json:"stringValue,omitempty"`
		Int    *string `json:"intValue,omitempty"`
	}
	otlpStatus struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
)

// Numbers of OTLP's enumerations.
const (
	otlpServer = 2 // SPAN_KIND_SERVER
	otlpClient = 3 // SPAN_KIND_CLIENT
	otlpError  = 2 // STATUS_CODE_ERROR
)

func otlpTraces(spans []catalog.Span) otlpRequest {
	service, system := "tidemark", "postgresql"
	var scope otlpScope
	scope.Scope.Name = "github.com/tidemarkdb/tidemark"
	for i := range spans {
		scope.Spans = append(scope.Spans, otlpSpanOf(&spans[i]))
	}
	resource := otlpResource{ScopeSpans: []otlpScope{scope}}
	resource.Resource.Attributes = []otlpAttribute{
		{"service.name", otlpValue{String: &service}}, {"db.system.name", otlpValue{String: &system}},
	}
	return otlpRequest{[]otlpResource{resource}}
}

func otlpSpanOf(s *catalog.Span) otlpSpan {
	out := otlpSpan{
		TraceID: hex.EncodeToString(s.Trace[:]), SpanID: hex.EncodeToString(s.ID[:]), Name: s.Name, Kind: otlpServer,
		Start: strconv.FormatInt(s.Begun.UnixNano(), 10), End: strconv.FormatInt(s.Begun.Add(s.Took).UnixNano(), 10),
	}
	if s.Client {
		out.Kind = otlpClient
	}
	if s.Parent != [8]byte{} {
		out.ParentID = hex.EncodeToString(s.Parent[:])
	}
	for _, a := range s.Attributes {
		v := otlpValue{}
		if a.Text != "" {
			v.String = &a.Text
		} else {
			n := strconv.FormatInt(a.Int, 10)
			v.Int = &n
		}
		out.Attributes = append(out.Attributes, otlpAttribute{a.Key, v})
	}
	if s.Error != "" {
		out.Status = &otlpStatus{otlpError, s.Error}
	}
	return out
}
