package session

import (
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// applySearchPath reads a search_path value: identifiers separated by commas,
// quoted or not.
func applySearchPath(s *Session, v string) error {
	names, ok := splitIdentifiers(v)
	if !ok {
		return pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter \"search_path\": %q", v).
			WithDetail("List syntax is invalid.")
	}
	s.settings.searchPath = names
	s.pathChanged()
	return nil
}

// splitIdentifiers splits a list of SQL identifiers, folding unquoted ones to
// lower case (PostgreSQL's SplitIdentifierString).
func splitIdentifiers(v string) ([]string, bool) {
	var out []string
	rest := strings.TrimSpace(v)
	if rest == "" {
		return nil, true
	}
	for {
		var name string
		if strings.HasPrefix(rest, `"`) {
			end := 1
			var b strings.Builder
			for {
				if end >= len(rest) {
					return nil, false
				}
				if rest[end] == '"' {
					if end+1 < len(rest) && rest[end+1] == '"' {
						b.WriteByte('"')
						end += 2
						continue
					}
					break
				}
				b.WriteByte(rest[end])
				end++
			}
			name, rest = b.String(), strings.TrimSpace(rest[end+1:])
		} else {
			end := strings.IndexByte(rest, ',')
			if end < 0 {
				end = len(rest)
			}
			name, rest = strings.ToLower(strings.TrimSpace(rest[:end])), rest[end:]
			if name == "" || strings.ContainsAny(name, " \t\n") {
				return nil, false
			}
		}
		out = append(out, name)
		if rest == "" {
			return out, true
		}
		if rest[0] != ',' {
			return nil, false
		}
		rest = strings.TrimSpace(rest[1:])
	}
}

// pathChanged makes the effective path and the plan environment anew when
// they are next needed.
func (s *Session) pathChanged() {
	s.settings.effectivePath = nil
	s.planEnv = 0
}

// tempSchema is the name of the session's schema of temporary objects.
const tempSchemaPrefix = "pg_temp_"

// namedPath is the search path without the implicit schemas.
func (s *Session) namedPath() []string {
	out := make([]string, 0, len(s.settings.searchPath))
	for _, name := range s.settings.searchPath {
		if name == "$user" {
			name = s.userSchema()
		}
		if name == "pg_temp" {
			name = s.tempSchemaName()
		}
		out = append(out, name)
	}
	return out
}

// searchPath is the path along which names are resolved: pg_temp and
// pg_catalog implicitly first (PostgreSQL section 5.9.3), "$user" replaced.
func (s *Session) searchPath() []string {
	if p := s.settings.effectivePath; p != nil {
		return p
	}
	explicitTemp, explicitCatalog := false, false
	var named []string
	for _, name := range s.settings.searchPath {
		switch name {
		case "$user":
			name = s.userSchema()
		case "pg_temp":
			explicitTemp = true
			if s.tempID == 0 {
				continue
			}
			name = s.tempSchemaName()
		case "pg_catalog":
			explicitCatalog = true
		}
		named = append(named, name)
	}
	var path []string
	if s.tempID != 0 && !explicitTemp {
		path = append(path, s.tempSchemaName())
	}
	if !explicitCatalog {
		path = append(path, "pg_catalog")
	}
	path = append(path, named...)
	s.settings.effectivePath = path
	return path
}

// creationSchema is the first existing schema of the path as set: where new
// objects go, "" if there is none (3F000).
func (s *Session) creationSchema(exists func(string) bool) string {
	for _, name := range s.settings.searchPath {
		if name == "$user" {
			name = s.userSchema()
		}
		if name == "pg_temp" && s.tempID != 0 {
			return s.tempSchemaName()
		}
		if exists(name) {
			return name
		}
	}
	return ""
}

// userSchema is the schema that "$user" stands for. The role tidemark has none: the
// schema of its name is the system's.
func (s *Session) userSchema() string {
	if catalog.IsSystemSchema(s.role) {
		return "$user"
	}
	return s.role
}
