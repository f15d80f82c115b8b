package tsengine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func (r modelRow) datums() []types.Datum {
	out := []types.Datum{types.NewInt8(r.tag), types.NewInt8(r.time), types.NewFloat64(r.v), types.NewString(r.note)}
	if r.tag == 0 {
		out[0] = types.Null
	}
	return out
}

// join writes some rows by sessions of their own at the same time.
func (m *metamorphic) join() {
	n := 1 + m.rng.IntN(20)
	m.log = append(m.log, fmt.Sprintf("join %d", n))
	var wg sync.WaitGroup
	at := map[[2]int64]bool{}
	for range n {
		r := m.newRow()
		if at[[2]int64{r.tag, r.time}] && m.layout.Unique {
			continue // either could win
		}
		at[[2]int64{r.tag, r.time}] = true
		m.put(r)
		wg.Go(func() {
			j := &Joined{Values: r.datums(), Begin: func(ctx context.Context) (kv.Txn, error) { return m.store.Begin(ctx, kv.TxnOptions{}) }}
			if err := m.layout.Join(context.Background(), m.alloc, m.store.Now, j); err != nil {
				m.t.Errorf("join: %v", err)
			}
		})
	}
	wg.Wait()
}

// TestGroup joins rows of many sessions, of which some are refused, some are
// cancelled, and some come with another version of the catalog; now and then no
// transaction can be begun. What is told to be written, and only that, is there.
func TestGroup(t *testing.T) {
	ctx := context.Background()
	m, store := openModel(t)
	defer store.Close()
	defer m.alloc.AssertSize(t, 0)
	var wg sync.WaitGroup
	var mu sync.Mutex
	written, outcomes := map[string]bool{}, map[string]int{}
	for session := range 24 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(session), 1))
			j := &Joined{Begin: func(ctx context.Context) (kv.Txn, error) {
				if rng.IntN(5) == 0 {
					return nil, io.ErrUnexpectedEOF
				}
				return store.Begin(ctx, kv.TxnOptions{})
			}}
			for i := range 60 {
				note := fmt.Sprintf("%d-%d", session, i)
				j.Values = modelRow{int64(rng.IntN(7)), int64(rng.IntN(300)), 1, note}.datums()
				if rng.IntN(10) == 0 {
					j.Values[1] = types.Null
				}
				j.Schema = uint64(rng.IntN(10) / 9)
				ctx, cancel := context.WithCancel(ctx)
				if rng.IntN(8) == 0 {
					go cancel()
				}
				err := m.layout.Join(ctx, m.alloc, store.Now, j)
				cancel()
				mu.Lock()
				switch {
				case err == nil:
					written[note] = true
					outcomes["written"]++
				case errors.Is(err, ErrAlone):
					outcomes["alone"]++
				case errors.Is(err, context.Canceled):
					outcomes["cancelled"]++
				case strings.HasPrefix(err.Error(), "null value in column"):
					outcomes["refused"]++
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, what := range []string{"written", "alone", "refused"} {
		if outcomes[what] == 0 {
			t.Errorf("no row was %s: %v", what, outcomes)
		}
	}
	txn, err := store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Rollback()
	rows := m.read(txn, ScanSpec{Lower: math.MinInt64, Upper: math.MaxInt64}).rows
	for _, r := range rows {
		if !written[r.note] {
			t.Errorf("row %s is there", r.note)
		}
	}
	if len(rows) != len(written) {
		t.Errorf("%d rows, %d were written", len(rows), len(written))
	}
}
