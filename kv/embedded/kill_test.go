package embedded

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

const (
	killEnv     = "TIDEMARK_KILL_TEST_DIR"
	killWorkers = 6
	accounts    = 20
	opening     = 1000
)

// transfer is what a worker did in one transaction, as it logs it there.
type transfer struct{ From, To, Amount int }

func accountKey(i int) []byte          { return fmt.Appendf(nil, "account/%03d", i) }
func sequenceKey(worker int) []byte    { return fmt.Appendf(nil, "sequence/%d", worker) }
func logKey(worker, number int) []byte { return fmt.Appendf(nil, "log/%d/%08d", worker, number) }

func getInt(r kv.Reader, key []byte) (n int, err error) {
	v, found, err := r.Get(ctx, key)
	if err != nil || !found {
		return 0, err
	}
	_, err = fmt.Sscan(string(v), &n)
	return n, err
}

// killChild moves money between accounts until it is killed, and prints every
// commit after it was acknowledged.
func killChild(dir string) error {
	s, err := Open(ctx, Config{Dir: dir, MemTableBytes: 256 << 10, GCLifetime: -1, GCInterval: 20 * time.Millisecond})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range killWorkers {
		wg.Go(func() {
			for {
				n, err := killTransfer(s, w)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(3)
				}
				mu.Lock()
				fmt.Printf("%d %d\n", w, n)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return nil
}

func killTransfer(s *Store, worker int) (number int, err error) {
	txn, err := s.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return 0, err
	}
	defer txn.Rollback()
	tr := transfer{From: rand.IntN(accounts), To: rand.IntN(accounts), Amount: rand.IntN(100)}
	lo, hi := min(tr.From, tr.To), max(tr.From, tr.To) // in order: no deadlocks
	lock := kv.LockOptions{Mode: kv.LockNoKeyUpdate, NoConflictCheck: true}
	if _, err := txn.Lock(ctx, []kv.Key{accountKey(lo), accountKey(hi)}, lock); err != nil {
		return 0, err
	}
	if err := txn.Refresh(ctx); err != nil {
		return 0, err
	}
	from, err := getInt(txn, accountKey(tr.From))
	if err != nil {
		return 0, err
	}
	if err := txn.Put(accountKey(tr.From), fmt.Append(nil, from-tr.Amount)); err != nil {
		return 0, err
	}
	to, err := getInt(txn, accountKey(tr.To)) // after the write: perhaps the same one
	if err != nil {
		return 0, err
	}
	if err := txn.Put(accountKey(tr.To), fmt.Append(nil, to+tr.Amount)); err != nil {
		return 0, err
	}
	if number, err = getInt(txn, sequenceKey(worker)); err != nil {
		return 0, err
	}
	number++
	if err := txn.Put(sequenceKey(worker), fmt.Append(nil, number)); err != nil {
		return 0, err
	}
	line, _ := json.Marshal(tr)
	if err := txn.PutUnchecked(logKey(worker, number), line); err != nil {
		return 0, err
	}
	_, err = txn.Commit(ctx, false)
	return number, err
}

// TestKill kills a process in the midst of its commits, again and again, and
// checks that no acknowledged one is lost and none is there by half.
func TestKill(t *testing.T) {
	if dir := os.Getenv(killEnv); dir != "" {
		if err := killChild(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	dir := t.TempDir()
	s := openTest(t, Config{Dir: dir})
	for i := range accounts {
		put(t, s, string(accountKey(i)), fmt.Sprint(opening))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var acked [killWorkers]int
	for round := range 5 {
		total := runAndKill(t, dir, &acked, time.Duration(100+150*round)*time.Millisecond)
		s := openTest(t, Config{Dir: dir})
		checkTransfers(t, s, acked)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("round %d: %d commits acknowledged so far", round, total)
	}
}

func runAndKill(t *testing.T, dir string, acked *[killWorkers]int, after time.Duration) (total int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
	cmd.Env = append(os.Environ(), killEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	var timer *time.Timer
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		if timer == nil {
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		var w, n int
		if _, err := fmt.Sscanf(line, "%d %d\n", &w, &n); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		acked[w] = n
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("the child was not killed but ended: %v", err)
	}
	for _, n := range acked {
		total += n
	}
	if total == 0 {
		t.Fatal("no commit was acknowledged")
	}
	return total
}

func checkTransfers(t *testing.T, s *Store, acked [killWorkers]int) {
	t.Helper()
	txn := begin(t, s)
	defer txn.Rollback()
	var want [accounts]int
	for i := range want {
		want[i] = opening
	}
	for w, n := range acked {
		seq, err := getInt(txn, sequenceKey(w))
		if err != nil {
			t.Fatal(err)
		}
		if seq < n {
			t.Errorf("worker %d: commit %d was acknowledged, %d is there", w, n, seq)
		}
		for i := 1; i <= seq+1; i++ {
			v, found, err := txn.Get(ctx, logKey(w, i))
			if err != nil {
				t.Fatal(err)
			}
			if found != (i <= seq) {
				t.Fatalf("worker %d: log entry %d of %d: %v", w, i, seq, found)
			}
			if found {
				var tr transfer
				if err := json.Unmarshal(v, &tr); err != nil {
					t.Fatal(err)
				}
				want[tr.From] -= tr.Amount
				want[tr.To] += tr.Amount
			}
		}
	}
	for i := range want {
		if got, err := getInt(txn, accountKey(i)); err != nil || got != want[i] {
			t.Errorf("account %d has %d, its log says %d (%v)", i, got, want[i], err)
		}
	}
}
