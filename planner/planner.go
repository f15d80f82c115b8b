// Package planner turns a syntax tree into a physical plan: binder resolves
// names and types and makes all user errors, rules rewrite the bound tree, and
// physical chooses access paths and algorithms.
//
//	ast.Statement -> binder -> logical tree -> rules -> logical tree -> physical -> plan.Query
package planner

import (
	"context"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/binder"
	"github.com/tidemarkdb/tidemark/planner/hints"
	"github.com/tidemarkdb/tidemark/planner/physical"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/planner/rules"
	"github.com/tidemarkdb/tidemark/sql/ast"
)

// Options are what a statement's plan depends on besides its tree.
type Options struct {
	binder.Options
	// Parallel says how a statement that only reads may run in workers.
	Parallel physical.Parallel
	// PushDown says what of a statement that only reads the stores may run.
	PushDown physical.PushDown
	// Text is the statement's own text, for the hints in its comments.
	Text string
	// Disabled are the methods that the enable_... settings switch off.
	Disabled physical.Methods
	// Rows, if set, estimates a table's rows from its statistics, nil for none.
	Rows func(t *catalog.Table, stats *catalog.TableStats) float64
	// CacheBytes is how large the column cache is, 0 for none.
	CacheBytes float64
	// StoreCacheBytes is how large the cache of the store's blocks is, 0 if that is not known.
	StoreCacheBytes float64
	// HashBytes is how large a hash table may be in memory, 0 for any size.
	HashBytes float64
	// JoinLimit is how many inputs of joins are put in order together, 0 for as many as can be.
	JoinLimit int
	// Fired, if set, is told the name of each rewrite rule that fires.
	Fired func(rule string)
}

// Plan plans a SELECT, VALUES, INSERT, UPDATE or DELETE. The plan is read-only
// and does not refer to the tree.
func Plan(ctx context.Context, stmt ast.Statement, opts Options) (*plan.Query, error) {
	res, b, err := binder.Bind(ctx, stmt, &opts.Options)
	if err != nil {
		return nil, err
	}
	set := hints.Parse(opts.Text)
	pb := physical.New(res.MD, opts.Catalog, 0, physicalOptions(set, &opts))
	rw := &rules.Rewriter{
		MD: res.MD, NoFold: opts.NoFold, IO: opts.IO, Fired: opts.Fired, Rows: pb.Estimate, NoUnnest: set != nil && set.NoDecorrelate,
	}
	res.Root = rw.Run(res.Root)
	q := &plan.Query{
		ParamTypes: res.ParamTypes, Tag: res.Tag, ReadOnly: res.ReadOnly, ReturnsRows: res.ReturnsRows,
		ChangesCatalog: res.ChangesCatalog, Calls: res.Calls, Routines: res.Routines, Cacheable: res.Cacheable, Writes: res.Writes, UsedLiterals: res.Used, NegatedLiterals: res.Negated,
	}
	q.Root = pb.Root(res.Root, res.Cols, res.Names)
	fk := &foreignKeys{cat: opts.Catalog, b: b, pb: pb}
	if err := fk.fill(q.Root); err != nil {
		return nil, err
	}
	if q.ReadOnly {
		q.Root = physical.Push(q.Root, opts.PushDown)
		q.Root = physical.Parallelize(q.Root, opts.Parallel)
	}
	if set != nil {
		physical.NoteFollowed(q.Root, set)
		q.MemoryQuota, q.MaxTime, q.Notices = set.MemoryQuota, set.MaxTime, set.Notices()
	}
	q.ExecSlots = pb.Slots
	q.Deps = b.Deps()
	if rw.Failed() {
		q.ConstantError, err = constantError(ctx, stmt, &opts)
	}
	return q, err
}

// constantError binds the statement once more, since the rules have changed the
// tree, and looks whether one of its constants makes it fail.
func constantError(ctx context.Context, stmt ast.Statement, opts *Options) (found, err error) {
	res, _, err := binder.Bind(ctx, stmt, &opts.Options)
	if err != nil {
		return nil, err
	}
	rw := &rules.Rewriter{MD: res.MD, IO: opts.IO}
	return rw.ConstantError(res.Root, res.Cols), nil
}

// physicalOptions joins the session's settings with those of SET_VAR hints.
func physicalOptions(set *hints.Set, opts *Options) physical.Options {
	out := physical.Options{Disabled: opts.Disabled, Hints: set, Rows: opts.Rows, CacheBytes: opts.CacheBytes, StoreCacheBytes: opts.StoreCacheBytes, HashBytes: opts.HashBytes, JoinLimit: opts.JoinLimit, Parallel: opts.Parallel.Workers > 0}
	if set == nil {
		return out
	}
	for _, v := range set.Settings {
		if v.Name == "max_parallel_workers_per_gather" {
			if n, err := strconv.Atoi(v.Value); err != nil || n < 0 || n > 1024 {
				set.Notice("SET_VAR(%s) requires a number from 0 to 1024", v.Name)
			} else {
				opts.Parallel.Workers = min(n, opts.Parallel.Most)
				out.Parallel = opts.Parallel.Workers > 0
			}
			continue
		}
		m := physical.Method(v.Name)
		if m == 0 {
			set.Notice("SET_VAR(%s) is not supported", v.Name)
			continue
		}
		switch strings.ToLower(v.Value) {
		case "on", "true", "1", "yes":
			out.Disabled &^= m
		case "off", "false", "0", "no":
			out.Disabled |= m
		default:
			set.Notice("SET_VAR(%s) requires a Boolean value", v.Name)
		}
	}
	return out
}
