// Command testcluster starts a test cluster for people, and ends it.
//
//	testcluster up DIR     build, start, print the address of the placement driver
//	testcluster down DIR   end the processes and remove DIR
//	testcluster build      only build
//	testcluster spread LISTEN ADDRESS...   pass connections on to addresses, by chance
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tidemarkdb/tidemark/internal/testcluster"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "testcluster:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "build":
		_, err := testcluster.Build(context.Background())
		return err
	case len(args) == 2 && args[0] == "up":
		return up(args[1])
	case len(args) == 2 && args[0] == "down":
		return down(args[1])
	case len(args) > 2 && args[0] == "spread":
		l, err := net.Listen("tcp", args[1])
		if err != nil {
			return err
		}
		return testcluster.Spread(l, args[2:])
	}
	return fmt.Errorf("usage: testcluster build | up DIR | down DIR | spread LISTEN ADDRESS [ADDRESS]")
}

// state is what is kept in the cluster's directory.
type state struct {
	PD   string
	Pids []int
}

func stateFile(dir string) string { return filepath.Join(dir, "cluster.json") }

func up(dir string) error {
	if _, err := os.Stat(stateFile(dir)); err == nil {
		return fmt.Errorf("a cluster was started in %s already", dir)
	}
	ctx := context.Background()
	b, err := testcluster.Build(ctx)
	if err != nil {
		return err
	}
	c, err := testcluster.Start(ctx, b, testcluster.Options{Dir: dir, Detached: true})
	if err != nil {
		return err
	}
	data, err := json.Marshal(state{PD: c.PD(), Pids: c.Pids()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(stateFile(dir), data, 0o644); err != nil {
		return err
	}
	fmt.Printf("the cluster runs: tidemark start --store tikv://%s\n", c.PD())
	return nil
}

func down(dir string) error {
	data, err := os.ReadFile(stateFile(dir))
	if err != nil {
		return err
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	for _, pid := range s.Pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			return err
		}
	}
	return os.RemoveAll(dir)
}
