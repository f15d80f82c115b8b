// Package clientstmts replays what real PostgreSQL clients sent, recorded on the
// wire one statement a block, against a server, and compares its answers with
// PostgreSQL's.
package clientstmts

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Block is one recorded statement.
type Block struct {
	// Client and Action say who sent it and what its user did.
	Client, Action string
	// Path is how it was sent, in words: simple, or extended with details.
	Path string
	// ParamOIDs are the parameter types that Parse declared; 0 is undeclared.
	ParamOIDs []uint32
	// Binds are the parameter values.
	Binds []Bind
	// SQL is the text, verbatim.
	SQL string
	// Line is where the block begins in its file.
	Line int
}

// Bind is one recorded parameter value.
type Bind struct {
	// Text is the value as text; of a binary value, hex digits after \x or a
	// number; of Expr, an SQL expression to be evaluated first.
	Text               string
	Null, Binary, Expr bool
}

// Extended says whether the statement went through Parse and Bind.
func (b *Block) Extended() bool { return strings.HasPrefix(b.Path, "extended") }

// Prefix is the head of the statement with its white space folded: what names it
// in lists.
func (b *Block) Prefix(n int) string {
	s := strings.Join(strings.Fields(b.SQL), " ")
	if len(s) > n {
		s = s[:n]
	}
	return s
}

// ReadBlocks reads a file of blocks.
func ReadBlocks(name string) ([]Block, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	var (
		out  []Block
		cur  *Block
		body []string
		line int
	)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		line++
		text := lines.Text()
		switch {
		case cur == nil:
			if client, ok := strings.CutPrefix(text, "-- client: "); ok {
				cur, body = &Block{Client: client, Line: line}, nil
			}
		case text == "-- end":
			cur.SQL = strings.Join(body, "\n")
			if cur.SQL == "-- (empty query)" {
				cur.SQL = ""
			}
			out = append(out, *cur)
			cur = nil
		case len(body) == 0 && strings.HasPrefix(text, "-- "):
			known, err := cur.header(text[3:])
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, line, err)
			}
			if !known {
				body = append(body, text)
			}
		default:
			body = append(body, text)
		}
	}
	return out, lines.Err()
}

// header takes one header line; false means that it is the statement's.
func (b *Block) header(text string) (bool, error) {
	key, value, ok := strings.Cut(text, ": ")
	if !ok {
		return false, nil
	}
	var err error
	switch key {
	case "action":
		b.Action = value
	case "path":
		b.Path = value
	case "declared parameter type oids":
		for _, s := range strings.Split(value, ", ") {
			oid, perr := strconv.ParseUint(s, 10, 32)
			if perr != nil {
				return true, perr
			}
			b.ParamOIDs = append(b.ParamOIDs, uint32(oid))
		}
	case "bind":
		b.Binds, err = parseBinds(value)
	case "also", "seen", "checked", "note":
	default:
		return false, nil
	}
	return true, err
}

// parseBinds reads "$1 = 'text', $2 = 5 (binary), $3 = NULL".
func parseBinds(s string) ([]Bind, error) {
	var out []Bind
	for n := 1; s != ""; n++ {
		head := "$" + strconv.Itoa(n) + " = "
		rest, ok := strings.CutPrefix(s, head)
		if !ok {
			return nil, fmt.Errorf("bind %d does not begin with %q: %.40q", n, head, s)
		}
		value := rest
		s = ""
		if i := strings.Index(rest, ", $"+strconv.Itoa(n+1)+" = "); i >= 0 {
			value, s = rest[:i], rest[i+2:]
		}
		out = append(out, parseBind(value))
	}
	return out, nil
}

func parseBind(v string) Bind {
	if v == "NULL" {
		return Bind{Null: true}
	}
	if v, ok := strings.CutSuffix(v, " (binary)"); ok {
		return Bind{Text: v, Binary: true}
	}
	if strings.HasPrefix(v, "'") && strings.HasSuffix(v, "'") && len(v) > 1 {
		return Bind{Text: v[1 : len(v)-1]}
	}
	if _, err := strconv.ParseFloat(v, 64); err == nil {
		return Bind{Text: v}
	}
	return Bind{Text: v, Expr: true}
}
