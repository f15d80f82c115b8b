package testcluster

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
)

// Where tests find a cluster:
//
//	TIDEMARK_TEST_PD=a:2379,b:2379  one that runs already, such as a real TiKV
//	TIDEMARK_TEST_CLUSTER=1         one of their own, built and started by the first that asks
//
// With neither they are skipped.
const (
	envPD      = "TIDEMARK_TEST_PD"
	envCluster = "TIDEMARK_TEST_CLUSTER"
)

var shared struct {
	sync.Mutex
	cluster *Cluster
	err     error
}

// PDs returns the addresses of the placement drivers of a cluster that the
// tests of this process share.
func PDs(t testing.TB) []string {
	t.Helper()
	if pds := os.Getenv(envPD); pds != "" {
		return strings.Split(pds, ",")
	}
	return []string{Shared(t).PD()}
}

// Shared returns the cluster that the tests of this process share, started by
// the first call. Tests that harm it leave it whole. With TIDEMARK_TEST_PD it
// skips: somebody else's cluster is not harmed.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	if os.Getenv(envPD) != "" {
		t.Skip("needs a cluster of its own, not " + envPD)
	}
	if os.Getenv(envCluster) == "" {
		t.Skip("needs a cluster: set " + envCluster + "=1 or " + envPD)
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil && shared.err == nil {
		shared.cluster, shared.err = startShared()
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.cluster
}

func startShared() (*Cluster, error) {
	ctx := context.Background()
	b, err := Build(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tidemark-cluster-")
	if err != nil {
		return nil, err
	}
	return Start(ctx, b, Options{Dir: dir, Proxies: true})
}

// StopShared ends the shared cluster and removes its files; TestMain calls it.
func StopShared() {
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster != nil {
		shared.cluster.Stop()
		_ = os.RemoveAll(shared.cluster.opts.Dir)
		shared.cluster = nil
	}
}
