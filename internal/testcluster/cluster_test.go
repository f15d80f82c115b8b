package testcluster

import (
	"context"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	StopShared()
	os.Exit(code)
}

// TestCluster starts a cluster and puts it through every fault once.
func TestCluster(t *testing.T) {
	c := Shared(t)
	ctx := context.Background()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	regions, err := c.Regions(ctx)
	ok(err)
	for i := range c.Stores() {
		ok(c.TransferLeader(ctx, regions[0].ID, i))
	}
	ok(c.Freeze(0))
	ok(c.Thaw(0))
	c.Cut(1)
	c.Heal(1)
	c.Kill(2)
	ok(c.Restart(2))
	c.KillPD()
	ok(c.RestartPD(ctx))
	ok(c.WaitReplicated(ctx))
	if n := len(c.Pids()); n != 1+c.Stores() {
		t.Errorf("%d processes", n)
	}
}
