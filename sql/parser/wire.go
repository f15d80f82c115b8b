package parser

import (
	"encoding/binary"
	"iter"
)

// msg is a message of libpg_query's parse tree in protobuf's wire format. Its
// fields are looked up by scanning: messages are small, and this way no tree
// but ours is built. A missing field reads as the zero value, as proto3 has it;
// a missing message is nil.
//
// The bytes come from the C library linked into this process; damaged ones
// make a lookup end early, as if the fields were missing.
type msg []byte

// next reads one field: its number, the value of a varint or the content of
// a string or message, and the rest. n is 0 at the end.
func (m msg) next() (n int, v uint64, content, rest msg) {
	if len(m) == 0 {
		return 0, 0, nil, nil
	}
	key, size := uint64(m[0]), 1
	if key >= 0x80 {
		key, size = binary.Uvarint(m)
		if size <= 0 {
			return 0, 0, nil, nil
		}
	}
	m = m[size:]
	if len(m) == 0 {
		return 0, 0, nil, nil
	}
	v, size = uint64(m[0]), 1
	if v >= 0x80 {
		v, size = binary.Uvarint(m)
		if size <= 0 {
			return 0, 0, nil, nil
		}
	}
	m = m[size:]
	switch key & 7 {
	case 0:
		return int(key >> 3), v, nil, m
	case 2:
		if v > uint64(len(m)) {
			return 0, 0, nil, nil
		}
		return int(key >> 3), 0, m[:v:v], m[v:]
	}
	return 0, 0, nil, nil // the tree has no other wire types
}

// find returns the last field of that number.
func (m msg) find(field int) (v uint64, content msg) {
	for {
		n, value, bytes, rest := m.next()
		if n == 0 {
			return v, content
		}
		if n == field {
			v, content = value, bytes
		}
		m = rest
	}
}

func (m msg) num(field int) int {
	v, _ := m.find(field)
	return int(int64(v))
}

func (m msg) flag(field int) bool {
	v, _ := m.find(field)
	return v != 0
}

func (m msg) text(field int) string {
	_, b := m.find(field)
	return intern(b)
}

// char is a string of one character, or 0.
func (m msg) char(field int) byte {
	if _, b := m.find(field); len(b) > 0 {
		return b[0]
	}
	return 0
}

func (m msg) sub(field int) msg {
	_, b := m.find(field)
	return b
}

// each yields the elements of a repeated message field.
func (m msg) each(field int) iter.Seq[msg] {
	return func(yield func(msg) bool) {
		for rest := m; ; {
			n, _, content, tail := rest.next()
			if n == 0 || n == field && !yield(content) {
				return
			}
			rest = tail
		}
	}
}

func (m msg) count(field int) int {
	count := 0
	for range m.each(field) {
		count++
	}
	return count
}

// node opens a Node, which is a oneof: its type's number and its message. The
// type of a missing node, and of NULL in a list, is 0.
func (m msg) node() (kind int, body msg) {
	n, _, content, _ := m.next()
	return n, content
}

// intern saves the allocation of the strings that most statements have.
func intern(b []byte) string {
	switch string(b) {
	case "":
		return ""
	case "=":
		return "="
	case "<":
		return "<"
	case ">":
		return ">"
	case "<=":
		return "<="
	case ">=":
		return ">="
	case "<>":
		return "<>"
	case "+":
		return "+"
	case "-":
		return "-"
	case "*":
		return "*"
	case "||":
		return "||"
	case "~~":
		return "~~"
	case "pg_catalog":
		return "pg_catalog"
	case "public":
		return "public"
	case "id":
		return "id"
	case "count":
		return "count"
	case "sum":
		return "sum"
	case "text":
		return "text"
	case "int4":
		return "int4"
	case "bool":
		return "bool"
	}
	return string(b)
}
