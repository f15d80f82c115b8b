package clustertests

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/internal/testserver"
	"github.com/tidemarkdb/tidemark/kv/tikv"
)

const (
	accounts = 20
	balance  = 1000
	clients  = 4 // each on one of two nodes
	// serviceBack is how soon transfers go on after a fault is over or one store is gone.
	serviceBack = 20 * time.Second
	// serviceBackAfterOne is how long nothing may go on when one store is gone, however
	// it went.
	serviceBackAfterOne = 10 * time.Second
)

// ledger counts what clients were told.
type ledger struct {
	mu      sync.Mutex
	acked   map[string]bool // transfers that were committed
	unknown map[string]bool // whose outcome nobody knows
	gap     time.Duration   // the longest time without one
	last    time.Time
	other   error // an error that clients should not get
	lossy   bool  // a node may end: its clients do not know what became of their transfers
	slow    []slowTransfer
}

// slowTransfer says where the time of a transfer went that took long.
type slowTransfer struct {
	begun time.Time
	steps []string
}

// long is how long a transfer takes at least that says where its time went.
const long = time.Second

// pauses says what the slowest transfers of each client waited for.
func (l *ledger) pauses() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, s := range l.slow[:min(len(l.slow), 4*clients)] {
		fmt.Fprintf(&b, "\n  %s %s", s.begun.Format("15:04:05.000"), strings.Join(s.steps, ", "))
	}
	return b.String()
}

func newLedger() *ledger {
	return &ledger{acked: map[string]bool{}, unknown: map[string]bool{}, last: time.Now()}
}

func (l *ledger) ack(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked[id] = true
	l.gap = max(l.gap, time.Since(l.last))
	l.last = time.Now()
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// failed sorts the errors: those that say nothing was done may be tried again.
func (l *ledger) failed(id string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var e *pgconn.PgError
	switch {
	case errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01" || e.Code == "08006" || e.Code == "55P03"):
	case errors.As(err, &e) && e.Code == "72000": // it was open while the cluster could not be reached for its lease
	case errors.As(err, &e) && e.Code == "40003", l.lossy && e == nil:
		l.unknown[id] = true
	default:
		l.other = errors.Join(l.other, fmt.Errorf("transfer %s: %w", id, err))
	}
}

// TestFaults transfers money between accounts from two nodes while stores and
// the placement driver fail. Nothing acknowledged may be lost, nothing be seen
// half, and service has to come back.
func TestFaults(t *testing.T) {
	c := testcluster.Shared(t)
	// What the nodes say of stores tells where the time of a pause goes.
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	nodes := startNodesWith(t, 2, tikv.Config{PDs: testcluster.PDs(t), Prefix: prefixOf(t), Logger: logger}, packOften)
	conn := connect(t, nodes[0])
	makeAccounts(t, conn)
	// More regions, so that stores have something to tell each other, and the placement
	// driver something to balance.
	exec(t, conn, "CREATE TABLE filler (a int PRIMARY KEY)")
	exec(t, conn, "INSERT INTO filler SELECT generate_series(1, 20000)")
	exec(t, conn, "CALL tidemark.split('filler', 400)")
	prefix := prefixOf(t)
	faults := []struct {
		name  string
		pause time.Duration // the longest, 0: the fault's length and serviceBack
		run   func(t *testing.T)
	}{
		{"kill each store and restart it", serviceBackAfterOne, func(t *testing.T) {
			for i := range c.Stores() {
				c.Kill(i)
				time.Sleep(5 * time.Second)
				check(t, c.Restart(i))
				check(t, c.WaitReplicated(ctx))
			}
		}},
		{"freeze a store that leads", serviceBackAfterOne, func(t *testing.T) {
			pauseBalance(t, c)
			i := leader(t, c, prefix)
			check(t, c.Freeze(i))
			time.Sleep(25 * time.Second)
			check(t, c.Thaw(i))
		}},
		{"cut off a store", serviceBackAfterOne, func(t *testing.T) {
			pauseBalance(t, c)
			i := leader(t, c, prefix)
			c.Cut(i)
			time.Sleep(15 * time.Second)
			c.Heal(i)
		}},
		{"slow a store that leads by 500 ms", 0, func(t *testing.T) {
			i := leader(t, c, prefix)
			c.Delay(i, 500*time.Millisecond)
			time.Sleep(10 * time.Second)
			c.Delay(i, 0)
		}},
		{"two of three stores killed, back after 10 s", 0, func(t *testing.T) {
			c.Kill(0)
			c.Kill(1)
			time.Sleep(10 * time.Second)
			check(t, c.Restart(0))
			check(t, c.Restart(1))
			check(t, c.WaitReplicated(ctx))
		}},
		{"PD killed for 10 s", 0, func(t *testing.T) {
			c.KillPD()
			time.Sleep(10 * time.Second)
			check(t, c.RestartPD(ctx))
		}},
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			check(t, c.WaitReplicated(ctx))
			l := underLoad(t, nodes, func() {
				t.Logf("%s it begins", time.Now().Format("15:04:05.000"))
				f.run(t)
			})
			verify(t, conn, l)
			t.Logf("transfers that took over %s:%s", long, l.pauses())
			if f.pause > 0 && l.gap > f.pause {
				t.Errorf("no service for %s, want it back within %s", l.gap, f.pause)
			}
			t.Logf("%d transfers, longest pause %s, %d unknown outcomes", len(l.acked), l.gap.Round(10*time.Millisecond), len(l.unknown))
		})
	}
}

