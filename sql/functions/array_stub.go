package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func appendJSONArray(dst []byte, c *Context, t types.Type, d types.Datum, canonical bool) ([]byte, error) {
	return nil, pgerror.Unsupported("arrays")
}

func appendJSONRecord(dst []byte, c *Context, d types.Datum, canonical bool) ([]byte, error) {
	return nil, pgerror.Unsupported("records")
}
