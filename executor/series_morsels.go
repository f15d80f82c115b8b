package executor

import (
	"context"
	"io"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/tsengine"
)

// seriesMorselRows is how many points a morsel has.
const seriesMorselRows = 8 * BatchRows

// splitSeries cuts what the scan of a time-series table reads into morsels:
// ranges of series of one partition. The consumer finds the series and bounds;
// workers only read.
func (r *run) splitSeries(ctx context.Context, n *plan.SeriesScan) ([]tsengine.ScanSpec, error) {
	op, err := r.newSeriesScan(n)
	if err != nil {
		return nil, err
	}
	s := op.(*seriesScan)
	defer s.Close()
	s.opened = true
	spec, err := s.spec(ctx)
	if err != nil || spec == nil {
		return nil, storedError(err)
	}
	if r.series == nil {
		r.series = map[*plan.SeriesScan]*tsengine.ScanSpec{}
	}
	r.series[n] = spec
	rows := seriesMorselRows
	if r.env.MorselBytes > 0 {
		rows = int(r.env.MorselBytes / 64)
	}
	out, err := spec.Pieces(ctx, s.env.reader(), rows)
	return out, storedError(err)
}

// nextMorsel implements sharedLeaf.
func (s *seriesScan) nextMorsel() (ok bool, err error) {
	i, ok := s.shared.morsels.take(s.shared.worker)
	if !ok {
		return false, nil
	}
	s.opened, s.tagsLeft = true, s.shared.morsels.series[i].TagsLeft
	s.scanner = tsengine.NewScanner(s.env.Alloc, s.env.reader(), s.shared.morsels.series[i], &s.figures)
	return true, nil
}

// advanceShared is advance of a scan that workers share.
func (s *seriesScan) advanceShared(ctx context.Context) (rows int, err error) {
	for {
		if s.scanner == nil {
			if s.shared.single {
				return 0, io.EOF
			}
			ok, err := s.nextMorsel()
			if err != nil {
				return 0, err
			}
			if !ok {
				return 0, io.EOF
			}
		}
		rows, err := s.advanceScanner(ctx)
		if err != io.EOF { //nolint:errorlint // the contract says io.EOF itself
			return rows, err
		}
		s.scanner.Close()
		s.scanner = nil
	}
}
