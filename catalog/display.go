package catalog

import "strings"

// DisplayText shows an expression's stored text under a search path. Stored
// texts qualify all names of the user's objects; PostgreSQL prints only the
// qualifications that the path makes necessary: of types behind "::", and of
// relations in constants of type regclass.
func DisplayText(s *Snapshot, path []string, text string) string {
	if !strings.Contains(text, "::") || !strings.Contains(text, ".") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		switch {
		case text[i] == '\'':
			end := i
			for end < len(text) { // doubled quotes are two texts side by side
				e := quoteEnd(text, end)
				if e < 0 {
					return text
				}
				if end = e + 1; end >= len(text) || text[end] != '\'' {
					break
				}
			}
			literal := text[i:end]
			if strings.HasPrefix(text[end:], "::regclass") {
				literal = displayRelation(s, path, literal)
			}
			b.WriteString(literal)
			i = end
		case strings.HasPrefix(text[i:], "::"):
			b.WriteString("::")
			i += 2
			end := typeNameEnd(text, i)
			b.WriteString(displayType(s, path, text[i:end]))
			i = end
		case text[i] == '"':
			end := quoteEnd(text, i)
			if end < 0 {
				return text
			}
			b.WriteString(text[i : end+1])
			i = end + 1
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String()
}

func typeNameEnd(text string, i int) int {
	for i < len(text) {
		switch {
		case identByte(text[i]) || text[i] == '.':
			i++
		case text[i] == '"':
			end := quoteEnd(text, i)
			if end < 0 {
				return len(text)
			}
			i = end + 1
		default:
			return i
		}
	}
	return i
}

func displayRelation(s *Snapshot, path []string, literal string) string {
	parts, err := SplitName(strings.ReplaceAll(literal[1:len(literal)-1], "''", "'"))
	if err != nil || len(parts) != 2 {
		return literal
	}
	if sch := s.Schema(parts[0]); sch != nil && RelationIsVisible(s, path, sch.ID, parts[1]) {
		return "'" + strings.ReplaceAll(QuoteIdent(parts[1]), "'", "''") + "'"
	}
	return literal
}

func displayType(s *Snapshot, path []string, name string) string {
	parts, err := SplitName(name)
	if err != nil || len(parts) != 2 {
		return name
	}
	if sch := s.Schema(parts[0]); sch != nil && TypeIsVisible(s, path, sch.ID, parts[1]) {
		return QuoteIdent(parts[1])
	}
	return name
}
