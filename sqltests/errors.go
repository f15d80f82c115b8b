package sqltests

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// describe prints an error with its fields, as our own tests expect it below ----.
func describe(err *pgconn.PgError) string {
	var b strings.Builder
	b.WriteString(err.Message)
	if err.Detail != "" {
		b.WriteString("\nDETAIL: " + err.Detail)
	}
	if err.Hint != "" {
		b.WriteString("\nHINT: " + err.Hint)
	}
	return strings.ReplaceAll(b.String(), "\n\n", "\n")
}

// ignorance are the codes of an engine that does not know what was asked. In
// a corpus that names no code they are never the error that was meant, but in
// SQLite's, whose tests want an error for the syntax of others and for what
// does not exist.
var ignorance = map[string]bool{
	"42601": true, // syntax error
	"42883": true, // unknown function or operator
	"42704": true, // unknown object
	"0A000": true, // not supported
	"XX000": true, // internal error
}

// compareError returns "" when the error is the one that was expected.
func (d Dialect) compareError(rec *Record, err *pgconn.PgError) string {
	if rec.code != "" && rec.code != err.Code {
		return fmt.Sprintf("code %s (%s), want %s", err.Code, describe(err), rec.code)
	}
	if rec.code == "" && d != SQLite && ignorance[err.Code] {
		return fmt.Sprintf("code %s (%s) is not the error that was meant", err.Code, describe(err))
	}
	if d != Own {
		return "" // the wording of other engines
	}
	if rec.pattern != "" {
		re, rerr := regexp.Compile(rec.pattern)
		if rerr != nil {
			return rerr.Error()
		}
		if !re.MatchString(err.Message) {
			return fmt.Sprintf("message %q does not match %q", err.Message, rec.pattern)
		}
	}
	if rec.hasExpected && describe(err) != strings.Join(rec.expected, "\n") {
		return "got:\n" + describe(err)
	}
	return ""
}
