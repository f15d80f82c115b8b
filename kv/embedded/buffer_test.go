package embedded

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestWriteBuffer compares a buffer of many leaves and chunks with a map,
// under random, ascending and interleaved writes, rollbacks and cursors.
func TestWriteBuffer(t *testing.T) {
	for _, shape := range []string{"random", "ascending", "interleaved", "descending"} {
		t.Run(shape, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			rng := rand.New(rand.NewPCG(seed, 0))
			w := newWriteBuffer(1)
			defer w.release(false)
			want := map[string]string{}
			type saved struct {
				mark bufferMark
				want map[string]string
			}
			var saves []saved
			for i := range 20_000 {
				var key string
				switch shape {
				case "random":
					key = fmt.Sprintf("k%05d", rng.IntN(8000))
				case "ascending":
					key = fmt.Sprintf("k%05d", i)
				case "descending":
					key = fmt.Sprintf("k%05d", 99999-i)
				default:
					key = fmt.Sprintf("%c%05d", 'a'+i%5, i)
				}
				value := bytes.Repeat([]byte{byte(i)}, rng.IntN(300))
				w.put([]byte(key), value, kindPut)
				want[key] = string(value)
				switch {
				case i%4000 == 1000:
					saves = append(saves, saved{w.mark(), maps.Clone(want)})
				case i%4000 == 3999 && len(saves) > 0:
					s := saves[rng.IntN(len(saves))]
					w.rollback(s.mark, 2)
					want = maps.Clone(s.want)
					saves = slices.DeleteFunc(saves, func(o saved) bool { return o.mark.end > s.mark.end })
				}
				if i%2500 == 0 || i == 19_999 {
					compareBuffer(t, w, want)
				}
			}
		})
	}
}

func compareBuffer(t *testing.T, w *writeBuffer, want map[string]string) {
	t.Helper()
	if w.index.count != len(want) {
		t.Fatalf("%d keys, want %d", w.index.count, len(want))
	}
	sorted := slices.Sorted(maps.Keys(want))
	for i, k := range sorted {
		if e, ok := w.get([]byte(k)); !ok || string(e.value[1:]) != want[k] {
			t.Fatalf("key %s is wrong or missing", k)
		}
		if i%7 == 0 {
			if _, ok := w.get([]byte(k + "x")); ok {
				t.Fatalf("key %sx is there", k)
			}
		}
	}
	c := indexCursor{index: &w.index}
	i := 0
	for c.seekGE(nil); c.valid; c.next() {
		if got := string(w.arena.key(c.offset)); got != sorted[i] {
			t.Fatalf("forward %d: %s, want %s", i, got, sorted[i])
		}
		i++
	}
	if i != len(sorted) {
		t.Fatalf("forward: %d keys, want %d", i, len(sorted))
	}
	for c.seekLT(nil); c.valid; c.prev() {
		i--
		if got := string(w.arena.key(c.offset)); got != sorted[i] {
			t.Fatalf("back %d: %s, want %s", i, got, sorted[i])
		}
	}
	if i != 0 {
		t.Fatalf("back: %d keys are missing", i)
	}
	for range 50 {
		if len(sorted) == 0 {
			break
		}
		i := rand.IntN(len(sorted))
		c.seekGE([]byte(sorted[i]))
		if string(w.arena.key(c.offset)) != sorted[i] {
			t.Fatalf("seekGE %s", sorted[i])
		}
		c.seekLT([]byte(sorted[i]))
		if c.valid != (i > 0) || i > 0 && string(w.arena.key(c.offset)) != sorted[i-1] {
			t.Fatalf("seekLT %s", sorted[i])
		}
	}
}

func FuzzDestruction(f *testing.F) {
	d := destruction{ts: 7}
	d.span.Start, d.span.End = []byte("a"), []byte("b")
	f.Add(d.encode())
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d, again destruction
		if !d.decode(b) {
			return
		}
		if !again.decode(d.encode()) || again.ts != d.ts || !bytes.Equal(again.span.Start, d.span.Start) || !bytes.Equal(again.span.End, d.span.End) {
			t.Fatalf("%x", b)
		}
	})
}
