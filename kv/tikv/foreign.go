package tikv

import (
	"context"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// foreignSpan is where a TiDB has its catalog: its names begin with a capital,
// where the keys of ours go on with a small letter.
var foreignSpan = kv.Span{Start: kv.Key("mA"), End: kv.Key("m[")}

// checkForeign refuses a cluster that a TiDB uses: each would destroy what the
// other has.
func (s *Store) checkForeign(ctx context.Context) error {
	if len(s.keys.data) > 0 {
		return nil
	}
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	snapshot := s.client.GetSnapshot(uint64(now))
	snapshot.SetKeyOnly(true)
	it, err := snapshot.Iter(foreignSpan.Start, foreignSpan.End)
	if err != nil {
		return s.translate(ctx, err)
	}
	defer it.Close()
	if !it.Valid() {
		return nil
	}
	return pgerror.New(pgerror.ObjectNotInPrerequisiteState, "the cluster is in use by a TiDB").
		WithDetail("It has the key %q, which is not one of Tidemark's.", it.Key()).
		WithHint("Give Tidemark a cluster of its own.")
}
