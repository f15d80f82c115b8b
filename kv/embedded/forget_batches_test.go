package embedded

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// TestForgetBatches: the memory of a large commit goes although nothing is
// written after it.
func TestForgetBatches(t *testing.T) {
	s := openTest(t, Config{Dir: t.TempDir(), MemTableBytes: 1 << 20, GCInterval: 10 * time.Millisecond})
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	const size = 64 << 20
	func() {
		txn := begin(t, s)
		value := make([]byte, 1000)
		for i := range size / len(value) {
			if err := txn.Put(fmt.Appendf(nil, "k%08d", i), value); err != nil {
				t.Fatal(err)
			}
		}
		commit(t, txn)
	}()
	for deadline := time.Now().Add(time.Minute); live() > before+size/2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d MB are still held", (live()-before)>>20)
		}
	}
}
