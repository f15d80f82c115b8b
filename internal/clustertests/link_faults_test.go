package clustertests

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/internal/testserver"
	"github.com/tidemarkdb/tidemark/kv/tikv"
)

// cutOff is for how long a node is without the store that it needs: longer than
// its locks live, which it can then not keep alive, and nearly as long as its lease.
const cutOff = 25 * time.Second

// TestNodeCutOff cuts one node off from the store that leads the tables, while
// another node reaches it. That one has to go on, also with the rows that the
// first had locked once these locks end; the first has to go on afterwards.
//
// There is no network between nodes that could be cut: they hear of each other
// by what they write to the stores.
func TestNodeCutOff(t *testing.T) {
	c := testcluster.Shared(t)
	link, err := c.NewLink()
	check(t, err)
	t.Cleanup(link.Close)
	healthy := startNodes(t, 1)[0]
	conn := connect(t, healthy)
	makeAccounts(t, conn)
	cut := startNodesWith(t, 1, tikv.Config{PDs: testcluster.PDs(t), Prefix: prefixOf(t), Route: link.Route}, packOften)[0]
	store := leader(t, c, prefixOf(t))

	l := newLoad()
	defer l.end()
	for i, node := range []*testserver.Server{cut, healthy, cut, healthy} {
		client := connect(t, node)
		exec(t, client, "SET lock_timeout = '1s'") // rows that the other node locked are not all
		l.client(func(n int) bool { return transfer(t, client, l.ledger, fmt.Sprintf("%s/%d/%d", t.Name(), i%2, n*4+i)) })
	}
	await(t, l.ledger, 20, serviceBack)
	before := l.countOf(t.Name() + "/1/")
	link.Cut(store)
	time.Sleep(cutOff)
	during := l.countOf(t.Name()+"/1/") - before
	link.Heal(store)
	await(t, l.ledger, 20, serviceBack)
	back := l.countOf(t.Name() + "/0/")
	for deadline := time.Now().Add(lockLife); l.countOf(t.Name()+"/0/") < back+5; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the node that was cut off does nothing for %s", lockLife)
		}
	}
	l.end()
	verify(t, conn, l.ledger)
	if during < 20 {
		t.Errorf("%d transfers by the other node in %s", during, cutOff)
	}
	t.Logf("%d transfers, %d by the other node while one was cut off, %d unknown outcomes", len(l.acked), during, len(l.unknown))
}

// countOf counts the acknowledged transfers whose ids begin so.
func (l *ledger) countOf(prefix string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for id := range l.acked {
		if strings.HasPrefix(id, prefix) {
			n++
		}
	}
	return n
}

// TestPackingNodeKilled kills nodes that do nothing but pack the points which
// another one ingests, over so slow a network that they are always in the midst of it.
func TestPackingNodeKilled(t *testing.T) {
	c := testcluster.Shared(t)
	ingesting := startNodesWith(t, 1, tikv.Config{PDs: testcluster.PDs(t), Prefix: prefixOf(t)}, packNever)[0]
	conn := connect(t, ingesting)
	l := startPoints(t, conn)
	defer l.end()
	for range 2 {
		l.ingest(t, ingesting.URL)
	}
	packed := []int64{0}
	for range 3 {
		link, err := c.NewLink()
		check(t, err)
		doomed := startLinkedProcess(t, 0, link)
		link.Delay(50 * time.Millisecond)
		await(t, l.ledger, 20, serviceBack)
		time.Sleep(5 * time.Second)
		doomed.kill()
		link.Close()
		packed = append(packed, queryInt(t, conn, "SELECT count(*) FROM tidemark.blocks WHERE kind = 'block'"))
	}
	await(t, l.ledger, 20, lockLife)
	l.verify(t, conn)
	if packed[len(packed)-1] == 0 {
		t.Error("nothing was packed: the test proves nothing")
	}
	t.Logf("%d batches, blocks after each death %v, %d unknown outcomes", len(l.acked), packed[1:], len(l.unknown))
}
