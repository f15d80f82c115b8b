package executor

import (
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// schemaOf is the Arrow schema of a node's columns, which it does not name. Those of
// few columns are shared: a schema has a table of names that takes longer to make
// than a short statement to run.
func schemaOf(cols []plan.Column) *arrow.Schema {
	key := schemaKey{n: len(cols)}
	if len(cols) > len(key.phys) {
		return makeSchema(cols)
	}
	for i, c := range cols {
		key.phys[i] = c.Type.Phys()
	}
	return schemas.get(key, cols)
}

// schemaKey are the forms of up to eight columns.
type schemaKey struct {
	n    int
	phys [8]types.Phys
}

type schemaCache struct {
	sync.RWMutex
	m map[schemaKey]*arrow.Schema
}

var schemas = schemaCache{m: map[schemaKey]*arrow.Schema{}}

// maxSchemas bounds the cache.
const maxSchemas = 4096

func (s *schemaCache) get(key schemaKey, cols []plan.Column) *arrow.Schema {
	s.RLock()
	found := s.m[key]
	s.RUnlock()
	if found != nil {
		return found
	}
	made := makeSchema(cols)
	s.Lock()
	defer s.Unlock()
	if len(s.m) < maxSchemas {
		s.m[key] = made
	}
	return made
}

func makeSchema(cols []plan.Column) *arrow.Schema {
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		fields[i] = arrow.Field{Type: types.ArrowType(c.Type), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}
