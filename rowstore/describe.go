package rowstore

import (
	"fmt"

	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/rowstore/rowcodec"
)

// DescribeKey explains the bytes of a key without a catalog (tidemark inspect key).
func DescribeKey(key []byte) string { return keycodec.Describe(key) }

// DescribeRow explains the value of a row or of an index entry without a
// catalog (tidemark inspect row).
func DescribeRow(value []byte) string {
	if len(value) > 0 && value[0] == rowcodec.Version {
		return rowcodec.Describe(value)
	}
	return describeEntry(value)
}

func describeEntry(value []byte) string {
	switch {
	case len(value) == 0:
		return "empty"
	case len(value) == 1 && value[0] == '0':
		return "index entry, handle in the key"
	case len(value) == 8:
		v, _, _ := keycodec.DecodeInt(plainHandle(nil, value))
		return fmt.Sprintf("index entry, handle %d", v)
	case len(value) <= maxPlainIndexValue || int(value[0]) >= len(value):
		return fmt.Sprintf("neither a row nor an index entry: %x", value)
	}
	tail := int(value[0])
	body, end := value[1:len(value)-tail], value[len(value)-tail:]
	out := "index entry"
	if len(body) >= 3 && body[0] == optionCommonHandle {
		n := min(int(body[1])<<8|int(body[2]), len(body)-3)
		prefix := keycodec.AppendKind(nil, 0, keycodec.KindRow)
		out += keycodec.Describe(append(prefix, body[3:3+n]...))[len("table 0 row"):]
		body = body[3+n:]
	} else if tail >= 8 {
		v, _, _ := keycodec.DecodeInt(plainHandle(nil, end[:8]))
		out += fmt.Sprintf(", handle %d", v)
	}
	if len(body) > 0 {
		out += ", restored columns:\n" + rowcodec.Describe(body)
	}
	return out
}
