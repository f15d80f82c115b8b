package clustertests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/internal/testserver"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/kv/tikv"
)

// startPlain starts a node whose keys have no prefix: the stores' coprocessors
// read such only. Its tests share the tables of the cluster.
func startPlain(t *testing.T) (*testserver.Server, *tikv.Store) {
	t.Helper()
	store, err := tikv.Open(ctx, tikv.Config{PDs: testcluster.PDs(t), Logger: slog.New(slog.DiscardHandler)})
	check(t, err)
	node, err := testserver.StartOn(store)
	check(t, err)
	t.Cleanup(func() {
		boundedWait(t, "close a node", func() {
			if err := node.Close(); err != nil {
				t.Error(err)
			}
		})
	})
	return node, store
}

// splitTables cuts regions at rows of all tables that have as many as the test's.
func splitTables(t *testing.T, store *tikv.Store, pieces int) {
	t.Helper()
	err := bounded(t, "split regions", func(ctx context.Context) error {
		keys, err := rowKeys(ctx, store, pieces)
		if err != nil {
			return err
		}
		return store.SplitRegions(ctx, keys, serviceBack)
	})
	check(t, err)
}

// rowKeys returns keys that cut the rows of tables of fuzzRows rows into pieces.
func rowKeys(ctx context.Context, store kv.Store, pieces int) (out []kv.Key, err error) {
	err = eachRowKey(ctx, store, func(keys []kv.Key) {
		for i := 1; i < pieces && len(keys) == fuzzRows; i++ {
			out = append(out, keys[i*fuzzRows/pieces])
		}
	})
	return out, err
}

// eachRowKey calls fn with the keys of each table's rows.
func eachRowKey(ctx context.Context, store kv.Store, fn func(keys []kv.Key)) error {
	txn, err := store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer txn.Close()
	it, err := txn.Scan(ctx, kv.Span{Start: kv.Key{'t'}, End: kv.Key{'u'}}, kv.ScanOptions{KeysOnly: true})
	if err != nil {
		return err
	}
	defer it.Close()
	const prefix = 11 // 't', the table, "_r"
	var keys []kv.Key
	for {
		batch, err := it.NextBatch(ctx)
		if errors.Is(err, io.EOF) {
			fn(keys)
			return nil
		}
		if err != nil {
			return err
		}
		for _, pair := range batch {
			if len(pair.Key) < prefix || pair.Key[prefix-1] != 'r' {
				continue
			}
			if len(keys) > 0 && !bytes.Equal(keys[0][:prefix], pair.Key[:prefix]) {
				fn(keys)
				keys = nil
			}
			keys = append(keys, bytes.Clone(pair.Key))
		}
	}
}

// TestPushDownPlans runs plans as for a cluster over the embedded store, which
// runs all of them itself, beside others.
func TestPushDownPlans(t *testing.T) {
	node, err := testserver.Start()
	check(t, err)
	defer func() { check(t, node.Close()) }()
	conn := connect(t, node)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	f := &pushFuzz{t: t, conn: conn, rand: rand.New(rand.NewPCG(seed, 0)), setting: "on"}
	f.create()
	for range 100 {
		f.compare(f.query())
	}
}

// TestPushDown runs statements with and without push-down, by random.
func TestPushDown(t *testing.T) {
	node, store := startPlain(t)
	conn := connect(t, node)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	f := &pushFuzz{t: t, conn: conn, rand: random}
	f.create()
	splitTables(t, store, 4)
	end := time.Now().Add(fuzzTime(t))
	var statements, pushed int
	for ; (time.Now().Before(end) || statements < len(fuzzFirst)) && !t.Failed(); statements++ {
		sql := f.query()
		if statements < len(fuzzFirst) {
			sql = fuzzFirst[statements]
		}
		before := node.Traffic().Counts()
		f.compare(sql)
		if node.Traffic().Since(before).Requests["Cop"] > 0 {
			pushed++
		}
	}
	t.Logf("%d statements, %d of them pushed: %v", statements, pushed, f.scans)
	if pushed*2 < statements {
		t.Errorf("only %d statements of %d were pushed", pushed, statements)
	}
	for _, kind := range []string{"Seq", "Index", "Index backward", "Index Only", "Index Only backward"} {
		if f.scans[kind] == 0 {
			t.Errorf("no %s Scan of %d statements was pushed", kind, statements)
		}
	}
}

