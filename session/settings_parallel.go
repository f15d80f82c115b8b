package session

import (
	"math"
	"runtime"
	"strconv"

	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/planner/physical"
)

// parallelSettings say when statements run in workers, and in batches of what size.
func parallelSettings() []*setting {
	return []*setting{
		{
			name: "batch_size", kind: settingInt, def: strconv.Itoa(executor.BatchRows), min: 1, max: 1 << 16, category: "Resource Usage / Memory",
			doc: "Sets how many rows the operators of a statement hand on at a time.", apply: func(s *Session, v string) error {
				s.settings.batchRows, _ = strconv.Atoi(v)
				return nil
			},
		},
		{
			name: "enable_dictionaries", kind: settingBool, def: "on", category: "Query Tuning / Planner Method Configuration",
			doc: "Enables operators to work on the codes of strings that the column cache keeps by dictionaries.", apply: func(s *Session, v string) error {
				s.settings.plainStrings = v == "off"
				return nil
			},
		},
		{
			name: "max_parallel_workers", kind: settingInt, internal: true,
			doc:     "Shows the maximum number of parallel workers of all sessions together: one for each processor.",
			compute: func(*Session) string { return strconv.Itoa(maxWorkers()) },
		},
		{
			name: "max_parallel_workers_per_gather", kind: settingInt, def: "8", max: 1024, category: "Resource Usage / Asynchronous Behavior",
			doc: "Sets the maximum number of parallel processes per executor node.", apply: func(s *Session, v string) error {
				s.settings.workersPerGather, _ = strconv.Atoi(v)
				s.planEnv = 0
				return nil
			},
		},
		{
			name: "parallel_setup_cost", kind: settingReal, def: strconv.Itoa(physical.ParallelSetupCost), max: math.MaxInt64, category: "Query Tuning / Planner Cost Constants",
			doc: "Sets the planner's estimate of the cost of starting up workers; a plan that would cost more with workers has none.", apply: func(s *Session, v string) error {
				s.settings.parallelSetup, _ = strconv.ParseFloat(v, 64)
				s.planEnv = 0
				return nil
			},
		},
		{
			name: "parallel_tuple_cost", kind: settingReal, def: "0", max: math.MaxInt64, category: "Query Tuning / Planner Cost Constants",
			doc: "Sets the planner's estimate of the cost of passing each row from a worker; batches of rows are passed, so that the default is 0.", apply: func(s *Session, v string) error {
				s.settings.parallelRow, _ = strconv.ParseFloat(v, 64)
				s.planEnv = 0
				return nil
			},
		},
		{
			name: "enable_gathermerge", kind: settingBool, def: "on", category: "Query Tuning / Planner Method Configuration",
			doc: "Enables the planner's use of gather merge plans.", apply: func(s *Session, v string) error {
				s.settings.noGatherMerge = v == "off"
				s.planEnv = 0
				return nil
			},
		},
		{
			name: "enable_parallel_hash", kind: settingBool, def: "on", category: "Query Tuning / Planner Method Configuration",
			doc: "Enables the planner's use of workers that read the rows of a hash join's table.", apply: func(s *Session, v string) error {
				s.settings.serialHash = v == "off"
				s.planEnv = 0
				return nil
			},
		},
		{
			name: "min_parallel_index_scan_size", kind: settingInt, def: "8192", unit: "kB", max: math.MaxInt32, category: "Query Tuning / Planner Cost Constants",
			doc: "Sets the minimum amount of table data that a parallel scan reads by an index.", apply: func(s *Session, v string) error {
				n, _ := strconv.ParseInt(v, 10, 64)
				s.settings.minParallelIndex = n << 10
				s.planEnv = 0
				return nil
			},
		},
		{
			name: "min_parallel_table_scan_size", kind: settingInt, def: "8192", unit: "kB", max: math.MaxInt32, category: "Query Tuning / Planner Cost Constants",
			doc: "Sets the minimum amount of table data for a parallel scan.", apply: func(s *Session, v string) error {
				n, _ := strconv.ParseInt(v, 10, 64)
				s.settings.minParallelScan = n << 10
				s.planEnv = 0
				return nil
			},
		},
	}
}

// maxWorkers is how many workers the process has.
func maxWorkers() int { return runtime.NumCPU() }

// parallel is how the session's statements may be planned.
func (s *Session) parallel() physical.Parallel {
	most := maxWorkers()
	if most < 2 {
		most = 0 // they would only take turns
	}
	return physical.Parallel{
		Workers: min(s.settings.workersPerGather, most), Most: most,
		MinScanBytes: float64(s.settings.minParallelScan), MinIndexBytes: float64(s.settings.minParallelIndex),
		SetupCost: s.settings.parallelSetup, RowCost: s.settings.parallelRow,
		NoMerge: s.settings.noGatherMerge, SerialBuild: s.settings.serialHash,
	}
}
