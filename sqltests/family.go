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
	// Whole is set when every scored record must pass; the others are counted.
	Whole bool
	// Before are the scripts that must run before one, of psql scripts.
	Before map[string][]string
}

var dialects = map[string]Dialect{
	"own": Own, "sqlite": SQLite, "generated": SQLite, "duckdb": DuckDB, "datafusion": Rust, "risingwave": Rust,
	"postgres-regress": Psql,
}

// FamilyNames are the families of the public corpora.
func FamilyNames() []string {
	return []string{"sqlite", "generated", "duckdb", "datafusion", "risingwave", "postgres-regress"}
}

// OpenFamily reads a family's folder and its list of excluded records.
func OpenFamily(name, dir string) (*Family, error) {
	dialect, ok := dialects[name]
	if !ok {
		return nil, fmt.Errorf("family %q is none of own, %s", name, strings.Join(FamilyNames(), ", "))
	}
	f := &Family{Name: name, Dir: dir, Dialect: dialect, Whole: dialect == Own || dialect == SQLite}
	file := "excluded-records.json"
	if dialect == Psql {
		file = "excluded-statements.json"
		if err := readJSON(filepath.Join(dir, "prereq.json"), &f.Before); err != nil {
			return nil, err
		}
	}
	var list struct{ Excluded map[string][]int }
	err := readJSON(filepath.Join(dir, file), &list)
	f.Exclude = list.Excluded
	return f, err
}

// readJSON reads a file that may be missing.
func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
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
		if f.isTest(name) && matches(pattern, name) {
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

func (f *Family) isTest(name string) bool {
	if f.Dialect == Psql {
		return strings.HasPrefix(name, "sql/") && strings.HasSuffix(name, ".sql")
	}
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
