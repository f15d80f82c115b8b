package sqlfuzz_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tidemarkdb/tidemark/internal/sqlfuzz"
	"github.com/tidemarkdb/tidemark/internal/testserver"
)

// fuzzTime makes the tests go on with new seeds for so long; without it they
// run a few cases of a fixed seed.
var (
	fuzzTime = flag.Duration("fuzztime-sql", 0, "how long each test looks for failures")
	ignore   = flag.String("ignore-sql", "", "a pattern of failures to pass over")
	fuzzDir  = flag.String("fuzzdir-sql", "", "where failures are written as SQL tests")
)

// tidemark starts a server in this process and connects.
func tidemark(t *testing.T) *sqlfuzz.DB {
	t.Helper()
	s, err := testserver.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return open(t, s.URL)
}

func open(t *testing.T, url string) *sqlfuzz.DB {
	t.Helper()
	db, err := sqlfuzz.OpenDB(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

var oracle *sqlfuzz.Postgres

func TestMain(m *testing.M) {
	flag.Parse()
	if *fuzzTime == 0 { // a short run that does the same each time
		set("rapid.checks", "25")
		set("rapid.seed", "20260101")
	}
	set("rapid.nofailfile", "true")
	var err error
	oracle, err = sqlfuzz.StartPostgres(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if oracle != nil {
		oracle.Close()
	}
	os.Exit(code)
}

// set gives a flag of rapid a value unless the command line did.
func set(name, value string) {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if !given {
		_ = flag.Set(name, value) // rapid has it
	}
}

// postgres connects to PostgreSQL; without one the test says so and ends.
func postgres(t *testing.T) *sqlfuzz.DB {
	t.Helper()
	if oracle == nil {
		t.Log("PostgreSQL 15 is not installed: nothing is compared with it")
		return nil
	}
	return open(t, oracle.URL)
}

// fuzz checks cases, each by what check says is wrong with it.
func fuzz(t *testing.T, cases *rapid.Generator[*sqlfuzz.Case], check func(*sqlfuzz.Case) string) {
	t.Helper()
	for start, round := time.Now(), 0; ; round++ {
		t.Run(fmt.Sprintf("round=%d", round), func(t *testing.T) { fuzzRound(t, cases, check) })
		if time.Since(start) >= *fuzzTime {
			return
		}
	}
}

func fuzzRound(t *testing.T, cases *rapid.Generator[*sqlfuzz.Case], check func(*sqlfuzz.Case) string) {
	var failed *sqlfuzz.Case
	var why string
	defer func() { // rapid leaves with Goexit; the last failure is the smallest
		if failed == nil {
			return
		}
		t.Logf("%s\n%s", failed, why)
		if *fuzzDir != "" {
			name := filepath.Join(*fuzzDir, fmt.Sprintf("%s_%d.test", filepath.Base(filepath.Dir(t.Name())), time.Now().UnixNano()))
			if err := os.WriteFile(name, []byte(failed.SQLTest(why)), 0o644); err != nil {
				t.Error(err)
			}
		}
	}()
	rapid.Check(t, func(rt *rapid.T) {
		c := cases.Draw(rt, "case")
		if diff := check(c); diff != "" && (*ignore == "" || !regexp.MustCompile(*ignore).MatchString(diff)) {
			failed, why = c, diff
			rt.Fatal("differs")
		}
	})
}

func differential(t *testing.T, cases *rapid.Generator[*sqlfuzz.Case]) {
	want := postgres(t)
	if want == nil {
		return
	}
	got := tidemark(t)
	fuzz(t, cases, func(c *sqlfuzz.Case) string { return sqlfuzz.RunCase(context.Background(), c, got, want) })
}

// TestExpressions compares single functions and operators with PostgreSQL's.
func TestExpressions(t *testing.T) { differential(t, sqlfuzz.Expressions(20)) }

// TestQueries compares whole queries.
func TestQueries(t *testing.T) { differential(t, sqlfuzz.Queries(6)) }

// TestVariants runs queries under every setting, without any oracle.
func TestVariants(t *testing.T) {
	db := tidemark(t)
	variants := sqlfuzz.Variants(context.Background(), db)
	fuzz(t, sqlfuzz.Queries(4), func(c *sqlfuzz.Case) string {
		return sqlfuzz.RunVariants(context.Background(), c, db, variants)
	})
}

// TestPartitions checks identities of SQL, without any oracle.
func TestPartitions(t *testing.T) {
	db := tidemark(t)
	fuzz(t, sqlfuzz.Partitions(6), func(c *sqlfuzz.Case) string { return sqlfuzz.RunPartitions(context.Background(), c, db) })
}

// TestParameters runs queries with constants and with parameters.
func TestParameters(t *testing.T) {
	db := tidemark(t)
	fuzz(t, sqlfuzz.Queries(4), func(c *sqlfuzz.Case) string { return sqlfuzz.RunParameters(context.Background(), c, db) })
}
