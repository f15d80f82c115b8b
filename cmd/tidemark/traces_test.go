package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestTraces has a collector take the spans of a session that traces, as parts of
// its client's span.
func TestTraces(t *testing.T) {
	posted := make(chan otlpRequest, 100)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got otlpRequest
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.Header.Get("Content-Type") != "application/json" {
			http.Error(w, "not OTLP", http.StatusBadRequest)
			return
		}
		posted <- got
	}))
	defer collector.Close()
	p := startProcess(t, "--store", "memory", "--trace-endpoint", collector.URL+"/v1/traces")
	conn := p.mustConnect(t)
	mustExec(t, conn, "SELECT 'not traced'")
	mustExec(t, conn, "SET tidemark.traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'")
	mustExec(t, conn, "SELECT 'traced'")
	for deadline := time.After(20 * time.Second); ; {
		select {
		case got := <-posted:
			for _, s := range got.ResourceSpans[0].ScopeSpans[0].Spans {
				text, _ := json.Marshal(s)
				if strings.Contains(string(text), "'not traced'") {
					t.Errorf("a span of a session that does not trace: %s", text)
				}
				if !strings.Contains(string(text), "'traced'") {
					continue
				}
				if s.TraceID != "0af7651916cd43dd8448eb211c80319c" || s.ParentID != "b7ad6b7169203331" || len(s.SpanID) != 16 || s.Kind != otlpServer || s.End < s.Start {
					t.Errorf("a span %s", text)
				}
				return
			}
		case <-deadline:
			t.Fatal("no span came")
		}
	}
}

// TestTraceEndpoint: a server that cannot do what it was asked for says so, and
// does not start.
func TestTraceEndpoint(t *testing.T) {
	out, code := run(t, command("start", "--store", "memory", "--port-base", fmt.Sprint(freePort(t)), "--trace-endpoint", "localhost:4318"))
	if code == 0 || !strings.Contains(out, "--trace-endpoint") {
		t.Errorf("no URL: code %d, %s", code, out)
	}
}
