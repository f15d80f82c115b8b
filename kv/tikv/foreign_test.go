package tikv

import (
	"testing"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// TestForeign: a cluster with a catalog of TiDB is refused, and one with ours is not.
func TestForeign(t *testing.T) {
	client := newMock(t)
	put := func(key string) {
		t.Helper()
		txn, err := client(t).Begin()
		if err != nil {
			t.Fatal(err)
		}
		if err := txn.Set([]byte(key), []byte("1")); err != nil {
			t.Fatal(err)
		}
		if err := txn.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	open := func() error {
		t.Helper()
		s, err := newStore(ctx, client(t), Config{Logger: quiet, GCInterval: -1}.withDefaults(), false)
		if err == nil {
			err = s.Close()
		}
		return err
	}
	put("mv")
	if err := open(); err != nil {
		t.Errorf("a cluster of Tidemark: %v", err)
	}
	put("mBootstra\xffpKey\x00\x00\x00\x00\xfb\x00\x00\x00\x00\x00\x00\x00s")
	if err := open(); pgerror.CodeOf(err) != pgerror.ObjectNotInPrerequisiteState {
		t.Errorf("a cluster of TiDB: %v", err)
	}
}
