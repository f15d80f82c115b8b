package copyio

import (
	"bytes"
	"io"
)

// csvRows appends up to max rows of the CSV format.
func (d *Decoder) csvRows(max int) (int, error) {
	n := 0
	for n < max && !d.ended {
		record, err := d.csvRecord()
		if err == io.EOF {
			d.ended = true
			break
		}
		if err != nil {
			return 0, err
		}
		if d.opts.Header && !d.started {
			d.started = true
			if err := d.csvHeader(record); err != nil {
				return 0, err
			}
			continue
		}
		d.started = true
		if string(record) == `\.` {
			d.ended = true
			if err := d.source.drain(); err != nil {
				return 0, err
			}
			break
		}
		if err := d.csvRow(record); err != nil {
			return 0, err
		}
		d.lines.add(record, d.line)
		n++
	}
	return n, nil
}

// csvRecord reads the lines of one record: a quoted field may hold line ends.
func (d *Decoder) csvRecord() ([]byte, error) {
	line, err := d.source.line()
	if err != nil {
		return nil, err
	}
	d.line++
	if bytes.IndexByte(line, d.opts.Quote) < 0 {
		return trimEnd(line), nil
	}
	open := d.openQuote(line, false)
	if !open {
		return trimEnd(line), nil
	}
	record := append([]byte(nil), line...)
	for open {
		line, err := d.source.line()
		if err == io.EOF {
			if record[len(record)-1] == '\n' {
				d.line++
			}
			return nil, d.badFormat(record, "unterminated CSV quoted field")
		}
		if err != nil {
			return nil, err
		}
		d.line++
		record = append(record, line...)
		open = d.openQuote(line, open)
	}
	return trimEnd(record), nil
}

// openQuote tells whether a line of a record ends inside of a quoted field;
// open says whether it begins there. (An escape never reaches past a line end.)
func (d *Decoder) openQuote(record []byte, open bool) bool {
	for i := 0; i < len(record); i++ {
		c := record[i]
		if open && c == d.opts.Escape && i+1 < len(record) && (record[i+1] == d.opts.Quote || record[i+1] == d.opts.Escape) {
			i++
			continue
		}
		if c == d.opts.Quote {
			open = !open
		}
	}
	return open
}

func (d *Decoder) csvHeader(record []byte) error {
	if !d.opts.HeaderMatch {
		return nil
	}
	var fields []string
	for rest, more := record, true; more; {
		var value []byte
		value, _, rest, more = d.csvField(rest)
		fields = append(fields, string(value))
	}
	return d.checkHeader(record, fields)
}

func (d *Decoder) csvRow(record []byte) error {
	if err := d.checkText(record); err != nil {
		return err
	}
	whole := record
	last := len(d.cols) - 1
	if last < 0 {
		if len(record) > 0 {
			return d.badFormat(whole, "extra data after last expected column")
		}
		return nil
	}
	for col := 0; ; col++ {
		value, quoted, rest, more := d.csvField(record)
		if col > last {
			return d.badFormat(whole, "extra data after last expected column")
		}
		isNull := string(value) == d.opts.Null && (!quoted && !d.notNull[col] || d.forceNil[col] && (quoted || !d.notNull[col]))
		if isNull {
			d.builders[col].AppendNull()
		} else if err := d.append(col, value); err != nil {
			return err
		}
		if !more {
			if col < last {
				return d.badFormat(whole, "missing data for column %q", d.cols[col+1].Name)
			}
			return nil
		}
		record = rest
	}
}

// csvField takes the first field off: its value, whether any of it was quoted,
// what follows, and whether a field follows.
func (d *Decoder) csvField(record []byte) (value []byte, quoted bool, rest []byte, more bool) {
	end := bytes.IndexByte(record, d.opts.Delimiter)
	if end < 0 {
		end = len(record)
	}
	if bytes.IndexByte(record[:end], d.opts.Quote) < 0 {
		if end == len(record) {
			return record, false, nil, false
		}
		return record[:end], false, record[end+1:], true
	}
	out := d.field[:0]
	open := false
	i := 0
	for ; i < len(record); i++ {
		c := record[i]
		switch {
		case open && c == d.opts.Escape && i+1 < len(record) && (record[i+1] == d.opts.Quote || record[i+1] == d.opts.Escape):
			i++
			out = append(out, record[i])
		case c == d.opts.Quote:
			open = !open
		case !open && c == d.opts.Delimiter:
			d.field = out
			return out, true, record[i+1:], true
		default:
			out = append(out, c)
		}
	}
	d.field = out
	return out, true, nil, false
}
