package executor

import (
	"sync"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/rowstore"
)

// maxLayouts bounds the prepared layouts that are kept.
const maxLayouts = 4096

// layouts keeps prepared layouts by descriptor: descriptors are immutable and
// shared by sessions, so their address stands for their version. When it is
// full it starts anew.
var layouts struct {
	sync.RWMutex
	byTable map[*catalog.Table]*rowstore.Layout
}

// layoutOf is the prepared layout of a table of a snapshot.
func layoutOf(t *catalog.Table) *rowstore.Layout {
	layouts.RLock()
	l := layouts.byTable[t]
	layouts.RUnlock()
	if l != nil {
		return l
	}
	l = rowstore.NewLayout(t)
	layouts.Lock()
	defer layouts.Unlock()
	if layouts.byTable == nil || len(layouts.byTable) >= maxLayouts {
		layouts.byTable = map[*catalog.Table]*rowstore.Layout{}
	}
	layouts.byTable[t] = l
	return l
}

// layout is layoutOf, but for DDL: the descriptors that it works on are not in
// a snapshot yet and may still change, so their layouts are not kept.
func (r *run) layout(t *catalog.Table) *rowstore.Layout {
	if r.ddl {
		return rowstore.NewLayout(t)
	}
	return layoutOf(t)
}

// newDDLRun is newRun for backfills, rewrites and checks.
func newDDLRun(env *Env) *run {
	r := newRun(env)
	r.ddl = true
	return r
}
