package parser

/*
#include "raw.h"

#cgo linux LDFLAGS: -Wl,--wrap=pg_query__parse_result__get_packed_size -Wl,--wrap=pg_query__parse_result__pack
#cgo noescape tidemark_parse
#cgo nocallback tidemark_parse
#cgo noescape tidemark_free
#cgo nocallback tidemark_free
*/
import "C"

import (
	"sync"
	"unicode/utf8"
	"unsafe"

	_ "github.com/pganalyze/pg_query_go/v6/parser" // links libpg_query

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// bigText is the length from which texts are parsed one at a time: libpg_query
// takes some hundred bytes for a byte of text, and frees them at the end.
const bigText = 4 << 20

var bigTexts sync.Mutex

// withTree parses sql with PostgreSQL's grammar and hands the tree, as
// protobuf bytes that live until f returns, to f. The caller has made sure
// that sql is valid UTF-8 without NUL bytes and not nested too deeply.
func withTree(sql string, f func(tree []byte) error) error {
	if len(sql) > bigText {
		bigTexts.Lock()
		defer bigTexts.Unlock()
	}
	buf := make([]byte, len(sql)+1) // with C's final NUL
	copy(buf, sql)
	var out C.tidemark_tree
	C.tidemark_parse((*C.char)(unsafe.Pointer(&buf[0])), &out)
	defer C.tidemark_free(&out)
	if out.message != nil {
		return rawError(sql, &out)
	}
	return f(unsafe.Slice((*byte)(unsafe.Pointer(out.data)), int(out.len)))
}

func rawError(sql string, out *C.tidemark_tree) error {
	err := pgerror.New(unpackState(int(out.sqlstate)), "%s", C.GoString(out.message))
	if out.detail != nil {
		err = err.WithDetail("%s", C.GoString(out.detail))
	}
	if out.hint != nil {
		err = err.WithHint("%s", C.GoString(out.hint))
	}
	if out.position > 0 {
		err = err.At(byteOffset(sql, int(out.position)-1))
	}
	return err
}

// unpackState reads PostgreSQL's MAKE_SQLSTATE form.
func unpackState(packed int) pgerror.Code {
	var b [5]byte
	for i := range b {
		b[i] = byte(packed>>(6*i)&0x3f) + '0'
	}
	return pgerror.Code(b[:])
}

// byteOffset turns a count of characters into one of bytes.
func byteOffset(sql string, chars int) int {
	offset := 0
	for ; chars > 0 && offset < len(sql); chars-- {
		_, size := utf8.DecodeRuneInString(sql[offset:])
		offset += size
	}
	return offset
}
