package tikv

import (
	"fmt"
	"testing"

	"github.com/pingcap/kvproto/pkg/coprocessor"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestAppendRange: a span that stores would take for a single key is two.
func TestAppendRange(t *testing.T) {
	for _, c := range []struct{ start, end, want string }{
		{"a", "b", `["a" "a\x00"] ["a\x00" "b"]`},
		{"a\xff", "b\x00", `["a\xff" "a\xff\x00"] ["a\xff\x00" "b\x00"]`},
		{"a", "c", `["a" "c"]`},
		{"a", "a\x00", `["a" "a\x00"]`},
		{"a", "b\x00", `["a" "b\x00"]`},
	} {
		got := ""
		for i, r := range appendRange([]*coprocessor.KeyRange(nil), kv.Span{Start: kv.Key(c.start), End: kv.Key(c.end)}) {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprintf("[%q %q]", r.Start, r.End)
		}
		if got != c.want {
			t.Errorf("%q to %q: %s, want %s", c.start, c.end, got, c.want)
		}
	}
}

// TestTakeSpans cuts what is answered from a task's spans.
func TestTakeSpans(t *testing.T) {
	keys := newKeyspace("")
	r := &replies{txn: &txn{keys: &keys}}
	spans := func() *copTask {
		return &copTask{spans: []kv.Span{{Start: kv.Key("a"), End: kv.Key("c")}, {Start: kv.Key("d"), End: kv.Key("f")}}}
	}
	for _, c := range []struct{ end, taken, left string }{
		{"f", "[{a c} {d f}]", "[]"},
		{"e", "[{a c} {d e}]", "[{e f}]"},
		{"c", "[{a c}]", "[{d f}]"},
		{"b", "[{a b}]", "[{b c} {d f}]"},
	} {
		task := spans()
		if got := fmt.Sprintf("%s", r.take(task, kv.Key(c.end))); got != c.taken || fmt.Sprintf("%s", task.spans) != c.left {
			t.Errorf("to %s: %s and %s, want %s and %s", c.end, got, task.spans, c.taken, c.left)
		}
	}
}

// TestTakeBack cuts what is answered from the end of a task's span.
func TestTakeBack(t *testing.T) {
	keys := newKeyspace("")
	r := &replies{txn: &txn{keys: &keys}, req: kv.CoprocessorRequest{Reverse: true, Rows: true}}
	asked := []kv.Span{{Start: kv.Key("c"), End: kv.Key("f")}} // of a region that begins with c
	for _, c := range []struct {
		page        *coprocessor.KeyRange
		taken, left string
	}{
		{nil, "[{c f}]", "[{a c}]"},
		{&coprocessor.KeyRange{Start: []byte("e"), End: []byte("f")}, "[{e f}]", "[{a e}]"},
		{&coprocessor.KeyRange{Start: []byte("b"), End: []byte("f")}, "[{c f}]", "[{a c}]"},
	} {
		task := &copTask{spans: []kv.Span{{Start: kv.Key("a"), End: kv.Key("f")}}}
		if got := fmt.Sprintf("%s", r.settle(task, asked, c.page)); got != c.taken || fmt.Sprintf("%s", task.spans) != c.left {
			t.Errorf("page %v: %s and %s, want %s and %s", c.page, got, task.spans, c.taken, c.left)
		}
	}
	task := &copTask{spans: []kv.Span{{Start: kv.Key("c"), End: kv.Key("f")}}}
	if got := fmt.Sprintf("%s", r.settle(task, asked, nil)); got != "[{c f}]" || len(task.spans) != 0 {
		t.Errorf("to the end: %s and %s", got, task.spans)
	}
}
