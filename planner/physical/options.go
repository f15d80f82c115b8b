package physical

import (
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/hints"
	"github.com/tidemarkdb/tidemark/planner/logical"
	"github.com/tidemarkdb/tidemark/planner/plan"
)

// Methods is a set of the ways to run a part of a plan.
type Methods uint32

// The methods, each with the setting enable_NAME that switches it off.
const (
	HashJoin Methods = 1 << iota
	MergeJoin
	NestLoop
	LookupJoin
	SeqScan
	IndexScan
	IndexOnlyScan
	BitmapScan
	HashAgg
	Sort
	IncrementalSort
	Material
	Memoize
)

// MethodSetting is a setting that switches a method.
type MethodSetting struct {
	Name   string
	Method Methods
	Doc    string
}

// MethodSettings are the enable_... settings.
var MethodSettings = []MethodSetting{
	{"enable_bitmapscan", BitmapScan, "Enables the planner's use of unions of indexes."},
	{"enable_hashagg", HashAgg, "Enables the planner's use of hashed aggregation plans."},
	{"enable_hashjoin", HashJoin, "Enables the planner's use of hash join plans."},
	{"enable_incremental_sort", IncrementalSort, "Enables the planner's use of incremental sort steps."},
	{"enable_indexonlyscan", IndexOnlyScan, "Enables the planner's use of index-only-scan plans."},
	{"enable_indexscan", IndexScan, "Enables the planner's use of index-scan plans."},
	{"enable_lookupjoin", LookupJoin, "Enables the planner's use of joins that fetch rows by key."},
	{"enable_material", Material, "Enables the planner's use of materialization."},
	{"enable_memoize", Memoize, "Enables the planner's use of memoization."},
	{"enable_mergejoin", MergeJoin, "Enables the planner's use of merge join plans."},
	{"enable_nestloop", NestLoop, "Enables the planner's use of nested-loop join plans."},
	{"enable_seqscan", SeqScan, "Enables the planner's use of sequential-scan plans."},
	{"enable_sort", Sort, "Enables the planner's use of explicit sort steps."},
}

// Method is the method that a setting switches, 0 if it switches none.
func Method(setting string) Methods {
	for i := range MethodSettings {
		if MethodSettings[i].Name == setting {
			return MethodSettings[i].Method
		}
	}
	return 0
}

// Options are the wishes that the choice of a plan follows: the session's
// enable_... settings and the statement's hints. A method that is disabled is
// taken all the same when there is no other (PostgreSQL's disable_cost).
type Options struct {
	Disabled Methods
	Hints    *hints.Set
	// Rows, if set, estimates a table's rows from its statistics, nil for none.
	Rows func(t *catalog.Table, stats *catalog.TableStats) float64
	// CacheBytes is how large the column cache is that scans of rows go through.
	CacheBytes float64
	// StoreCacheBytes is how large the cache of the store's blocks is, 0 if that is not known.
	StoreCacheBytes float64
	// HashBytes is how large a hash table may be in memory, 0 for any size.
	HashBytes float64
	// JoinLimit is how many inputs of joins are ordered together, 0 for MaxJoinLimit.
	JoinLimit int
	// Parallel: long scans may have workers.
	Parallel bool
}

// disableCost is added to the cost of what a setting or a hint forbids.
const disableCost = 1e10

// off reports whether a setting forbids a method.
func (o *Options) off(m Methods) bool { return o.Disabled&m != 0 }

// penalty is what a disabled method costs.
func (o *Options) penalty(m Methods) float64 {
	if o.Disabled&m != 0 {
		return disableCost
	}
	return 0
}

// steered reports whether anything of the choice among paths is forced.
func (o *Options) steered() bool { return o.Hints != nil || o.off(SeqScan|IndexScan|IndexOnlyScan) }

// joinHints are the hints on a join with these inputs, each named if it is a
// single relation.
func (o *Options) joinHints(left, right string) (want, forbid hints.Method) {
	if o.Hints == nil {
		return 0, 0
	}
	for _, alias := range []string{left, right} {
		if alias == "" {
			continue
		}
		if t := o.Hints.Table(alias); t != nil {
			want |= t.Want
			forbid |= t.Forbid
		}
	}
	return want, forbid
}

var hintMethods = []struct {
	hint   hints.Method
	method Methods
	name   string
}{
	{hints.HashJoin, HashJoin, "HASH_JOIN"}, {hints.MergeJoin, MergeJoin, "MERGE_JOIN"}, {hints.LookupJoin, LookupJoin, "INL_JOIN"},
}

// joinPenalty is what settings and hints add to the cost of a join by method m
// of two inputs, named if they are single relations.
func (o *Options) joinPenalty(m Methods, left, right string) float64 {
	p := o.penalty(m)
	if m == LookupJoin {
		p = max(p, o.penalty(NestLoop))
	}
	want, forbid := o.joinHints(left, right)
	if want|forbid == 0 {
		return p
	}
	var h hints.Method
	for _, x := range hintMethods {
		if x.method == m {
			h = x.hint
		}
	}
	if h != 0 && want&h != 0 {
		return 0 // a hint beats the setting
	}
	if forbid&h != 0 || want != 0 {
		p += disableCost
	}
	return p
}

