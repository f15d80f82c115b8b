// Package copyio reads and writes the data formats of COPY: text, CSV and
// binary (PostgreSQL's COPY reference page). Decoders make Arrow batches from
// a stream of bytes, encoders the reverse.
package copyio

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// Format is a data format of COPY.
type Format uint8

// The formats.
const (
	Text Format = iota
	CSV
	Binary
)

// Options are COPY's options.
type Options struct {
	Format      Format
	Delimiter   byte
	Null        string
	Header      bool
	HeaderMatch bool
	Quote       byte
	Escape      byte
	// ForceQuote, ForceNotNull and ForceNull name columns; ForceQuoteAll is "*".
	ForceQuote, ForceNotNull, ForceNull []string
	ForceQuoteAll                       bool
	Freeze                              bool
}

// Column is a column that is copied.
type Column struct {
	Name string
	Type types.Type
}

// ParseOptions reads the options of a COPY statement and fills in the defaults.
func ParseOptions(opts []*ast.Option, from bool) (Options, error) {
	var o Options
	seen := map[string]bool{}
	set := func(opt *ast.Option) error {
		if seen[opt.Name] {
			return pgerror.New(pgerror.SyntaxError, "conflicting or redundant options").At(opt.Loc())
		}
		seen[opt.Name] = true
		return o.set(opt)
	}
	nullSet := false
	for _, opt := range opts {
		if err := set(opt); err != nil {
			return o, err
		}
		nullSet = nullSet || opt.Name == "null"
	}
	o.defaults(nullSet)
	return o, o.validate(seen, from)
}

func (o *Options) defaults(nullSet bool) {
	if o.Delimiter == 0 {
		o.Delimiter = '\t'
		if o.Format == CSV {
			o.Delimiter = ','
		}
	}
	if !nullSet && o.Format != CSV {
		o.Null = `\N`
	}
	if o.Quote == 0 {
		o.Quote = '"'
	}
	if o.Escape == 0 {
		o.Escape = o.Quote
	}
}

func (o *Options) set(opt *ast.Option) error {
	text := opt.Text()
	switch opt.Name {
	case "format":
		switch strings.ToLower(text) {
		case "text":
			o.Format = Text
		case "csv":
			o.Format = CSV
		case "binary":
			o.Format = Binary
		default:
			return pgerror.New(pgerror.InvalidParameterValue, "COPY format %q not recognized", text).At(opt.Loc())
		}
	case "delimiter":
		return oneByte("delimiter", text, &o.Delimiter)
	case "null":
		o.Null = text
		if strings.ContainsAny(text, "\r\n") {
			return pgerror.New(pgerror.InvalidParameterValue, "COPY null representation cannot use newline or carriage return")
		}
	case "header":
		if strings.EqualFold(text, "match") {
			o.Header, o.HeaderMatch = true, true
			return nil
		}
		if flag(opt, &o.Header) != nil {
			return pgerror.New(pgerror.SyntaxError, "header requires a Boolean value or \"match\"")
		}
		return nil
	case "quote":
		return oneByte("quote", text, &o.Quote)
	case "escape":
		return oneByte("escape", text, &o.Escape)
	case "freeze":
		return flag(opt, &o.Freeze)
	case "force_quote":
		o.ForceQuote = names(opt.Arg)
		o.ForceQuoteAll = text == "*"
	case "force_not_null":
		o.ForceNotNull = names(opt.Arg)
	case "force_null":
		o.ForceNull = names(opt.Arg)
	case "encoding":
		switch strings.ToUpper(strings.NewReplacer("-", "", "_", "").Replace(text)) {
		case "UTF8", "UNICODE", "SQLASCII":
		default:
			return pgerror.Unsupported("COPY encoding %q", text)
		}
	default:
		return pgerror.New(pgerror.SyntaxError, "option %q not recognized", opt.Name).At(opt.Loc())
	}
	return nil
}

func flag(opt *ast.Option, dst *bool) error {
	b, ok := opt.Bool()
	if !ok {
		return pgerror.New(pgerror.SyntaxError, "%s requires a Boolean value", opt.Name)
	}
	*dst = b
	return nil
}

func oneByte(what, text string, dst *byte) error {
	if len(text) != 1 {
		return pgerror.New(pgerror.FeatureNotSupported, "COPY %s must be a single one-byte character", what)
	}
	*dst = text[0]
	return nil
}

func names(e ast.Expr) []string {
	var out []string
	if l, ok := e.(*ast.List); ok {
		for _, item := range l.Items {
			if c, ok := item.(*ast.Const); ok {
				out = append(out, c.Text)
			} else if c, ok := item.(*ast.ColumnRef); ok && len(c.Names) > 0 {
				out = append(out, c.Names[0])
			}
		}
	}
	return out
}

func (o *Options) validate(seen map[string]bool, from bool) error {
	syntax := func(format string, args ...any) error { return pgerror.New(pgerror.SyntaxError, format, args...) }
	if o.Format == Binary {
		for _, name := range []string{"delimiter", "null", "header"} {
			if seen[name] {
				return syntax("cannot specify %s in BINARY mode", strings.ToUpper(name))
			}
		}
	}
	if o.Format != CSV {
		for _, name := range []string{"quote", "escape", "force_quote", "force_not_null", "force_null"} {
			if seen[name] {
				return pgerror.New(pgerror.FeatureNotSupported, "COPY %s available only in CSV mode", strings.ReplaceAll(name, "_", " "))
			}
		}
	}
	invalid := func(format string, args ...any) error {
		return pgerror.New(pgerror.InvalidParameterValue, format, args...)
	}
	switch {
	case o.Delimiter == '\n' || o.Delimiter == '\r':
		return invalid("COPY delimiter cannot be newline or carriage return")
	case o.Format == Text && strings.IndexByte("\\.abcdefghijklmnopqrstuvwxyz0123456789", o.Delimiter) >= 0:
		return invalid("COPY delimiter cannot be %q", string(o.Delimiter))
	case o.Format == CSV && o.Delimiter == o.Quote:
		return invalid("COPY delimiter and quote must be different")
	case o.Format != Binary && strings.IndexByte(o.Null, o.Delimiter) >= 0:
		return invalid("COPY delimiter must not appear in the NULL specification")
	case o.Format == CSV && strings.IndexByte(o.Null, o.Quote) >= 0:
		return pgerror.New(pgerror.FeatureNotSupported, "CSV quote character must not appear in the NULL specification")
	case from && seen["force_quote"]:
		return pgerror.New(pgerror.FeatureNotSupported, "COPY force quote only available using COPY TO")
	case !from && (seen["force_not_null"] || seen["force_null"]):
		return pgerror.New(pgerror.FeatureNotSupported, "COPY force not null only available using COPY FROM")
	case !from && o.HeaderMatch:
		return invalid("cannot use \"match\" with HEADER in COPY TO")
	}
	return nil
}
