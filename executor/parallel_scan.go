package executor

import (
	"context"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
)

// sharedScan is a worker's part in a scan that workers share.
type sharedScan struct {
	morsels *morsels
	worker  int
	leaf    sharedLeaf // the worker's scan, once built
	// single: the scan ends after each morsel and goes on after nextMorsel.
	single bool
}

// sharedLeaf is a scan that workers share.
type sharedLeaf interface {
	// nextMorsel moves to the next morsel; ok is false if there is none.
	nextMorsel() (ok bool, err error)
}

// nextMorsel moves a shared scan to its next morsel.
func (s *scan) nextMorsel() (ok bool, err error) {
	i, ok := s.shared.morsels.take(s.shared.worker)
	if !ok {
		return false, nil
	}
	return true, s.openSpans(s.shared.morsels.spans[i : i+1])
}

// nextShared is Next of a scan that workers share.
func (s *scan) nextShared(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if s.scanner == nil {
			if s.shared.single {
				return nil, io.EOF
			}
			ok, err := s.nextMorsel()
			if err != nil {
				return nil, err
			}
			if !ok {
				return nil, io.EOF
			}
		}
		batch, err := s.nextOfScanner(ctx)
		if err != io.EOF { //nolint:errorlint // the contract says io.EOF itself
			return batch, err
		}
		s.scanner.Close()
		s.scanner = nil
	}
}
