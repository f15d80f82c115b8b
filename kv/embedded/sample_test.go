package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"github.com/tidemarkdb/tidemark/kv"
)

// Keys of a sample come from everywhere in a span, those that belong together
// among them alike, and their number is estimated, on disk or not.
func TestSample(t *testing.T) {
	const groups, lines = 30000, 10
	key := func(i int) []byte {
		return append(binary.BigEndian.AppendUint32([]byte("p"), uint32(i/lines)), byte(i%lines))
	}
	ctx := context.Background()
	s, err := Open(ctx, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // nothing is kept
	fillKeys(t, s, key, groups*lines)
	for _, flush := range []bool{false, true} {
		if flush {
			if err := s.db.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		txn, err := s.Begin(ctx, kv.TxnOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer txn.Rollback()
		keys, total, err := txn.(kv.Sampler).Sample(ctx, kv.Span{Start: []byte("p"), End: []byte("q")}, 3000)
		if err != nil {
			t.Fatal(err)
		}
		if total < 0.8*groups*lines || total > 1.25*groups*lines {
			t.Errorf("flush=%v: estimated %.0f of %d keys", flush, total, groups*lines)
		}
		if len(keys) < 2000 || len(keys) > 3100 {
			t.Errorf("flush=%v: %d keys", flush, len(keys))
		}
		var tenths [10]int
		var line [lines]int
		for i, k := range keys {
			if i > 0 && bytes.Compare(keys[i-1], k) >= 0 {
				t.Fatalf("flush=%v: keys out of order", flush)
			}
			tenths[10*binary.BigEndian.Uint32(k[1:])/groups]++
			line[k[5]]++
		}
		for i := range 10 {
			if tenths[i] < 150 || line[i] < 150 {
				t.Errorf("flush=%v: %v by place, %v by line", flush, tenths, line)
				break
			}
		}
	}
}
