package functions

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var _ = define("format(text) format(text,any)", "Fills the places of a format: %s text, %I identifier, %L literal, with n$ position, - and width.",
	evalTyped(func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
		if args[0].IsNull() {
			return types.Null, nil
		}
		f := formatter{c: c, types: t.Args, args: args, in: args[0].S}
		err := f.run()
		return types.NewString(viewString(f.out)), err
	}), ex("format('Hello %s, %1$s', 'World')", "Hello World, World"), ex("format('INSERT INTO %I VALUES(%L)', 'Foo bar', 'O''Reilly')", `INSERT INTO "Foo bar" VALUES('O''Reilly')`))

type formatter struct {
	c     *Context
	types []types.Type
	args  []types.Datum
	in    string
	pos   int
	out   []byte
	arg   int // the last argument used
}

func formatError(format string, a ...any) *pgerror.Error {
	return pgerror.New(pgerror.InvalidParameterValue, format, a...)
}

var (
	errFormatUnterminated = formatError("unterminated format() type specifier").WithHint(`For a single "%" use "%%".`)
	errFormatTooFew       = formatError("too few arguments for format()")
)

// need fails at the end of the text.
func (f *formatter) need() error {
	if f.pos >= len(f.in) {
		return errFormatUnterminated
	}
	return nil
}

// number reads digits; ok is false if there are none.
func (f *formatter) number() (n int, ok bool, err error) {
	for f.pos < len(f.in) && f.in[f.pos] >= '0' && f.in[f.pos] <= '9' {
		n = n*10 + int(f.in[f.pos]-'0')
		if n > math.MaxInt32 {
			return 0, false, pgerror.New(pgerror.NumericValueOutOfRange, "number is out of range")
		}
		f.pos++
		ok = true
		if err := f.need(); err != nil {
			return 0, false, err
		}
	}
	return n, ok, nil
}

func (f *formatter) run() error {
	for f.pos < len(f.in) {
		i := strings.IndexByte(f.in[f.pos:], '%')
		if i < 0 {
			f.out = append(f.out, f.in[f.pos:]...)
			return nil
		}
		f.out = append(f.out, f.in[f.pos:f.pos+i]...)
		f.pos += i + 1
		if err := f.need(); err != nil {
			return err
		}
		if f.in[f.pos] == '%' {
			f.out = append(f.out, '%')
			f.pos++
			continue
		}
		if err := f.specifier(); err != nil {
			return err
		}
	}
	return nil
}

func (f *formatter) specifier() error {
	position, widthArg, width := -1, -1, 0
	minus := false
	n, ok, err := f.number()
	if err != nil {
		return err
	}
	done := false
	if ok {
		if f.in[f.pos] != '$' {
			width, done = n, true // only a width
		} else {
			position = n
			f.pos++
			if position == 0 {
				return formatError("format specifies argument 0, but arguments are numbered from 1")
			}
			if err := f.need(); err != nil {
				return err
			}
		}
	}
	if !done {
		for f.in[f.pos] == '-' {
			minus = true
			f.pos++
			if err := f.need(); err != nil {
				return err
			}
		}
		if f.in[f.pos] == '*' {
			f.pos++
			if err := f.need(); err != nil {
				return err
			}
			n, ok, err := f.number()
			if err != nil {
				return err
			}
			widthArg = 0
			if ok {
				if f.in[f.pos] != '$' {
					return formatError("width argument position must be ended by \"$\"")
				}
				f.pos++
				if widthArg = n; n == 0 {
					return formatError("format specifies argument 0, but arguments are numbered from 1")
				}
				if err := f.need(); err != nil {
					return err
				}
			}
		} else if width, _, err = f.number(); err != nil {
			return err
		}
	}
	r, size := utf8.DecodeRuneInString(f.in[f.pos:])
	if r != 's' && r != 'I' && r != 'L' {
		return formatError("unrecognized format() type specifier \"%s\"", f.in[f.pos:f.pos+size]).WithHint(`For a single "%" use "%%".`)
	}
	f.pos += size
	if widthArg >= 0 {
		if widthArg > 0 {
			f.arg = widthArg - 1
		}
		if f.arg++; f.arg >= len(f.args) {
			return errFormatTooFew
		}
		if width, err = f.width(); err != nil {
			return err
		}
		if width < 0 {
			width, minus = -width, true
		}
	}
	if position > 0 {
		f.arg = position - 1
	}
	if f.arg++; f.arg >= len(f.args) {
		return errFormatTooFew
	}
	return f.convert(r, width, minus)
}

func (f *formatter) width() (int, error) {
	d := f.args[f.arg]
	if d.IsNull() {
		return 0, nil
	}
	switch f.types[f.arg].OID {
	case types.Int2, types.Int4:
		return int(d.I), nil
	}
	v, err := types.Parse(types.Of(types.Int4), types.TextOf(f.types[f.arg], d, f.c.IO), f.c.IO)
	return int(v.I), err
}

func (f *formatter) convert(kind rune, width int, minus bool) error {
	d := f.args[f.arg]
	text := types.TextOf(f.types[f.arg], d, f.c.IO)
	switch kind {
	case 'I':
		if d.IsNull() {
			return pgerror.New(pgerror.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
		}
		text = quoteIdent(text)
	case 'L':
		if d.IsNull() {
			text = "NULL"
		} else {
			text = quoteLiteral(text)
		}
	}
	fill := max(0, width-utf8.RuneCountInString(text))
	if fill > maxText {
		return errTooLong
	}
	blanks := strings.Repeat(" ", fill)
	if minus {
		f.out = append(append(f.out, text...), blanks...)
	} else {
		f.out = append(append(f.out, blanks...), text...)
	}
	return nil
}
