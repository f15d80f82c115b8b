package keycodec

import (
	"encoding/binary"
	"encoding/json"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// The first byte of a jsonb value in a key, in PostgreSQL's order of kinds
// (jsonb_util.c, compareJsonbContainers): an empty array at the top sorts
// below everything, containers sort by their number of members first.
const (
	jsonEmptyTop = 0x01
	jsonNull     = 0x02
	jsonString   = 0x03
	jsonNumber   = 0x04
	jsonFalse    = 0x05
	jsonTrue     = 0x06
	jsonArray    = 0x07 // count(4) element...
	jsonObject   = 0x08 // count(4) (key value)..., keys in the stored order
)

// appendJSONB appends the order-preserving bytes of a jsonb in its canonical text.
func appendJSONB(dst []byte, text string) ([]byte, error) {
	if text == "[]" {
		return append(dst, jsonEmptyTop), nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	tok, err := dec.Token()
	if err == nil {
		dst, err = appendJSONToken(dst, dec, tok)
	}
	if err != nil {
		return dst, pgerror.New(pgerror.DataCorrupted, "invalid jsonb value in row store")
	}
	return dst, nil
}

func appendJSONToken(dst []byte, dec *json.Decoder, tok json.Token) ([]byte, error) {
	switch v := tok.(type) {
	case nil:
		return append(dst, jsonNull), nil
	case bool:
		if v {
			return append(dst, jsonTrue), nil
		}
		return append(dst, jsonFalse), nil
	case string:
		return AppendBytes(append(dst, jsonString), v), nil
	case json.Number:
		// The digits are of no fixed length: wrap them, so that none is a prefix of another.
		return AppendRaw(append(dst, jsonNumber), appendNumericText(nil, v.String())), nil
	case json.Delim:
		return appendJSONContainer(dst, dec, v)
	}
	return dst, errInvalid
}

func appendJSONContainer(dst []byte, dec *json.Decoder, open json.Delim) ([]byte, error) {
	kind, members := byte(jsonArray), 1
	if open == '{' {
		kind, members = jsonObject, 2
	}
	at := len(dst) + 1
	dst = append(dst, kind, 0, 0, 0, 0)
	count := 0
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return dst, err
		}
		if dst, err = appendJSONToken(dst, dec, tok); err != nil {
			return dst, err
		}
		count++
	}
	if _, err := dec.Token(); err != nil {
		return dst, err
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(count/members))
	return dst, nil
}
