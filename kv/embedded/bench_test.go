package embedded

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/locktable"
)

// benchKey looks like a row key: t{table}_r{handle}.
func benchKey(dst []byte, i uint64) []byte {
	dst = append(dst[:0], "t\x80\x00\x00\x00\x00\x00\x00\x2a_r"...)
	return binary.BigEndian.AppendUint64(dst, i|1<<63)
}

func benchFill(b *testing.B, s *Store, n int) {
	b.Helper()
	value := make([]byte, 100)
	var key []byte
	for i := 0; i < n; {
		txn := begin(b, s)
		for range 10000 {
			binary.BigEndian.PutUint64(value, uint64(i))
			binary.BigEndian.PutUint64(value[50:], rand.Uint64())
			key = benchKey(key, uint64(i))
			if err := txn.PutUnchecked(key, value); err != nil {
				b.Fatal(err)
			}
			i++
		}
		commit(b, txn)
	}
	if err := s.db.Flush(); err != nil {
		b.Fatal(err)
	}
}

const benchRows = 1_000_000

func BenchmarkRead(b *testing.B) {
	s := openTest(b, Config{Dir: b.TempDir()})
	benchFill(b, s, benchRows)
	b.Run("get", func(b *testing.B) {
		b.ReportAllocs()
		txn := begin(b, s)
		defer txn.Rollback()
		var key []byte
		for b.Loop() {
			key = benchKey(key, rand.Uint64N(benchRows))
			if _, ok, err := txn.Get(ctx, key); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
	b.Run("begin-get-end", func(b *testing.B) {
		b.ReportAllocs()
		var key []byte
		for b.Loop() {
			txn, err := s.Begin(ctx, kv.TxnOptions{ReadOnly: true})
			if err != nil {
				b.Fatal(err)
			}
			key = benchKey(key, rand.Uint64N(benchRows))
			if _, ok, err := txn.Get(ctx, key); !ok || err != nil {
				b.Fatal(ok, err)
			}
			txn.Rollback()
		}
	})
	b.Run("get-missing", func(b *testing.B) {
		b.ReportAllocs()
		txn := begin(b, s)
		defer txn.Rollback()
		var key []byte
		for b.Loop() {
			key = append(benchKey(key, rand.Uint64N(benchRows)), 'x')
			if _, ok, err := txn.Get(ctx, key); ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
	for _, reverse := range []bool{false, true} {
		name := "scan"
		if reverse {
			name = "scan-reverse"
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				txn := begin(b, s)
				it, err := txn.Scan(ctx, kv.Span{}, kv.ScanOptions{Reverse: reverse})
				if err != nil {
					b.Fatal(err)
				}
				for {
					batch, err := it.NextBatch(ctx)
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					rows += len(batch)
				}
				it.Close()
				txn.Rollback()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
		})
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, workers := range []int{1, 4, 16} {
		b.Run("goroutines="+string(rune('0'+workers/10))+string(rune('0'+workers%10)), func(b *testing.B) {
			b.ReportAllocs()
			s := openTest(b, Config{Dir: b.TempDir()})
			b.SetParallelism((workers + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			if workers == 1 {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
				b.SetParallelism(1)
			}
			var next atomic.Uint64
			value := make([]byte, 100)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				var key []byte
				for pb.Next() {
					txn, err := s.Begin(ctx, kv.TxnOptions{})
					if err != nil {
						b.Error(err)
						return
					}
					key = benchKey(key, next.Add(1))
					if _, err := txn.Lock(ctx, []kv.Key{key}, kv.LockOptions{Mode: kv.LockUpdate}); err != nil {
						b.Error(err)
					}
					if err := txn.Put(key, value); err != nil {
						b.Error(err)
					}
					if _, err := txn.Commit(ctx, false); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

func BenchmarkLock(b *testing.B) {
	t := locktable.New()
	o := t.NewOwner(1)
	key := benchKey(nil, 1)
	b.ReportAllocs()
	for b.Loop() {
		t.Certify(o, t.Hash(key))
		t.ReleaseTo(o, 0)
	}
}

func BenchmarkBulkLoadTxn(b *testing.B) {
	const rows = 2_000_000
	for b.Loop() {
		b.StopTimer()
		s := openTest(b, Config{Dir: b.TempDir()})
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		b.StartTimer()
		txn := begin(b, s)
		value := make([]byte, 100)
		var key []byte
		for i := range uint64(rows) {
			binary.BigEndian.PutUint64(value, i)
			binary.BigEndian.PutUint64(value[50:], rand.Uint64())
			key = benchKey(key, i)
			if err := txn.Put(key, value); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		runtime.GC()
		var after runtime.MemStats
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB-buffered")
		b.ReportMetric(float64(txn.Bytes())/(1<<20), "MiB-data")
		b.StartTimer()
		commit(b, txn)
		b.StopTimer()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.Sys)/(1<<20), "MiB-sys")
		b.ReportMetric(rows/b.Elapsed().Seconds()*float64(1), "rows/s")
		b.StartTimer()
	}
}

// BenchmarkHotRow reads a row with very many old versions, and its neighbours.
func BenchmarkHotRow(b *testing.B) {
	s := openTest(b, Config{GCLifetime: time.Hour})
	value := make([]byte, 100)
	for i := range uint64(100) {
		put(b, s, string(benchKey(nil, i)), string(value))
	}
	for range 200_000 {
		put(b, s, string(benchKey(nil, 50)), string(value))
	}
	b.Run("get", func(b *testing.B) {
		txn := begin(b, s)
		defer txn.Rollback()
		key := benchKey(nil, 50)
		for b.Loop() {
			if _, ok, err := txn.Get(ctx, key); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
	for _, reverse := range []bool{false, true} {
		b.Run(map[bool]string{false: "scan", true: "scan-reverse"}[reverse], func(b *testing.B) {
			for b.Loop() {
				txn := begin(b, s)
				if n := len(scanAll(b, txn, kv.Span{}, kv.ScanOptions{Reverse: reverse})); n != 100 {
					b.Fatal(n)
				}
				txn.Rollback()
			}
		})
	}
	if err := s.CollectGarbage(ctx); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkShortScan is an index lookup: open, one batch, close.
func BenchmarkShortScan(b *testing.B) {
	s := openTest(b, Config{Dir: b.TempDir()})
	benchFill(b, s, 100_000)
	b.ReportAllocs()
	txn := begin(b, s)
	defer txn.Rollback()
	var start, end []byte
	for b.Loop() {
		i := rand.Uint64N(90_000)
		start, end = benchKey(start, i), benchKey(end, i+3)
		it, err := txn.Scan(ctx, kv.Span{Start: start, End: end}, kv.ScanOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if batch, err := it.NextBatch(ctx); err != nil || len(batch) != 3 {
			b.Fatal(len(batch), err)
		}
		it.Close()
	}
}

// BenchmarkFill is what a missed read costs that takes the rows behind it along.
func BenchmarkFill(b *testing.B) {
	s := openTest(b, Config{Dir: b.TempDir()})
	benchFill(b, s, benchRows)
	txn := begin(b, s)
	defer txn.Rollback()
	var key []byte
	i := uint64(0)
	for b.Loop() {
		if !s.rows.hasRoom() || i+2*fillSteps > benchRows {
			s.rows.clear(0)
			i = 0
		}
		key = benchKey(key, i)
		if _, ok, err := txn.Get(ctx, key); !ok || err != nil {
			b.Fatal(ok, err)
		}
		i += fillSteps + 1
	}
}
