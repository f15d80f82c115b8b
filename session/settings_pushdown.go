package session

import (
	"strings"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/planner/physical"
)

// pushdownSettings say what plans hand to the stores of a cluster.
func pushdownSettings() []*setting {
	return []*setting{
		{
			name: "tidemark.pushdown", kind: settingEnum, def: "auto", options: []string{"auto", "on", "off"}, category: "Query Tuning / Planner Method Configuration",
			doc: "Has the stores of a cluster filter, aggregate, sort and limit rows; auto: if the store is a cluster; on: plans are made as for one.",
			apply: func(s *Session, v string) error {
				s.settings.pushdown = v
				s.planEnv = 0
				return nil
			},
		},
		{
			name: "tidemark.pushdown_blocklist", kind: settingString, category: "Query Tuning / Planner Method Configuration",
			doc: "Sets the functions and aggregates, separated by commas, that the stores of a cluster are not to compute.",
			apply: func(s *Session, v string) error {
				s.settings.pushdownBlocked = nil
				for _, name := range strings.Split(v, ",") {
					if name = strings.TrimSpace(name); name != "" {
						if s.settings.pushdownBlocked == nil {
							s.settings.pushdownBlocked = map[string]bool{}
						}
						s.settings.pushdownBlocked[name] = true
					}
				}
				s.planEnv = 0
				return nil
			},
		},
	}
}

// pushDown is what the session's statements hand to the stores.
func (s *Session) pushDown() physical.PushDown {
	out := physical.PushDown{On: s.settings.pushdown == "on"}
	out.Blocked = s.settings.pushdownBlocked
	if s.settings.pushdown == "auto" {
		store, ok := s.server.store.(kv.CoprocessorStore)
		out.On = ok && store.Coprocesses()
	}
	return out
}
