package clientstmts

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// evaluate replaces expressions by their values.
func (c *Conn) evaluate(binds []Bind) ([]Bind, error) {
	out := append([]Bind(nil), binds...)
	for i, v := range out {
		if !v.Expr {
			continue
		}
		a, err := c.Simple("SELECT (" + v.Text + ")::oid")
		if err != nil {
			return nil, err
		}
		out[i] = Bind{Null: true}
		if a.Code == "" && len(a.Results[0].Rows) == 1 && a.Results[0].Rows[0][0] != nil {
			out[i] = Bind{Text: *a.Results[0].Rows[0][0]}
		}
	}
	return out, nil
}

// encode gives a recorded value as Bind sends it for a parameter of the type.
func encode(v Bind, oid uint32) ([]byte, int16, error) {
	switch {
	case v.Null:
		return nil, 0, nil
	case !v.Binary:
		return []byte(v.Text), 0, nil
	}
	if digits, ok := strings.CutPrefix(v.Text, `\x`); ok {
		raw, err := hex.DecodeString(digits)
		return raw, 1, err
	}
	raw, err := binaryOf(v.Text, oid)
	if err != nil {
		return []byte(v.Text), 0, nil //nolint:nilerr // text is as good
	}
	return raw, 1, nil
}

// binaryOf is the binary form of a number or boolean.
func binaryOf(text string, oid uint32) ([]byte, error) {
	switch oid {
	case 16:
		if text == "true" {
			return []byte{1}, nil
		}
		return []byte{0}, nil
	case 700:
		f, err := strconv.ParseFloat(text, 32)
		return binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(f))), err
	case 701:
		f, err := strconv.ParseFloat(text, 64)
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(f)), err
	case 21:
		n, err := strconv.ParseInt(text, 10, 16)
		return binary.BigEndian.AppendUint16(nil, uint16(n)), err
	case 23, 26, 2205, 2206:
		n, err := strconv.ParseInt(text, 10, 64)
		return binary.BigEndian.AppendUint32(nil, uint32(n)), err
	case 20:
		n, err := strconv.ParseInt(text, 10, 64)
		return binary.BigEndian.AppendUint64(nil, uint64(n)), err
	}
	return nil, fmt.Errorf("no binary form of type %d here", oid)
}
