package copyio

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// stuckStream gives its text and then waits until it is stopped.
type stuckStream struct {
	text io.Reader
	once sync.Once
	quit chan struct{}
}

func (s *stuckStream) Read(p []byte) (int, error) {
	if n, err := s.text.Read(p); err == nil {
		return n, nil
	}
	<-s.quit
	return 0, errors.New("stopped")
}

func (s *stuckStream) stop() { s.once.Do(func() { close(s.quit) }) }

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}

func ahead(t *testing.T, text io.Reader, rows int, stop func()) *Ahead {
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	opts, err := ParseOptions(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(alloc, text, "t", []Column{{Name: "n", Type: types.Of(types.Int4)}}, opts, &types.IO{})
	t.Cleanup(func() {
		d.Release()
		alloc.AssertSize(t, 0)
	})
	return NewAhead(d, rows, stop)
}

// TestAhead reads all rows in order, in batches of several sizes.
func TestAhead(t *testing.T) {
	for _, rows := range []int{1, 2, 3, 10, 11} {
		a := ahead(t, strings.NewReader(numbers(10)), rows, func() { t.Error("stopped") })
		next := int32(0)
		for {
			batch, err := a.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range batch.Column(0).(*array.Int32).Int32Values() {
				if v != next {
					t.Fatalf("batches of %d: %d instead of %d", rows, v, next)
				}
				next++
			}
			batch.Release()
		}
		if next != 10 {
			t.Errorf("batches of %d: %d rows", rows, next)
		}
		if _, err := a.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
		a.Close()
		a.Close()
	}
}

// TestAheadErrors: an error of a later batch comes after the batches before it,
// and the line of a rejected row is that of the batch in hand.
func TestAheadErrors(t *testing.T) {
	a := ahead(t, strings.NewReader(numbers(6)+"seven\n"), 2, func() {})
	defer a.Close()
	for range 3 {
		batch, err := a.Next()
		if err != nil {
			t.Fatal(err)
		}
		batch.Release()
	}
	_, err := a.Next()
	if e := pgerror.From(err); e.Code != pgerror.InvalidTextRepresentation || !strings.Contains(e.Where, "line 7") {
		t.Errorf("%v: %s", err, e.Where)
	}

	a = ahead(t, strings.NewReader(numbers(100)), 2, func() {})
	for range 3 {
		batch, err := a.Next()
		if err != nil {
			t.Fatal(err)
		}
		batch.Release()
	}
	a.Reject(1, false)
	a.Close()
	err = a.RowError(pgerror.New(pgerror.CheckViolation, "no"))
	if e := pgerror.From(err); e.Where != `COPY t, line 6: "5"` {
		t.Errorf("where: %s", e.Where)
	}
}

// TestAheadStops: Close does not wait for a client that sends nothing.
func TestAheadStops(t *testing.T) {
	s := &stuckStream{text: strings.NewReader(numbers(3)), quit: make(chan struct{})}
	a := ahead(t, s, 2, s.stop)
	batch, err := a.Next()
	if err != nil {
		t.Fatal(err)
	}
	batch.Release()
	a.Close()
	if _, err := a.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
