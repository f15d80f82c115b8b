package tikv

import (
	"context"
	"strconv"
	"strings"

	"github.com/pingcap/kvproto/pkg/metapb"

	"github.com/tikv/client-go/v2/tikv"
)

// fastCommitSince is the first version of TiKV with async commit and 1PC.
// Servers before it may accept the request and let a reader see half a commit:
// they keep no lock in memory while they choose the commit timestamp.
const fastCommitSince = 5

// supportsFastCommit reports whether all stores of the cluster know async commit
// and 1PC.
func supportsFastCommit(ctx context.Context, client *tikv.KVStore) (bool, error) {
	stores, err := client.GetPDClient().GetAllStores(ctx)
	if err != nil {
		return false, err
	}
	for _, s := range stores {
		if s.GetState() != metapb.StoreState_Tombstone && majorVersion(s.GetVersion()) < fastCommitSince {
			return false, nil
		}
	}
	return true, nil
}

// majorVersion reads the first number of "v8.5.1" or "8.5.1-nightly", 0 if there is none.
func majorVersion(v string) int {
	first, _, _ := strings.Cut(strings.TrimPrefix(v, "v"), ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}
