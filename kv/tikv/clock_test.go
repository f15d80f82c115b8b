package tikv

import (
	"context"
	"sync"
	"time"

	"github.com/tikv/client-go/v2/oracle"
)

// clockOracle gives timestamps by a test's clock in place of PD's.
type clockOracle struct {
	oracle.Oracle
	clock func() time.Time
	state *clockState
}

// clockState outlives a store that is opened again.
type clockState struct {
	mu   sync.Mutex
	last uint64
}

func (o clockOracle) now() uint64 {
	o.state.mu.Lock()
	defer o.state.mu.Unlock()
	o.state.last = max(o.state.last+1, oracle.ComposeTS(o.clock().UnixMilli(), 0))
	return o.state.last
}

func (o clockOracle) GetTimestamp(context.Context, *oracle.Option) (uint64, error) {
	return o.now(), nil
}

func (o clockOracle) GetTimestampAsync(context.Context, *oracle.Option) oracle.Future {
	return fixedFuture(o.now())
}

func (o clockOracle) GetLowResolutionTimestamp(context.Context, *oracle.Option) (uint64, error) {
	return o.now(), nil
}

func (o clockOracle) GetLowResolutionTimestampAsync(context.Context, *oracle.Option) oracle.Future {
	return fixedFuture(o.now())
}

func (o clockOracle) UntilExpired(lock, ttl uint64, _ *oracle.Option) int64 {
	return oracle.ExtractPhysical(lock) + int64(ttl) - oracle.ExtractPhysical(o.now())
}

func (o clockOracle) IsExpired(lock, ttl uint64, opt *oracle.Option) bool {
	return o.UntilExpired(lock, ttl, opt) <= 0
}

func (o clockOracle) ValidateReadTS(context.Context, uint64, bool, *oracle.Option) error { return nil }

type fixedFuture uint64

func (f fixedFuture) Wait() (uint64, error) { return uint64(f), nil }
