package clustertests

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	osexec "os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
	"github.com/tidemarkdb/tidemark/internal/testserver"
	"github.com/tidemarkdb/tidemark/kv/tikv"
	"github.com/tidemarkdb/tidemark/session"
)

// envNode makes this test program a node: the prefix of its keys. The placement
// drivers are in envNodePDs, the error of its clock in envNodeClock, by which
// ways it reaches servers (JSON) in envNodeRoutes. It packs nothing with envNodeIdle.
const (
	envNode       = "TIDEMARK_TEST_NODE"
	envNodePDs    = "TIDEMARK_TEST_NODE_PDS"
	envNodeClock  = "TIDEMARK_TEST_NODE_CLOCK"
	envNodeRoutes = "TIDEMARK_TEST_NODE_ROUTES"
	envNodeIdle   = "TIDEMARK_TEST_NODE_IDLE"
)

// nodeProcess is a node in a process of its own, which can be killed.
type nodeProcess struct {
	url string
	cmd *osexec.Cmd
}

// startNodeProcess starts a node over the key space of the test's other nodes.
// Its clock is wrong by an amount.
func startNodeProcess(t *testing.T, clock time.Duration) *nodeProcess {
	t.Helper()
	return startLinkedProcess(t, clock, nil)
}

// startIdleProcess starts one that packs nothing for an hour.
func startIdleProcess(t *testing.T) *nodeProcess {
	t.Helper()
	return startProcess(t, 0, nil, envNodeIdle+"=on")
}

// startLinkedProcess starts one that has a link of its own to the cluster.
func startLinkedProcess(t *testing.T, clock time.Duration, link *testcluster.Link) *nodeProcess {
	t.Helper()
	return startProcess(t, clock, link)
}

func startProcess(t *testing.T, clock time.Duration, link *testcluster.Link, env ...string) *nodeProcess {
	t.Helper()
	routes := []byte("{}")
	if link != nil {
		var err error
		routes, err = json.Marshal(link.Routes())
		check(t, err)
	}
	cmd := osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envNode+"="+prefixOf(t), envNodePDs+"="+strings.Join(testcluster.PDs(t), ","), envNodeClock+"="+clock.String(),
		envNodeRoutes+"="+string(routes))
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	_, err := cmd.StdinPipe() // it ends with this process
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	p := &nodeProcess{cmd: cmd}
	t.Cleanup(p.kill)
	lines := bufio.NewScanner(out)
	boundedWait(t, "start of a node", func() { lines.Scan() })
	if p.url = lines.Text(); p.url == "" {
		t.Fatal("the node did not start")
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // until it ends
	return p
}

// kill ends the node at once.
func (p *nodeProcess) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	_ = p.cmd.Wait()
}

// freeze has the node stand still; thaw lets it go on.
func (p *nodeProcess) freeze(t *testing.T) {
	t.Helper()
	check(t, p.cmd.Process.Signal(syscall.SIGSTOP))
}

func (p *nodeProcess) thaw(t *testing.T) {
	t.Helper()
	check(t, p.cmd.Process.Signal(syscall.SIGCONT))
}

// runNode is the node's side. It does not return.
func runNode(prefix string) {
	fail := func(err error) {
		if err != nil {
			slog.Error("the node cannot start", "error", err)
			os.Exit(1)
		}
	}
	off, err := time.ParseDuration(os.Getenv(envNodeClock))
	fail(err)
	var routes map[string]string
	fail(json.Unmarshal([]byte(os.Getenv(envNodeRoutes)), &routes))
	store, err := tikv.Open(ctx, tikv.Config{
		PDs: strings.Split(os.Getenv(envNodePDs), ","), Prefix: prefix, Logger: slog.New(slog.DiscardHandler),
		Route: func(address string) string { return cmp.Or(routes[address], address) },
	})
	fail(err)
	series := packOften
	if os.Getenv(envNodeIdle) != "" {
		series = packNever
	}
	server, err := testserver.StartConfigured(store, session.Config{Series: series, Clock: func() time.Time { return time.Now().Add(off) }})
	fail(err)
	_, err = os.Stdout.WriteString(server.URL + "\n")
	fail(err)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the other side ends
	os.Exit(0)
}
