// Command sqltests runs SQL logic tests on Tidemark, or on PostgreSQL to check
// the tests themselves.
//
//	sqltests -smoke                     own tests, and the corpora's smoke list when they are there
//	sqltests -all                       own tests and all corpora; fails when one fails that must pass whole
//	sqltests -family duckdb -file 'types/*'
//	sqltests -oracle URL -family own    the same on PostgreSQL
//	sqltests -oracle URL -fill -file joins/  write PostgreSQL's answers into our own tests
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/sqltests"
)

type options struct {
	smoke, all, fill, noExclude, quiet bool
	family, file, list                 string
	json, url, oracle, binary          string
	own, corpora, setup                string
	workers, show                      int
	fileTime                           time.Duration
}

func main() {
	var o options
	flag.BoolVar(&o.smoke, "smoke", false, "run our own tests, and the smoke list when the corpora are there")
	flag.BoolVar(&o.all, "all", false, "run our own tests and every family of the corpora")
	flag.StringVar(&o.family, "family", "own", "families to run, apart by commas: own, "+strings.Join(sqltests.FamilyNames(), ", "))
	flag.StringVar(&o.file, "file", "", "glob or prefix of file names within the family")
	flag.StringVar(&o.list, "list", "", "file that lists the files to run")
	flag.StringVar(&o.json, "json", "", "write a report to this file")
	flag.StringVar(&o.url, "url", "", "use a running server (CREATE DATABASE for each file)")
	flag.StringVar(&o.oracle, "oracle", "", "use a running PostgreSQL")
	flag.BoolVar(&o.fill, "fill", false, "rewrite the files with the answers received")
	flag.BoolVar(&o.noExclude, "no-exclude", false, "score the excluded records too")
	flag.BoolVar(&o.quiet, "quiet", false, "print the summary only")
	flag.StringVar(&o.binary, "binary", "bin/tidemark", "the server to start")
	flag.StringVar(&o.own, "own", "sqltests", "folder of our own tests")
	flag.StringVar(&o.corpora, "corpora", "../shared/slt", "folder of the corpora")
	flag.StringVar(&o.setup, "setup-dir", "", "folder of test_setup and the data of psql scripts (default: the family's)")
	flag.IntVar(&o.workers, "workers", runtime.NumCPU(), "files at once")
	flag.IntVar(&o.show, "show", 5, "failures to print of each file")
	flag.DurationVar(&o.fileTime, "file-time", 2*time.Minute, "time limit of each file")
	flag.Parse()
	ok, err := run(context.Background(), &o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sqltests:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) (bool, error) {
	suite := &sqltests.Suite{
		Target: sqltests.Binary{Path: o.binary}, Engines: sqltests.Engines,
		Workers: o.workers, FileTime: o.fileTime, NoExclude: o.noExclude, Fill: o.fill, SetupDir: o.setup,
	}
	switch {
	case o.oracle != "":
		suite.Engines = sqltests.OracleEngines
		suite.Target = &sqltests.Databases{URL: o.oracle, Options: sqltests.PostgreSQLOptions}
	case o.url != "":
		suite.Target = &sqltests.Databases{URL: o.url}
	}
	jobs, err := o.jobs()
	if err != nil {
		return false, err
	}
	ok := true
	var reports []*sqltests.FamilyReport
	for _, j := range jobs {
		report := &sqltests.FamilyReport{Family: j.title}
		suite.RunFamily(ctx, j.family, j.files, func(r sqltests.FileResult) {
			report.Add(r)
			if !o.quiet {
				sqltests.WriteFailures(os.Stdout, r, o.show)
			}
		})
		ok = ok && (report.OK() || o.all && !j.family.Whole)
		reports = append(reports, report)
		fmt.Println(report.Summary())
	}
	if o.json != "" {
		return ok, sqltests.WriteJSON(o.json, reports)
	}
	return ok, nil
}

// job is a family's files to run.
type job struct {
	title  string
	family *sqltests.Family
	files  []string
}

func (o *options) jobs() ([]job, error) {
	if o.smoke {
		own, err := o.job("own", "")
		if err != nil {
			return nil, err
		}
		list := filepath.Join(o.corpora, "smoke.list")
		if _, err := os.Stat(list); errors.Is(err, os.ErrNotExist) {
			fmt.Printf("sqltests: %s is not there: only our own tests run\n", list)
			return []job{own}, nil
		}
		smoke, err := o.job("sqlite", list)
		smoke.title = "sqlite smoke list"
		return []job{own, smoke}, err
	}
	names := strings.Split(o.family, ",")
	if o.all {
		names = append([]string{"own"}, sqltests.FamilyNames()...)
	}
	var jobs []job
	for _, name := range names {
		j, err := o.job(name, o.list)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

func (o *options) job(name, list string) (job, error) {
	dir := filepath.Join(o.corpora, name)
	if name == "own" {
		dir = o.own
	}
	family, err := sqltests.OpenFamily(name, dir)
	if err != nil {
		return job{}, err
	}
	j := job{title: name, family: family}
	if list != "" {
		j.files, err = readList(list)
		return j, err
	}
	j.files, err = family.Files(o.file)
	if name == "own" && o.oracle != "" {
		j.files = compatible(j.files)
	}
	if err == nil && len(j.files) == 0 {
		err = fmt.Errorf("family %s has no file %q", name, o.file)
	}
	return j, err
}

// compatible leaves the tests that are meant for PostgreSQL too.
func compatible(names []string) []string {
	var out []string
	for _, name := range names {
		if strings.HasPrefix(filepath.Base(name), "pg_compat_") {
			out = append(out, name)
		}
	}
	return out
}

func readList(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	var names []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			names = append(names, line)
		}
	}
	return names, nil
}
