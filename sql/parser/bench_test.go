package parser

import (
	"runtime"
	"testing"
)

const (
	pointSelect = "SELECT abalance FROM pgbench_accounts WHERE aid = 12345;"
	joinSelect  = "SELECT c.name, count(*), sum(o.amount * 1.2) FROM customers c JOIN orders o ON o.customer_id = c.id " +
		"WHERE o.created_at >= '2024-01-01' AND c.region IN ('eu', 'us') GROUP BY c.name HAVING count(*) > 5 ORDER BY 3 DESC LIMIT 20"
)

func BenchmarkParse(b *testing.B) {
	for name, sql := range map[string]string{"point": pointSelect, "join": joinSelect} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(sql); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGrammar is the part of BenchmarkParse that C does.
func BenchmarkGrammar(b *testing.B) {
	for name, sql := range map[string]string{"point": pointSelect, "join": joinSelect} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := withTree(sql, func([]byte) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkConvert is the part of BenchmarkParse that makes our tree.
func BenchmarkConvert(b *testing.B) {
	for name, sql := range map[string]string{"point": pointSelect, "join": joinSelect} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			err := withTree(sql, func(tree []byte) error {
				for b.Loop() {
					c := newConverter(sql, tree)
					for raw := range msg(tree).each(fParseResultStmts) {
						c.rawStmt(raw)
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkCache(b *testing.B) {
	c := NewCache(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Parse(pointSelect); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNormalize(b *testing.B) {
	for name, sql := range map[string]string{"point": pointSelect, "join": joinSelect} {
		b.Run(name, func(b *testing.B) {
			var n Normalized
			b.ReportAllocs()
			for b.Loop() {
				if !Normalize(sql, &n) {
					b.Fatal("gave up")
				}
			}
		})
	}
}

// BenchmarkTreeBytes reports how much memory a tree takes per byte of text.
func BenchmarkTreeBytes(b *testing.B) {
	var before, after runtime.MemStats
	var keep []any
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for b.Loop() {
		stmts, err := Parse(joinSelect)
		if err != nil {
			b.Fatal(err)
		}
		keep = append(keep, stmts)
		n += len(joinSelect)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "treebytes/byte")
	runtime.KeepAlive(keep)
}