// followed notes which hints the chosen join fulfils.
func (o *Options) followed(m Methods, left, right string) {
	if o.Hints == nil {
		return
	}
	for _, alias := range []string{left, right} {
		t := o.Hints.Table(alias)
		if t == nil {
			continue
		}
		for _, x := range hintMethods {
			if x.method == m {
				t.Follow(x.name)
			}
		}
	}
}

// aliasOf names the single relation below a node, "" if it is more than that.
func aliasOf(n logical.Node) string {
	switch n := n.(type) {
	case *logical.Scan:
		return n.Alias
	case *logical.FunctionScan:
		return n.Alias
	case *logical.CTERef:
		return n.Alias
	case *logical.Filter:
		return aliasOf(n.Input)
	case *logical.Project:
		return aliasOf(n.Input)
	case *logical.Aggregate:
		return aliasOf(n.Input)
	case *logical.Distinct:
		return aliasOf(n.Input)
	}
	return ""
}

// aliasOfPlan is aliasOf of a plan.
func aliasOfPlan(n plan.Node) string {
	switch n := n.(type) {
	case *plan.Scan:
		return n.Alias
	case *plan.IndexUnion:
		return n.Alias
	case *plan.VirtualScan:
		return n.Alias
	case *plan.FunctionScan:
		return n.Alias
	case *plan.CTERef:
		return n.Alias
	}
	if in := n.Inputs(); len(in) == 1 {
		return aliasOfPlan(in[0])
	}
	return ""
}

// indexPenalty is what settings and hints add to the cost of reading a table
// by an index; index nil is the table from its start to its end.
func (o *Options) indexPenalty(alias string, index *catalog.Index, ranged, covering bool) float64 {
	p := 0.0
	switch {
	case index == nil && !ranged:
		p = o.penalty(SeqScan)
	case covering && index != nil:
		p = max(o.penalty(IndexOnlyScan), o.penalty(IndexScan))
	default:
		p = o.penalty(IndexScan)
	}
	t := o.Hints.Table(alias)
	if t == nil {
		return p
	}
	name := "primary"
	if index != nil {
		name = strings.ToLower(index.Name)
	} else if !ranged {
		name = ""
	}
	for _, x := range t.Ignore {
		if x == name || index != nil && index.Primary && x == "primary" {
			return p + disableCost
		}
	}
	if !t.UseSet {
		if t.Merge {
			p += disableCost
		}
		return p
	}
	for _, x := range t.Use {
		if x == name || index != nil && index.Primary && x == "primary" {
			return 0
		}
	}
	if t.UseSet && len(t.Use) == 0 && name == "" {
		return 0
	}
	return p + disableCost
}

// unionPenalty is what settings and hints add to the cost of reading a part of a
// union of indexes of a table by one of them.
func (o *Options) unionPenalty(alias string, index *catalog.Index) float64 {
	p := o.penalty(BitmapScan)
	t := o.Hints.Table(alias)
	if t == nil {
		return p
	}
	named := func(list []string) bool {
		return slices.Contains(list, strings.ToLower(index.Name)) || index.Primary && slices.Contains(list, "primary")
	}
	switch {
	case named(t.Ignore), !t.Merge && t.UseSet, len(t.Use) > 0 && !named(t.Use):
		return p + disableCost
	case t.Merge:
		return 0
	}
	return p
}

// followedUnion notes that a table is read by a union of indexes.
func (o *Options) followedUnion(alias string) {
	if t := o.Hints.Table(alias); t != nil {
		t.Follow("USE_INDEX_MERGE")
	}
}

// aggregation reports whether grouping is to be done by hashing or by sorting
// in any case; neither leaves the choice open.
func (o *Options) aggregation() (hash, sorted bool) {
	switch h := o.Hints; {
	case h != nil && h.StreamAgg:
		return false, true
	case h != nil && h.HashAgg:
		return true, false
	}
	return false, o.off(HashAgg) && !o.off(Sort)
}

// checkIndexes gives notices for index hints that name no index of the table.
func (o *Options) checkIndexes(t *catalog.Table, alias string) {
	h := o.Hints.Table(alias)
	if h == nil {
		return
	}
	for _, name := range append(append([]string(nil), h.Use...), h.Ignore...) {
		found := name == "primary"
		for i := range t.Indexes {
			found = found || strings.EqualFold(t.Indexes[i].Name, name)
		}
		if !found {
			o.Hints.Notice("index %q of a hint does not exist on %q", name, alias)
			h.Follow("USE_INDEX") // this notice is enough
		}
	}
}

// Estimate guesses the rows of a tree that is being rewritten.
func (b *Builder) Estimate(n logical.Node) float64 { return b.estimate(n) }
