package parser

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// clientStatement is a statement of the recorded client traffic.
type clientStatement struct {
	file string
	sql  string
}

// clientsDir is beside a checkout of the repository in some workplaces.
const clientsDir = "../../../shared/clients"

// clientStatements reads the recorded traffic of real clients; none when this
// checkout has no such directory beside it.
func clientStatements(t testing.TB) []clientStatement {
	files, err := filepath.Glob(filepath.Join(clientsDir, "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Logf("no client recordings in %s: nothing checked", clientsDir)
	}
	var list []clientStatement
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, sql := range blocks(string(text)) {
			list = append(list, clientStatement{filepath.Base(file), sql})
		}
	}
	return list
}

var blockHead = regexp.MustCompile(`^-- (client|action|path|also|seen|checked|declared parameter type oids|bind):`)

// blocks cuts a recording into its statements: a block runs from "-- client:"
// to "-- end", with comment lines of its own first.
func blocks(text string) []string {
	var list, lines []string
	inBlock, head := false, false
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case strings.HasPrefix(line, "-- client:"):
			inBlock, head, lines = true, true, nil
		case line == "-- end" && inBlock:
			list = append(list, strings.Join(lines, "\n"))
			inBlock = false
		case !inBlock:
		case head && blockHead.MatchString(line):
		default:
			head = false
			lines = append(lines, line)
		}
	}
	return list
}

// wrongOnPurpose matches the statements that clients send to see an error.
var wrongOnPurpose = regexp.MustCompile(`(?i)^(BEGIN;)?SELEC( 1)?$`)

func TestClientStatementsParse(t *testing.T) {
	for _, s := range clientStatements(t) {
		if _, err := Parse(s.sql); (err != nil) != wrongOnPurpose.MatchString(s.sql) {
			t.Errorf("%s: %v\n%s", s.file, printError(err), s.sql)
		}
	}
}
