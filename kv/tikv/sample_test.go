package tikv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

// TestSample: keys of a sample come from everywhere in a span, those that belong
// together among them alike, and their number is estimated.
func TestSample(t *testing.T) {
	connect := newMock(t)
	for name, c := range map[string]struct {
		wanted int
		key    func(i int) []byte
	}{
		"groups of ten": {2000, func(i int) []byte {
			return append(binary.BigEndian.AppendUint32([]byte("p"), uint32(i/10)), byte(i%10))
		}},
		"digits and a dense part": {2000, func(i int) []byte {
			if i < sampleRows/2 {
				return fmt.Appendf(nil, "p%07d and more", i)
			}
			return binary.BigEndian.AppendUint64([]byte("pz"), uint64(i))
		}},
		"all": {sampleRows, func(i int) []byte { return []byte{'p', byte(i / 256), byte(i % 256)} }},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Prefix: fmt.Sprintf("sample/%s/", name), GCInterval: -1, GCLifetime: -1, Logger: quiet}
			s, err := newStore(ctx, connect(t), cfg.withDefaults(), true)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			checkSample(t, s, c.wanted, c.key)
		})
	}
}

const sampleRows = 20000

func checkSample(t *testing.T, s *Store, n int, key func(i int) []byte) {
	sample := func() ([]kv.Key, float64) {
		t.Helper()
		txn, err := s.Begin(ctx, kv.TxnOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer txn.Rollback()
		keys, total, err := txn.(kv.Sampler).Sample(ctx, kv.Span{Start: []byte("p"), End: []byte("q")}, n)
		if err != nil {
			t.Fatal(err)
		}
		return keys, total
	}
	if keys, total := sample(); len(keys) != 0 || total != 0 {
		t.Errorf("%d keys of an empty span, said to have %v", len(keys), total)
	}
	at := writeSampled(t, s, key)
	keys, total := sample()
	if total < 0.75*sampleRows || total > 1.3*sampleRows {
		t.Errorf("estimated %.0f of %d keys", total, sampleRows)
	}
	if len(keys) < n/2 || len(keys) > n+n/10 {
		t.Errorf("%d keys, %d were asked for", len(keys), n)
	}
	var tenths, last [10]int
	for i, k := range keys {
		if i > 0 && bytes.Compare(keys[i-1], k) >= 0 {
			t.Fatal("keys out of order")
		}
		place, ok := at[string(k)]
		if !ok {
			t.Fatalf("nobody wrote %q", k)
		}
		tenths[10*place/sampleRows]++
		last[place%10]++
	}
	for i := range 10 {
		if few := len(keys) / 20; tenths[i] < few || last[i] < few {
			t.Errorf("%v by place, %v by last digit", tenths, last)
			break
		}
	}
}

// writeSampled writes sampleRows keys and says which is where.
func writeSampled(t *testing.T, s *Store, key func(i int) []byte) map[string]int {
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i := range sampleRows {
		k := key(i)
		at[string(k)] = i
		if err := txn.Put(k, []byte("value")); err != nil {
			t.Fatal(err)
		}
	}
	for _, outside := range []string{"o", "q", "q1"} {
		if err := txn.Put([]byte(outside), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := txn.Commit(ctx, false); err != nil {
		t.Fatal(err)
	}
	return at
}
