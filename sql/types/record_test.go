package types_test

import (
	"slices"
	"testing"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func TestRecordNames(t *testing.T) {
	fields := []types.RecordField{
		{Type: types.Of(types.Int4), Value: types.NewInt4(7)},
		{Type: types.Of(types.Text), Value: types.NewString("seven")},
		{Type: types.Of(types.Text), Value: types.Null},
	}
	names := []string{"id", "", "note"}
	plain, named := types.BuildRecord(fields), types.BuildNamedRecord(fields, names)
	if got := named.RecordNames(); !slices.Equal(got, names) {
		t.Errorf("names %q, want %q", got, names)
	}
	if got := plain.RecordNames(); got != nil {
		t.Errorf("names %q of a record without", got)
	}
	if got := len(named.Record()); got != 3 {
		t.Errorf("%d fields", got)
	}
	record := types.Of(types.Record)
	if types.Compare(record, plain, named) != 0 || types.Hash(record, plain, 1) != types.Hash(record, named, 1) {
		t.Error("names change equality")
	}
	for n := range len(named.S) { // a cut one must not panic
		cut := types.NewBinary(named.S[:n])
		cut.RecordNames()
	}
}
