package copyio

import (
	"bytes"
	"io"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// textRows appends up to max rows of the text format.
func (d *Decoder) textRows(max int) (int, error) {
	n := 0
	for n < max && !d.ended {
		line, err := d.source.line()
		if err == io.EOF {
			d.ended = true
			break
		}
		if err != nil {
			return 0, err
		}
		d.line++
		line = trimEnd(line)
		if d.opts.Header && d.line == 1 {
			if err := d.textHeader(line); err != nil {
				return 0, err
			}
			continue
		}
		if len(line) == 2 && line[0] == '\\' && line[1] == '.' {
			d.ended = true
			if err := d.source.drain(); err != nil {
				return 0, err
			}
			break
		}
		if err := d.textRow(line); err != nil {
			return 0, err
		}
		d.lines.add(line, d.line)
		n++
	}
	return n, nil
}

func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

func (d *Decoder) textHeader(line []byte) error {
	if !d.opts.HeaderMatch {
		return nil
	}
	var fields []string
	for _, f := range bytes.Split(line, []byte{d.opts.Delimiter}) {
		v, _, err := d.unescape(f)
		if err != nil {
			return err
		}
		fields = append(fields, string(v))
	}
	return d.checkHeader(line, fields)
}

// textRow splits a line and appends its fields.
func (d *Decoder) textRow(line []byte) error {
	if err := d.checkText(line); err != nil {
		return err
	}
	whole := line
	escaped := bytes.IndexByte(line, '\\') >= 0
	last := len(d.cols) - 1
	if last < 0 {
		if len(line) > 0 {
			return d.badFormat(whole, "extra data after last expected column")
		}
		return nil
	}
	for col := 0; ; col++ {
		end := d.fieldEnd(line, escaped)
		field := line[:end]
		if col > last {
			return d.badFormat(whole, "extra data after last expected column")
		}
		if err := d.textField(col, field, escaped); err != nil {
			return err
		}
		if end == len(line) {
			if col < last {
				return d.badFormat(whole, "missing data for column %q", d.cols[col+1].Name)
			}
			return nil
		}
		line = line[end+1:]
	}
}

// fieldEnd finds the delimiter that ends the first field.
func (d *Decoder) fieldEnd(line []byte, escaped bool) int {
	if !escaped {
		if i := bytes.IndexByte(line, d.opts.Delimiter); i >= 0 {
			return i
		}
		return len(line)
	}
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case d.opts.Delimiter:
			return i
		}
	}
	return len(line)
}

func (d *Decoder) textField(col int, field []byte, escaped bool) error {
	if string(field) == d.opts.Null {
		d.builders[col].AppendNull()
		return nil
	}
	if !escaped {
		return d.append(col, field)
	}
	value, _, err := d.unescape(field)
	if err != nil {
		return d.fieldError(err, col, field)
	}
	return d.append(col, value)
}

// unescape replaces backslash sequences. The result is valid until the next call.
func (d *Decoder) unescape(field []byte) ([]byte, bool, error) {
	i := bytes.IndexByte(field, '\\')
	if i < 0 {
		return field, false, nil
	}
	out := append(d.field[:0], field[:i]...)
	for ; i < len(field); i++ {
		c := field[i]
		if c != '\\' || i+1 == len(field) {
			out = append(out, c)
			continue
		}
		i++
		switch c = field[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'v':
			out = append(out, '\v')
		case 'x':
			v, n := digits(field[i+1:], 16, 2)
			if n == 0 {
				out = append(out, 'x')
			} else {
				out = append(out, v)
			}
			i += n
		default:
			if c >= '0' && c <= '7' {
				v, n := digits(field[i:], 8, 3)
				out = append(out, v)
				i += n - 1
			} else {
				out = append(out, c)
			}
		}
	}
	d.field = out
	if bytes.IndexByte(out, 0) >= 0 {
		return nil, true, pgerror.New(pgerror.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x00")
	}
	return out, true, nil
}

// digits reads up to most digits of a base.
func digits(b []byte, base, most int) (value byte, n int) {
	for n < len(b) && n < most {
		v := -1
		switch c := b[n]; {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'a' && c <= 'f':
			v = int(c-'a') + 10
		case c >= 'A' && c <= 'F':
			v = int(c-'A') + 10
		}
		if v < 0 || v >= base {
			break
		}
		value = value*byte(base) + byte(v)
		n++
	}
	return value, n
}
