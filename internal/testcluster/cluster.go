// Package testcluster runs a TiKV-protocol cluster of several processes for
// tests: a Placement Driver and raft-replicated stores (github.com/ngaut/unistore),
// with the faults that tests want.
//
// It is not TiKV: DeleteRange does nothing, there is no TLS, no API v2, no
// automatic split, and the coprocessor is of 2021. docs/tikv.md says what was
// tested where.
package testcluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Options say what cluster to start.
type Options struct {
	Dir    string // made if missing
	Stores int    // default 3
	// Proxies puts a proxy before each store, so that Cut and Delay work.
	Proxies bool
	// Secure, if not nil, has PD tell clients of an address with TLS as well, which
	// is that of links with TLS. The servers themselves have none.
	Secure *tls.Config
	// Detached leaves the processes running when this one ends.
	Detached bool
}

// Cluster is a running cluster. Its methods are for one goroutine at a time.
type Cluster struct {
	opts   Options
	pdAddr string
	secure string // PD's address with TLS
	pd     *process
	stores []*store
}

type store struct {
	addr  string // by which it is known
	proc  *process
	proxy *proxy
}

// pdConfig makes repair quick, and lets a store be down for as long as a test
// wants without its data being moved.
const pdConfig = `lease = 3
[schedule]
patrol-region-interval = "10ms"
max-store-down-time = "30m"
[replication]
max-replicas = 3
[keyspace]
wait-region-split = false
`

// Start starts a cluster and waits until every region has a replica on three
// stores.
func Start(ctx context.Context, b Binaries, opts Options) (*Cluster, error) {
	if opts.Stores == 0 {
		opts.Stores = 3
	}
	c := &Cluster{opts: opts}
	if err := c.start(ctx, b); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, b Binaries) error {
	if err := os.MkdirAll(c.opts.Dir, 0o755); err != nil {
		return err
	}
	addrs, err := freeAddresses(3 + 2*c.opts.Stores)
	if err != nil {
		return err
	}
	if c.opts.Secure != nil {
		c.secure = addrs[2]
	}
	if err := c.startPD(ctx, b, addrs[0], addrs[1]); err != nil {
		return err
	}
	for i := range c.opts.Stores {
		if err := c.addStore(b, i, addrs[3+2*i], addrs[4+2*i]); err != nil {
			return err
		}
	}
	return c.WaitReplicated(ctx)
}

func (c *Cluster) startPD(ctx context.Context, b Binaries, client, peer string) error {
	config := filepath.Join(c.opts.Dir, "pd.toml")
	if err := os.WriteFile(config, []byte(pdConfig), 0o644); err != nil {
		return err
	}
	c.pdAddr = client
	advertised := "http://" + client // the stores take the first
	if c.secure != "" {
		advertised += ",https://" + c.secure
	}
	c.pd = c.process(b.PD, "pd",
		"--config="+config, "--name=pd1", "--data-dir="+filepath.Join(c.opts.Dir, "pd"),
		"--client-urls=http://"+client, "--advertise-client-urls="+advertised, "--peer-urls=http://"+peer, "--initial-cluster=pd1=http://"+peer,
		"--log-file="+filepath.Join(c.opts.Dir, "pd.log"))
	if err := c.pd.start(); err != nil {
		return err
	}
	return c.waitPD(ctx)
}

func (c *Cluster) waitPD(ctx context.Context) error {
	return poll(ctx, "PD to be healthy", func() error {
		var members []struct {
			Health bool `json:"health"`
		}
		if err := c.call(ctx, http.MethodGet, "health", nil, &members); err != nil {
			return err
		}
		if len(members) == 0 || !members[0].Health {
			return errors.New("not healthy")
		}
		return nil
	})
}

func (c *Cluster) addStore(b Binaries, i int, addr, behind string) error {
	s := &store{addr: addr}
	name := fmt.Sprintf("store%d", i)
	args := []string{
		"-pd=" + c.pdAddr, "-addr=" + addr,
		"-data-dir=" + filepath.Join(c.opts.Dir, name), "-log-file=" + filepath.Join(c.opts.Dir, name+".log"),
	}
	if c.opts.Proxies {
		p, err := newProxy(addr, behind)
		if err != nil {
			return err
		}
		s.proxy = p
		args = append(args, "-listen="+behind)
	}
	s.proc = c.process(b.Store, name, args...)
	c.stores = append(c.stores, s)
	return s.proc.start()
}

func (c *Cluster) process(path, name string, args ...string) *process {
	return &process{path: path, args: args, output: filepath.Join(c.opts.Dir, name+".out"), detached: c.opts.Detached}
}

// PD returns the address of the placement driver.
func (c *Cluster) PD() string { return c.pdAddr }

// Stores returns how many stores there are.
func (c *Cluster) Stores() int { return len(c.stores) }

// Kill ends store i at once, as a power cut of its machine would for others.
func (c *Cluster) Kill(i int) { c.stores[i].proc.end(syscall.SIGKILL) }

// Restart starts store i again with its data.
func (c *Cluster) Restart(i int) error { return c.stores[i].proc.start() }

// Freeze stops store i in its tracks; Thaw lets it go on.
func (c *Cluster) Freeze(i int) error { return c.stores[i].proc.signal(syscall.SIGSTOP) }

// Thaw undoes Freeze.
func (c *Cluster) Thaw(i int) error { return c.stores[i].proc.signal(syscall.SIGCONT) }

// Cut cuts store i off from everybody; Heal undoes it.
func (c *Cluster) Cut(i int) { c.stores[i].proxy.cut() }

// Heal undoes Cut.
func (c *Cluster) Heal(i int) { c.stores[i].proxy.heal() }

// Delay makes all that store i is sent, and all it answers, arrive d later.
func (c *Cluster) Delay(i int, d time.Duration) { c.stores[i].proxy.setDelay(d) }

// KillPD ends the placement driver at once.
func (c *Cluster) KillPD() { c.pd.end(syscall.SIGKILL) }

// RestartPD starts it again and waits until it is healthy.
func (c *Cluster) RestartPD(ctx context.Context) error {
	if err := c.pd.start(); err != nil {
		return err
	}
	if err := c.waitPD(ctx); err != nil {
		return err
	}
	return poll(ctx, "PD to forget its keyspaces", func() error { return c.forgetKeyspaces(ctx) })
}

// Pids returns the process ids of all that run.
func (c *Cluster) Pids() []int {
	var out []int
	for _, p := range c.processes() {
		if pid := p.pid(); pid != 0 {
			out = append(out, pid)
		}
	}
	return out
}

func (c *Cluster) processes() []*process {
	out := []*process{}
	for _, s := range c.stores {
		if s.proc != nil {
			out = append(out, s.proc)
		}
	}
	if c.pd != nil {
		out = append(out, c.pd)
	}
	return out
}

// Stop ends all processes. Their files stay.
func (c *Cluster) Stop() {
	for _, p := range c.processes() {
		p.end(syscall.SIGKILL)
	}
	for _, s := range c.stores {
		if s.proxy != nil {
			s.proxy.close()
		}
	}
}

// patience bounds what a cluster may take to come up or back.
const patience = 4 * time.Minute

func poll(ctx context.Context, what string, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, err)
		case <-tick.C:
		}
	}
}
