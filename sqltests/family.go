package sqltests

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Family is a set of test files in one dialect.
type Family struct {
	Name    string
	Dir     string
	Dialect Dialect
	// Exclude are the lines of records that are not scored, by file.
	Exclude map[string][]int
}

var dialects = map[string]Dialect{
	"own": Own, "sqlite": SQLite, "generated": SQLite, "duckdb": DuckDB, "datafusion": Rust, "risingwave": Rust,
}

// FamilyNames are the families of the public corpora.
func FamilyNames() []string {
	return []string{"sqlite", "generated", "duckdb", "datafusion", "risingwave"}
}

// OpenFamily reads a family's folder and its list of excluded records.
func OpenFamily(name, dir string) (*Family, error) {
	dialect, ok := dialects[name]
	if !ok {
		return nil, fmt.Errorf("family %q is none of own, %s", name, strings.Join(FamilyNames(), ", "))
	}
	f := &Family{Name: name, Dir: dir, Dialect: dialect}
	text, err := os.ReadFile(filepath.Join(dir, "excluded-records.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	var list struct{ Excluded map[string][]int }
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s/excluded-records.json: %w", name, err)
	}
	f.Exclude = list.Excluded
	return f, nil
}

// Files lists the test files whose name, relative to the folder, matches the
// pattern: a glob, or a prefix of the name; empty for all.
func (f *Family) Files(pattern string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(f.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(f.Dir, path)
		if err != nil {
			return err
		}
		if isTest(name) && matches(pattern, name) {
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

func isTest(name string) bool {
	name = strings.TrimSuffix(name, ".gz")
	return strings.HasSuffix(name, ".test") || strings.HasSuffix(name, ".slt") || strings.HasSuffix(name, ".slt.part")
}

func matches(pattern, name string) bool {
	if pattern == "" || strings.HasPrefix(name, pattern) {
		return true
	}
	for _, part := range []string{name, filepath.Base(name)} {
		if ok, err := filepath.Match(pattern, part); ok && err == nil {
			return true
		}
	}
	return false
}
