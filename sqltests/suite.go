package sqltests

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Engines are the names by which skipif and onlyif call Tidemark.
var Engines = []string{"postgresql", "postgres", "pg", "tidemark"}

// OracleEngines are the names of PostgreSQL itself.
var OracleEngines = []string{"postgresql", "postgres", "pg"}

// Suite says how files are run.
type Suite struct {
	// Target gives each file a database of its own.
	Target Target
	// Engines are the names of the target for skipif and onlyif.
	Engines []string
	// SetupDir has test_setup and the data of psql scripts; empty for the family's own folder.
	SetupDir string
	// Workers is how many files run at once.
	Workers int
	// FileTime bounds each file.
	FileTime time.Duration
	// NoExclude scores the excluded records too.
	NoExclude bool
	// AnyOrder: rows of our own queries without ORDER BY may come in any order.
	AnyOrder bool
	// Fill rewrites the files with the target's answers.
	Fill bool
}

// RunFamily runs the named files of a family and calls done for each, one
// call at a time, in the order in which they finish.
func (s *Suite) RunFamily(ctx context.Context, family *Family, names []string, done func(FileResult)) {
	work := make(chan string)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range max(s.Workers, 1) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for name := range work {
				out := s.RunFile(ctx, family, name)
				mu.Lock()
				done(out)
				mu.Unlock()
			}
		}()
	}
	for _, name := range names {
		work <- name
	}
	close(work)
	wg.Wait()
}

// RunFile runs one file in a database of its own. A file that cannot be read
// or connected counts as one failure.
func (s *Suite) RunFile(ctx context.Context, family *Family, name string) FileResult {
	out, err := s.runFile(ctx, family, name)
	out.File = name
	if err != nil {
		out.Failed++
		out.Failures = append(out.Failures, Failure{File: name, Why: err.Error()})
	}
	return out
}

func (s *Suite) runFile(ctx context.Context, family *Family, name string) (FileResult, error) {
	if family.Dialect == Psql {
		return s.runScript(ctx, family, name)
	}
	path := filepath.Join(family.Dir, name)
	file, err := ParseFile(path, name, family.Dialect, s.Engines)
	if err != nil {
		return FileResult{}, err
	}
	if s.AnyOrder {
		file.anyOrder()
	}
	ctx, stop := context.WithTimeout(ctx, s.FileTime)
	defer stop()
	url, release, err := s.Target.Open(ctx)
	if err != nil {
		return FileResult{}, fmt.Errorf("open the target: %w", err)
	}
	defer release()
	r := runner{url: url, dialect: family.Dialect, file: file, fill: s.Fill, answers: map[int]answer{}, exclude: map[int]bool{}}
	if data := filepath.Join(family.Dir, "data"); isDir(data) {
		r.dataDir = data
	}
	if !s.NoExclude {
		for _, line := range family.Exclude[name] {
			r.exclude[line] = true
		}
	}
	if err := r.run(ctx); err != nil {
		return r.out, err
	}
	if s.Fill {
		if file.expanded {
			return r.out, fmt.Errorf("a file with loops cannot be filled in")
		}
		return r.out, r.rewrite(path)
	}
	return r.out, nil
}

// runScript runs a psql script.
func (s *Suite) runScript(ctx context.Context, family *Family, name string) (FileResult, error) {
	ctx, stop := context.WithTimeout(ctx, s.FileTime)
	defer stop()
	url, release, err := s.Target.Open(ctx)
	if err != nil {
		return FileResult{}, fmt.Errorf("open the target: %w", err)
	}
	defer release()
	setup, err := filepath.Abs(cmp.Or(s.SetupDir, family.Dir))
	if err != nil {
		return FileResult{}, err
	}
	r := psqlRunner{url: url, family: family, name: name, setup: setup, exclude: map[int]bool{}}
	if !s.NoExclude {
		for _, line := range family.Exclude[strings.TrimSuffix(filepath.Base(name), ".sql")] {
			r.exclude[line] = true
		}
	}
	err = r.run(ctx)
	return r.out, err
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
