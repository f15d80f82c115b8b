// Package pgerror is PostgreSQL's error: a SQLSTATE, a message in PostgreSQL's
// words, and the optional fields a client reads (PostgreSQL section 55.8).
//
// The place that knows the reason of a failure makes the Error; everybody
// above passes it on, and pgwire prints it. Nothing guesses codes from texts.
package pgerror

import (
	"errors"
	"fmt"
)

// Code is a five character SQLSTATE.
type Code string

// Severity is the S field of a message.
type Severity string

// The severities.
const (
	SeverityError   Severity = "ERROR"
	SeverityFatal   Severity = "FATAL"
	SeverityPanic   Severity = "PANIC"
	SeverityWarning Severity = "WARNING"
	SeverityNotice  Severity = "NOTICE"
	SeverityInfo    Severity = "INFO"
	SeverityLog     Severity = "LOG"
	SeverityDebug   Severity = "DEBUG"
)

// Error is an error, warning or notice as a client sees it.
type Error struct {
	Severity Severity // empty means ERROR
	Code     Code
	Message  string
	Detail   string
	Hint     string
	// Position is the 1-based character (not byte) of the statement the error
	// points at, 0 when unknown. The parser and the binder set byte offsets
	// with At; session turns them into characters.
	Position         int
	InternalPosition int
	InternalQuery    string
	Where            string
	Schema           string
	Table            string
	Column           string
	DataType         string
	Constraint       string

	offset int // byte offset + 1 in the statement, 0 when unknown
	cause  error
}

// New makes an error with a formatted message.
func New(code Code, format string, args ...any) *Error {
	msg := format
	if len(args) > 0 {
		msg = fmt.Sprintf(format, args...)
	}
	return &Error{Code: code, Message: msg}
}

// Wrap makes an error that keeps cause for errors.Is and errors.As.
func Wrap(cause error, code Code, format string, args ...any) *Error {
	e := New(code, format, args...)
	e.cause = cause
	return e
}

// Unsupported makes the 0A000 error for a feature Tidemark does not have.
func Unsupported(format string, args ...any) *Error {
	e := New(FeatureNotSupported, format, args...)
	e.Message += " is not supported"
	return e
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is match errors of the same code and message, so that
// sentinel errors can be copied with more detail.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Message == e.Message
}

func (e *Error) clone() *Error { c := *e; return &c }

// WithDetail returns a copy with a DETAIL line.
func (e *Error) WithDetail(format string, args ...any) *Error {
	c := e.clone()
	c.Detail = sprintf(format, args)
	return c
}

// WithHint returns a copy with a HINT line.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := e.clone()
	c.Hint = sprintf(format, args)
	return c
}

// WithWhere returns a copy with a CONTEXT line.
func (e *Error) WithWhere(format string, args ...any) *Error {
	c := e.clone()
	c.Where = sprintf(format, args)
	return c
}

// WithTable returns a copy that names the schema and table (23xxx errors).
func (e *Error) WithTable(schema, table string) *Error {
	c := e.clone()
	c.Schema, c.Table = schema, table
	return c
}

// WithColumn returns a copy that names the column.
func (e *Error) WithColumn(column string) *Error {
	c := e.clone()
	c.Column = column
	return c
}

// WithConstraint returns a copy that names the constraint.
func (e *Error) WithConstraint(name string) *Error {
	c := e.clone()
	c.Constraint = name
	return c
}

// WithDataType returns a copy that names the schema and type (domains).
func (e *Error) WithDataType(schema, name string) *Error {
	c := e.clone()
	c.Schema, c.DataType = schema, name
	return c
}

// WithSeverity returns a copy of another severity.
func (e *Error) WithSeverity(s Severity) *Error {
	c := e.clone()
	c.Severity = s
	return c
}

// WithCode returns a copy with another code.
func (e *Error) WithCode(code Code) *Error {
	c := e.clone()
	c.Code = code
	return c
}

// At returns a copy that points at a byte offset (0-based) of the statement's
// text; a negative offset means unknown and keeps an earlier one.
func (e *Error) At(offset int) *Error {
	if offset < 0 || e.offset != 0 {
		return e
	}
	return e.Moved(offset)
}

// Moved is At in place of the position that the error may have in another text.
func (e *Error) Moved(offset int) *Error {
	c := e.clone()
	c.offset = offset + 1
	return c
}

// WithoutPosition returns a copy that points nowhere.
func (e *Error) WithoutPosition() *Error {
	c := e.clone()
	c.offset, c.Position = 0, 0
	return c
}

// Offset returns the byte offset set by At, or -1.
func (e *Error) Offset() int { return e.offset - 1 }

// NewNotice makes a NOTICE (code 00000).
func NewNotice(format string, args ...any) *Error {
	e := New(SuccessfulCompletion, format, args...)
	e.Severity = SeverityNotice
	return e
}

// NewWarning makes a WARNING.
func NewWarning(code Code, format string, args ...any) *Error {
	e := New(code, format, args...)
	e.Severity = SeverityWarning
	return e
}

// From returns err as an *Error: the one it wraps, or an internal error
// (XX000), which is a bug that a test should catch.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Wrap(err, InternalError, "%s", err.Error())
}

// CodeOf returns the SQLSTATE of err, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}

func sprintf(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}
