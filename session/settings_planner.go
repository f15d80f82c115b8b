package session

import (
	"slices"
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
	table = append(table, pushdownSettings()...)
	table = append(table, replicaSettings()...)
	table = append(table, traceSettings()...)
	table = append(table, spreadSettings()...)
	slices.SortStableFunc(table, func(a, b *setting) int {
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return table
}

// plannerSetting reports whether EXPLAIN (SETTINGS) shows a setting.
func plannerSetting(def *setting) bool {
	return strings.HasPrefix(def.category, "Query Tuning") || def.name == "work_mem" || def.name == "search_path"
}
