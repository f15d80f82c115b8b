package catalog

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// recordFormat is the first byte of every catalog value; JSON follows. A
// change that old code would misread takes the next number.
const recordFormat = 1

func encodeRecord(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode catalog record: %w", err)
	}
	return append([]byte{recordFormat}, body...), nil
}

func decodeRecord(value []byte, v any) error {
	if len(value) == 0 {
		return pgerror.New(pgerror.DataCorrupted, "catalog record is empty")
	}
	if value[0] != recordFormat {
		return pgerror.New(pgerror.DataCorrupted, "catalog record has format %d, this version reads format %d", value[0], recordFormat)
	}
	if err := json.Unmarshal(value[1:], v); err != nil {
		return pgerror.Wrap(err, pgerror.DataCorrupted, "catalog record cannot be read: %v", err)
	}
	return nil
}

// plainColumn is Column without its methods.
type plainColumn Column

// columnRecord is the stored form of a Column: Missing's bytes need not be
// UTF-8, so they are base64.
type columnRecord struct {
	plainColumn
	Missing *datumRecord `json:",omitempty"`
}

type datumRecord struct {
	Phys  types.Phys
	Int   int64  `json:",omitempty"`
	Bytes string `json:",omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (c Column) MarshalJSON() ([]byte, error) {
	r := columnRecord{plainColumn: plainColumn(c)}
	if m := c.Missing; !m.IsNull() {
		r.Missing = &datumRecord{Phys: m.P, Int: m.I, Bytes: base64.StdEncoding.EncodeToString(m.Bytes())}
	}
	return json.Marshal(r)
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *Column) UnmarshalJSON(b []byte) error {
	var r columnRecord
	if err := json.Unmarshal(b, &r); err != nil {
		return err
	}
	*c = Column(r.plainColumn)
	c.Missing = types.Null
	if r.Missing != nil {
		s, err := base64.StdEncoding.DecodeString(r.Missing.Bytes)
		if err != nil {
			return err
		}
		c.Missing = types.Datum{P: r.Missing.Phys, I: r.Missing.Int, S: string(s)}
	}
	return nil
}
