package ddl_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tidemarkdb/tidemark/session/sessiontest"
)

// TestCreateIndexConcurrently fills indexes while others insert, update and
// delete, and compares what is found by index with what is found without.
func TestCreateIndexConcurrently(t *testing.T) {
	n := sessiontest.Open(t)
	main := n.Connect()
	main.Exec(`CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, i % 100 FROM generate_series(1, 3000) i`)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for w := range 3 {
		c := n.Connect()
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; !stop.Load(); i++ {
				id := rand.IntN(3000) + 1
				var sql string
				switch rand.IntN(3) {
				case 0:
					sql = fmt.Sprintf("INSERT INTO t VALUES (%d, %d) ON CONFLICT DO NOTHING", 10000+w*1_000_000+i, i%100)
				case 1:
					sql = fmt.Sprintf("UPDATE t SET v = %d WHERE id = %d", rand.IntN(100), id)
				default:
					sql = fmt.Sprintf("DELETE FROM t WHERE id = %d", id)
				}
				if err := c.Err(sql); err != nil {
					t.Errorf("%s: %v", sql, err)
					return
				}
			}
		}()
	}
	for i := range 4 {
		if err := main.Err(fmt.Sprintf("CREATE INDEX CONCURRENTLY i%d ON t (v)", i)); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	wg.Wait()
	for i := range 4 {
		var keep []string
		for k := range 4 {
			if k != i {
				keep = append(keep, fmt.Sprintf("DROP INDEX i%d;", k))
			}
		}
		got := main.Exec("BEGIN;" + strings.Join(keep, "") + "SELECT v, count(*), sum(id) FROM t WHERE v BETWEEN 10 AND 20 GROUP BY v ORDER BY v")
		want := main.Exec("SELECT 1; DROP INDEX " + fmt.Sprintf("i%d", i) + "; SELECT v, count(*), sum(id) FROM t WHERE v BETWEEN 10 AND 20 GROUP BY v ORDER BY v; ROLLBACK")
		got, want = rows(got), rows(want)
		if got != want {
			t.Errorf("index %d:\n%s\ntable:\n%s", i, got, want)
		}
	}
}

// rows is what follows the header of the last result.
func rows(out string) string {
	if i := strings.Index(out, "v|count|sum"); i >= 0 {
		out = out[i:]
	}
	if i := strings.Index(out, "SELECT "); i >= 0 {
		out = out[:i]
	}
	return out
}

// TestCreateUniqueIndexConcurrently makes a unique index while others write
// values that sometimes collide. Whichever way a race ends, a public index and
// duplicates never stand together: either a writer was refused (23505), or the
// statement was and the index stays invalid.
func TestCreateUniqueIndexConcurrently(t *testing.T) {
	n := sessiontest.Open(t)
	main := n.Connect()
	for round := range 6 {
		main.Exec("DROP TABLE IF EXISTS u; CREATE TABLE u (id int PRIMARY KEY, v int); INSERT INTO u SELECT i, i FROM generate_series(1, 2000) i")
		var stop atomic.Bool
		var refused atomic.Int64
		var wg sync.WaitGroup
		for w := range 3 {
			c := n.Connect()
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := 0; !stop.Load(); i++ {
					id := 10_000 + w*1_000_000 + i
					// Few values above the table's own, so that some collide in some rounds.
					sql := fmt.Sprintf("INSERT INTO u VALUES (%d, %d)", id, 3000+rand.IntN(1_000<<(3*round)))
					if rand.IntN(3) == 0 {
						sql = fmt.Sprintf("UPDATE u SET v = %d WHERE id = %d", 3000+rand.IntN(1_000<<(3*round)), rand.IntN(2000)+1)
					}
					err := c.Err(sql)
					switch {
					case err == nil:
					case strings.Contains(err.Error(), "duplicate key value violates unique constraint"):
						refused.Add(1)
					default:
						t.Errorf("%s: %v", sql, err)
						return
					}
				}
			}()
		}
		err := main.Err("CREATE UNIQUE INDEX CONCURRENTLY u_v ON u (v)")
		stop.Store(true)
		wg.Wait()
		valid := strings.Contains(main.Exec("SELECT indisvalid FROM pg_index WHERE indexrelid = 'u_v'::regclass"), "\nt\n")
		if valid != (err == nil) {
			t.Errorf("round %d: valid %v after %v", round, valid, err)
		}
		if err != nil && !strings.Contains(err.Error(), "could not create unique index") {
			t.Errorf("round %d: %v", round, err)
		}
		main.Exec("BEGIN; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off")
		dups := main.Exec("SELECT v FROM u GROUP BY v HAVING count(*) > 1 LIMIT 1")
		main.Exec("ROLLBACK")
		if valid && !strings.Contains(dups, "SELECT 0") {
			t.Errorf("round %d: duplicates under a valid index: %s", round, dups)
		}
		t.Logf("round %d: valid %v, %d writes refused", round, valid, refused.Load())
	}
}
