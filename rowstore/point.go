package rowstore

import (
	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// PointKey appends the key of the one row or entry that has the given values
// in all columns of a clustered primary key (ix nil or that index) or a unique
// index: the point path's EncodeRange. ok is false if a value is NULL, so that
// nothing can be found by one Get.
func (l *Layout) PointKey(dst []byte, ix *catalog.Index, values []types.Datum) (key []byte, ok bool, err error) {
	columns := l.pk
	var x *indexLayout
	if ix != nil {
		x = l.index(ix)
	}
	switch {
	case x != nil:
		dst = append(dst, x.prefix...)
		columns = x.columns
	case l.handle == handleInt:
		dst = append(dst, l.rowPrefix...)
		return keycodec.AppendInt(dst, values[0].I), !values[0].IsNull(), nil
	default:
		dst = append(dst, l.rowPrefix...)
	}
	for i := range columns {
		if values[i].IsNull() {
			return dst, false, nil
		}
		if dst, err = columns[i].Append(dst, values[i]); err != nil {
			return dst, false, err
		}
	}
	return dst, true, nil
}