// pauseBalance has the placement driver leave leaders where they are until the test
// ends. It takes a store that has become silent for one that lives for 20 s, and has the
// others hand leaders over to it, as it has few. TiKV asks a store whether it can lead
// before it does so; the stores of the test cluster do it unasked, and serve a region
// to nobody until the driver gives up or the store is back.
func pauseBalance(t *testing.T, c *testcluster.Cluster) {
	check(t, c.PauseLeaderBalance(ctx, time.Minute))
	t.Cleanup(func() { check(t, c.PauseLeaderBalance(ctx, 0)) })
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// leader is the store that leads the region of the test's tables.
func leader(t *testing.T, c *testcluster.Cluster, prefix string) int {
	t.Helper()
	i, err := c.LeaderOf(ctx, []byte(prefix))
	check(t, err)
	return i
}

// load is clients at work, and what they were told.
type load struct {
	*ledger
	stop atomic.Bool
	wg   sync.WaitGroup
}

// newLoad begins without a client. Whoever makes it defers its end: clients are to
// be done before their connections are closed.
func newLoad() *load { return &load{ledger: newLedger()} }

// client has a client do step after step until it reports false, or all end.
func (l *load) client(step func(n int) bool) {
	l.wg.Go(func() {
		for n := 0; !l.stop.Load() && step(n); n++ {
		}
	})
}

// end waits for all clients' last steps.
func (l *load) end() {
	l.stop.Store(true)
	l.wg.Wait()
}

// underLoad runs a fault while clients work, and waits until they do so again.
func underLoad(t *testing.T, nodes []*testserver.Server, fault func()) *ledger {
	l := newLoad()
	defer l.end()
	for i := range clients {
		conn := connect(t, nodes[i%len(nodes)])
		l.client(func(n int) bool { return transfer(t, conn, l.ledger, fmt.Sprintf("%s/%d/%d", t.Name(), i, n)) })
	}
	audits := l.audit(t, connect(t, nodes[len(nodes)-1]))
	await(t, l.ledger, 20, serviceBack)
	fault()
	await(t, l.ledger, 20, serviceBack)
	if n := audits.Load(); n == 0 {
		t.Error("nobody could look at the accounts meanwhile")
	}
	return l.ledger
}

// audit has one more client look at the accounts again and again: each snapshot has
// to have all of a transfer or nothing of it. The second number is that of accounts
// weighted by their ids, without what the transfers say: of half a transfer it differs.
func (l *load) audit(t *testing.T, conn *pgx.Conn) (audits *atomic.Int64) {
	audits = &atomic.Int64{}
	l.client(func(int) bool {
		var sum, weighted int64
		err := bounded(t, "look at the accounts", func(ctx context.Context) error {
			return conn.QueryRow(ctx, `SELECT (SELECT sum(balance) FROM account), (SELECT sum(id * balance) FROM account)
				- (SELECT coalesce(sum(amount * (target - source)), 0) FROM transfer)`).Scan(&sum, &weighted)
		})
		switch {
		case err != nil:
			l.failed("of the audit", err)
		case sum != accounts*balance || weighted != balance*accounts*(accounts+1)/2:
			t.Errorf("the balances add up to %d, and weighted to %d: half a transfer is visible", sum, weighted)
			return false
		default:
			audits.Add(1)
		}
		time.Sleep(250 * time.Millisecond)
		return !conn.IsClosed()
	})
	return audits
}

// await waits for n more transfers, for a time at most.
func await(t *testing.T, l *ledger, n int, limit time.Duration) {
	t.Helper()
	want := l.count() + n
	deadline := time.Now().Add(limit)
	for l.count() < want {
		if time.Now().After(deadline) {
			t.Fatalf("no service for %s", limit)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// transfer moves money. It reports false when it waited too long: the connection
// is closed then.
func transfer(t *testing.T, conn *pgx.Conn, l *ledger, id string) bool {
	return transferBetween(t, conn, l, id, 1, accounts)
}

// transferBetween moves money between the accounts with numbers from first to last.
func transferBetween(t *testing.T, conn *pgx.Conn, l *ledger, id string, first, last int) bool {
	source, target := first+rand.IntN(last-first+1), first+rand.IntN(last-first+1)
	amount := rand.IntN(10)
	begun, since := time.Now(), time.Now()
	var steps []string
	step := func(name string) {
		steps = append(steps, fmt.Sprintf("%s %s", name, time.Since(since).Round(10*time.Millisecond)))
		since = time.Now()
	}
	err := bounded(t, "transfer "+id, func(ctx context.Context) error {
		defer step("end")
		tx, err := conn.Begin(ctx)
		if err != nil {
			return err
		}
		for _, s := range []struct {
			sql  string
			args []any
		}{
			{"UPDATE account SET balance = balance - $2 WHERE id = $1", []any{source, amount}},
			{"UPDATE account SET balance = balance + $2 WHERE id = $1", []any{target, amount}},
			{"INSERT INTO transfer VALUES ($1, $2, $3, $4)", []any{id, source, target, amount}},
		} {
			if _, err := tx.Exec(ctx, s.sql, s.args...); err != nil {
				step(s.sql[:6] + " failed")
				_ = tx.Rollback(ctx)
				return err
			}
			step(s.sql[:6])
		}
		return tx.Commit(ctx)
	})
	if time.Since(begun) > long {
		l.mu.Lock()
		l.slow = append(l.slow, slowTransfer{begun, steps})
		l.mu.Unlock()
	}
	if err == nil {
		l.ack(id)
	} else {
		l.failed(id, err)
	}
	return !conn.IsClosed()
}

// verify compares the tables with the ledger.
func verify(t *testing.T, conn *pgx.Conn, l *ledger) {
	t.Helper()
	if l.other != nil {
		t.Errorf("clients got errors they should not: %v", l.other)
	}
	if n := queryInt(t, conn, "SELECT sum(balance) FROM account"); n != accounts*balance {
		t.Errorf("the balances add up to %d, want %d", n, accounts*balance)
	}
	stored := map[string]bool{}
	for _, id := range queryTexts(t, conn, "SELECT id FROM transfer WHERE id LIKE $1", t.Name()+"/%") {
		stored[id] = true
		if !l.acked[id] && !l.unknown[id] {
			t.Errorf("transfer %s is there, though its client was told that it failed", id)
		}
	}
	for id := range l.acked {
		if !stored[id] {
			t.Errorf("transfer %s was acknowledged and is lost", id)
		}
	}
	wrong := queryInt(t, conn, `SELECT count(*) FROM account a WHERE balance <> $1
		- (SELECT coalesce(sum(amount), 0) FROM transfer WHERE source = a.id)
		+ (SELECT coalesce(sum(amount), 0) FROM transfer WHERE target = a.id)`, balance)
	if wrong > 0 {
		t.Errorf("%d accounts do not agree with the transfers: half a transaction", wrong)
	}
}
