package sqltests

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// psqlRunner runs a script of PostgreSQL's regression tests as src/test/regress
// does: psql -X -a -q reads it, and what it prints is compared with
// expected/NAME.out, statement by statement and blanks aside. The scripts that
// make the objects it uses run first, in the same database.
type psqlRunner struct {
	url    string
	family *Family
	name   string // sql/NAME.sql
	// setup is the folder of test_setup, the prerequisites and the data files.
	setup   string
	exclude map[int]bool
	out     FileResult
}

func (r *psqlRunner) run(ctx context.Context) error {
	start := time.Now()
	r.out.File = r.name
	defer func() { r.out.Seconds = time.Since(start).Seconds() }()
	base := strings.TrimSuffix(filepath.Base(r.name), ".sql")
	if base != "test_setup" {
		for _, before := range append([]string{"test_setup"}, r.family.Before[base]...) {
			script, err := os.ReadFile(filepath.Join(r.setup, "sql", before+".sql"))
			if err != nil {
				return err
			}
			if _, err := r.psql(ctx, r.feedFiles(string(script))); err != nil {
				return fmt.Errorf("%s: %w", before, err)
			}
		}
	}
	script, err := os.ReadFile(filepath.Join(r.family.Dir, r.name))
	if err != nil {
		return err
	}
	fed := r.feedFiles(string(script))
	got, err := r.psql(ctx, fed)
	if err != nil {
		return err
	}
	return r.judge(base, splitPsql(string(script)), splitPsql(fed), got)
}

var (
	setFilename  = regexp.MustCompile(`(?m)^\\set filename :abs_srcdir '([^']*)'.*$`)
	copyFilename = regexp.MustCompile(`(?im)^(copy .* from) :'filename'(.*);`)
)

// feedFiles makes \copy of COPY FROM a file, line for line: the server has no
// such file.
func (r *psqlRunner) feedFiles(script string) string {
	lines, file := strings.Split(script, "\n"), ""
	for i, line := range lines {
		if m := setFilename.FindStringSubmatch(line); m != nil {
			file = filepath.Join(r.setup, m[1])
		}
		if m := copyFilename.FindStringSubmatch(line); m != nil {
			lines[i] = `\` + strings.ToLower(m[1][:4]) + m[1][4:] + " '" + file + "'" + m[2]
		}
	}
	return strings.Join(lines, "\n")
}

// psql feeds a script to psql and returns what it prints. What goes wrong
// on the way shows in the output.
func (r *psqlRunner) psql(ctx context.Context, script string) (string, error) {
	path, err := exec.LookPath("psql")
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, "-X", "-a", "-q", "-d", r.url, "-v", "HIDE_TABLEAM=on", "-v", "HIDE_TOAST_COMPRESSION=on")
	cmd.Env = append(os.Environ(), "PGTZ=PST8PDT", "PGDATESTYLE=Postgres, MDY", "PGAPPNAME=sqltests",
		"PGOPTIONS=-c intervalstyle=postgres_verbose", "LC_MESSAGES=C", "LC_ALL=C.UTF-8", "PGCLIENTENCODING=UTF8",
		"PG_ABS_SRCDIR="+r.setup, "PG_LIBDIR=/nonexistent", "PG_DLSUFFIX=.so", "PG_ABS_BUILDDIR="+os.TempDir())
	cmd.Stdin = strings.NewReader(script)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out // one pipe for both keeps their order
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return "", err
	}
	_ = cmd.Wait() // the exit code tells of failed statements, which the output shows
	return out.String(), nil
}

// judge compares the output with the expected file it resembles most.
func (r *psqlRunner) judge(base string, units, fed []psqlUnit, got string) error {
	answers := psqlAnswers(fed, got)
	var best FileResult
	for variant := 0; ; variant++ {
		name := base + ".out"
		if variant > 0 {
			name = fmt.Sprintf("%s_%d.out", base, variant)
		}
		text, err := os.ReadFile(filepath.Join(r.family.Dir, "expected", name))
		if err != nil && variant == 0 {
			return err
		}
		if err != nil {
			break
		}
		one := r.score(units, psqlAnswers(units, string(text)), answers)
		if variant == 0 || one.Failed < best.Failed {
			best = one
		}
	}
	r.out = best
	return nil
}

func (r *psqlRunner) score(units []psqlUnit, want, got []*string) FileResult {
	out := FileResult{File: r.name}
	for i, u := range units {
		if want[i] == nil || *want[i] == "" && strings.HasPrefix(strings.TrimSpace(u.lines[len(u.lines)-1]), `\`) {
			continue // \set and its like
		}
		if got[i] != nil && strings.Contains(*got[i], "ERROR:  internal error") {
			out.Internal++
		}
		switch {
		case r.exclude[u.line]:
			out.Excluded++
		case got[i] != nil && squeeze(*got[i]) == squeeze(*want[i]):
			out.Passed++
		default:
			why := "no answer"
			if got[i] != nil {
				why = "got:\n" + *got[i]
			}
			out.Failed++
			out.Failures = append(out.Failures, Failure{File: r.name, Line: u.line, SQL: u.text(), Why: why, Want: *want[i]})
		}
	}
	return out
}

// squeeze leaves blanks out: regress compares with diff -w.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// psqlAnswers finds in psql's output what each unit answered: all between its
// own echoed lines and those of the next unit; nil where its echo is not found.
func psqlAnswers(units []psqlUnit, output string) []*string {
	lines := strings.Split(output, "\n")
	answers := make([]*string, len(units))
	at, open, from := 0, -1, 0
	closeAnswer := func(end int) {
		if open >= 0 {
			text := strings.TrimSpace(strings.Join(lines[from:end], "\n"))
			answers[open] = &text
		}
	}
	for i, u := range units {
		start := findLines(lines, at, u.lines)
		if start < 0 {
			continue
		}
		closeAnswer(start)
		at = start + len(u.lines)
		open, from = i, at
	}
	closeAnswer(len(lines))
	return answers
}

func findLines(lines []string, at int, want []string) int {
	for ; at+len(want) <= len(lines); at++ {
		same := true
		for i, line := range want {
			if lines[at+i] != line {
				same = false
				break
			}
		}
		if same {
			return at
		}
	}
	return -1
}