// run returns a statement's rows, sorted if it does not say how, or its error.
func (f *pushFuzz) run(sql string) (rows []string, state string) {
	f.t.Helper()
	err := bounded(f.t, sql, func(ctx context.Context) error {
		r, err := f.conn.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return err
		}
		rows, err = pgx.CollectRows(r, func(row pgx.CollectableRow) (string, error) {
			var b strings.Builder
			for _, v := range row.RawValues() {
				if v == nil {
					b.WriteString("NULL|")
					continue
				}
				fmt.Fprintf(&b, "%.200q|", v)
			}
			return b.String(), nil
		})
		return err
	})
	if !strings.Contains(sql, " ORDER BY ") || !strings.Contains(sql[strings.Index(sql, " ORDER BY "):], "id") { // else a key makes it one order
		slices.Sort(rows)
	}
	if err != nil {
		if state = code(err); state == "" {
			f.t.Fatalf("%s: %v", sql, err)
		}
		return nil, state
	}
	return rows, ""
}

// note counts the scan that a plan has the stores run.
func (f *pushFuzz) note(plan []string) {
	below := false
	for _, line := range plan {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "->"))
		below = below || strings.HasPrefix(line, "Store Gather")
		if name, _, ok := strings.Cut(line, " Scan"); ok && below {
			if strings.Contains(line, "Scan Backward") {
				name += " backward"
			}
			if f.scans == nil {
				f.scans = map[string]int{}
			}
			f.scans[name]++
			below = false
		}
	}
}

// excused are the errors that one of two runs may have alone: a node got no
// processor for half a minute, or conditions were computed in another order.
var excused = map[string]bool{"72000": true, "08006": true, "22003": true, "22012": true}

// compare runs a statement with push-down and without it on one snapshot.
func (f *pushFuzz) compare(sql string) {
	f.t.Helper()
	exec(f.t, f.conn, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	if f.rand.IntN(2) == 0 || slices.Contains(fuzzFirst, sql) {
		exec(f.t, f.conn, "SET LOCAL enable_seqscan = off")
	}
	if f.rand.IntN(6) == 0 { // what the transaction wrote, the stores do not have
		exec(f.t, f.conn, fmt.Sprintf("UPDATE %s SET i4 = i4 / 2, k2 = 3 WHERE id BETWEEN %d AND %[2]d + 20000", pick(f, fuzzTables...), f.rand.IntN(fuzzRows*1499)))
	}
	exec(f.t, f.conn, "SAVEPOINT s")
	if f.setting != "" {
		exec(f.t, f.conn, "SET LOCAL tidemark.pushdown = "+f.setting)
	}
	f.note(queryTexts(f.t, f.conn, "EXPLAIN "+sql))
	there, thereCode := f.run(sql)
	exec(f.t, f.conn, "ROLLBACK TO s; SET LOCAL tidemark.pushdown = off")
	here, hereCode := f.run(sql)
	exec(f.t, f.conn, "ROLLBACK")
	if thereCode == hereCode && slices.Equal(there, here) || excused[thereCode] || excused[hereCode] {
		return
	}
	f.t.Errorf("%s\npushed: %s %d rows %.2000s\nlocal: %s %d rows %.2000s", sql,
		thereCode, len(there), strings.Join(there, "\n"), hereCode, len(here), strings.Join(here, "\n"))
	f.t.Log(strings.Join(queryTexts(f.t, f.conn, "EXPLAIN "+sql), "\n"))
}
