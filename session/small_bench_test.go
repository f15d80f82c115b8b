package session_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// BenchmarkSmall runs TPC-C's statements that touch a few rows through the
// operators, one at a time in transactions that are rolled back: the set-up of
// operators, not the rows, is most of it.
func BenchmarkSmall(b *testing.B) {
	node := sessiontest.Open(b)
	c := node.Connect()
	for _, sql := range []string{
		`CREATE TABLE order_line (o int, d int, w int, n int, item int, supply int, delivered timestamp, quantity int, amount numeric(6,2), info char(24), PRIMARY KEY (w, d, o, n))`,
		`CREATE TABLE customer (id int, d int, w int, balance numeric(12,2), deliveries int, last varchar(16), data varchar(500), PRIMARY KEY (w, d, id))`,
		`CREATE TABLE new_order (o int, d int, w int, PRIMARY KEY (w, d, o))`,
		`INSERT INTO order_line SELECT o, d, 1, n, n * 17, 1, NULL, 5, 12.34, 'abcdefghijklmnopqrstuvwx' FROM generate_series(1, 300) o, generate_series(1, 10) d, generate_series(1, 10) n`,
		`INSERT INTO customer SELECT i, d, 1, 10, 0, 'BARBAR', repeat('x', 400) FROM generate_series(1, 300) i, generate_series(1, 10) d`,
		`INSERT INTO new_order SELECT i, d, 1 FROM generate_series(1, 300) i, generate_series(1, 10) d`,
		`ANALYZE`,
	} {
		if err := c.Err(sql); err != nil {
			b.Fatal(err)
		}
	}
	for _, bench := range []struct{ name, sql string }{
		{"update-prefix", `UPDATE order_line SET delivered = now()::timestamp WHERE w = $1 AND d = $2 AND o = $3`},
		{"update-subquery", `UPDATE customer SET deliveries = deliveries + 1, balance = balance + (SELECT sum(amount) FROM order_line WHERE w = $1 AND d = $2 AND o = $3) WHERE w = $1 AND d = $2 AND id = $3`},
		{"first-for-update", `SELECT o FROM new_order WHERE w = $1 AND d = $2 AND o > $3 ORDER BY o LIMIT 1 FOR UPDATE`},
		{"select-prefix", `SELECT item FROM order_line WHERE w = $1 AND d = $2 AND o = $3`},
		{"point-update", `UPDATE customer SET deliveries = deliveries + 1 WHERE w = $1 AND d = $2 AND id = $3`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			s := c.Session
			name := fmt.Sprintf("%s-%d", bench.name, b.N)
			if err := s.Parse(name, bench.sql, nil); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				_ = c.Query("BEGIN")
				args := [][]byte{[]byte("1"), []byte(strconv.Itoa(1 + rand.IntN(10))), []byte(strconv.Itoa(1 + rand.IntN(299)))}
				if err := s.Bind("", name, nil, args, nil); err != nil {
					b.Fatal(err)
				}
				if err := s.Execute("", 0); err != nil {
					b.Fatal(err)
				}
				if err := s.Sync(); err != nil {
					b.Fatal(err)
				}
				_ = c.Query("ROLLBACK")
			}
		})
	}
}
