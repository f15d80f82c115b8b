package session

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/planner/physical"
)

// withMethodSettings adds the settings that switch off methods of the planner
// (enable_hashjoin and its like) and those of parts of the session, and sorts the table by name.
func withMethodSettings(table []*setting) []*setting {
	for _, m := range physical.MethodSettings {
		table = append(table, &setting{
			name: m.Name, kind: settingBool, def: "on", category: "Query Tuning / Planner Method Configuration", doc: m.Doc,
			apply: func(s *Session, v string) error {
				s.settings.disabled &^= m.Method
				if v == "off" {
					s.settings.disabled |= m.Method
				}
				s.planEnv = 0
				return nil
			},
		})
	}
	table = append(table, parallelSettings()...)
	table = append(table, joinLimitSetting())
	for _, m := range absentMethods {
		table = append(table, &setting{
			name: m.name, kind: settingBool, def: "off", fixed: true, category: "Query Tuning / Planner Method Configuration", doc: m.doc,
		})
	}
	table = append(table, pushdownSettings()...)
	table = append(table, replicaSettings()...)
	table = append(table, traceSettings()...)
	table = append(table, spreadSettings()...)
	slices.SortStableFunc(table, func(a, b *setting) int {
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return table
}

// absentMethods are methods of PostgreSQL's planner that ours does not have, which
// can only be off.
var absentMethods = []struct{ name, doc string }{
	{"enable_async_append", "Enables the planner's use of async append plans (there are none)."},
	{"enable_parallel_append", "Enables the planner's use of parallel append plans (there are none)."},
	{"enable_partitionwise_aggregate", "Enables partitionwise aggregation and grouping (there is none)."},
	{"enable_partitionwise_join", "Enables partitionwise join (there is none)."},
	{"enable_tidscan", "Enables the planner's use of TID scan plans (there are none)."},
	{"geqo", "Enables genetic query optimization (there is none)."},
}

func joinLimitSetting() *setting {
	return &setting{
		name: "join_collapse_limit", kind: settingInt, def: strconv.Itoa(physical.MaxJoinLimit), min: 1, max: math.MaxInt32, category: "Query Tuning / Other Planner Options",
		doc: "Sets up to how many inputs of joins, of JOIN and of lists in FROM, the planner puts in order together: 1 keeps the order of a statement, and more than 64 are 64.",
		apply: func(s *Session, v string) error {
			n, _ := strconv.Atoi(v)
			s.settings.joinLimit = min(n, physical.MaxJoinLimit)
			s.planEnv = 0
			return nil
		},
	}
}

// plannerSetting reports whether EXPLAIN (SETTINGS) shows a setting.
func plannerSetting(def *setting) bool {
	return strings.HasPrefix(def.category, "Query Tuning") || def.name == "work_mem" || def.name == "search_path"
}
