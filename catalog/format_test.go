package catalog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestFormat pins the stored bytes.
func TestFormat(t *testing.T) {
	records := map[string]any{
		"version":   versionRecord{Version: 7},
		"allocator": allocatorRecord{OID: 16448, Storage: 65, Version: 1025},
		"sequence":  sequenceRecord{Last: 33, Called: true},
		"destroy":   destroyRecord{Start: []byte{'t', 0x80}, End: []byte{'t', 0x81}},
		"database":  &Database{ID: 5, Name: "postgres", Owner: 10, AllowConnections: true},
		"role":      superuser(10, "tidemark"),
		"schema":    publicSchema(),
		"type":      &UserType{ID: 16390, ArrayID: 16391, Name: "mood", Schema: 2200, Owner: 10, Kind: 'e', Labels: []EnumLabel{{ID: 16392, Label: "sad", Sort: 1}}},
		"domain":    &UserType{ID: 16393, ArrayID: 16394, Name: "d", Schema: 2200, Owner: 10, Kind: 'd', Base: types.Of(types.Int4), Checks: []Check{{ID: 1, Name: "c", Expr: "VALUE > 0"}}},
		"stats":     &TableStats{Rows: 3, Columns: map[int16]*ColumnStats{1: {NullFraction: 0.5, Width: 4, Distinct: -1}}},
		"stats-full": &TableStats{Rows: 9, Bytes: 640, Sampled: 9, Columns: map[int16]*ColumnStats{
			1: {Width: 4, Distinct: 3, Common: StatValues{types.NewInt4(-7)}, Frequencies: []float64{0.25}, Bounds: StatValues{types.NewInt4(0), types.NewInt4(2)}, Correlation: new(float64)},
			2: {Width: 1, Distinct: -1, Bounds: StatValues{types.NewString(""), types.NewString("\xff")}},
		}},
		"table": &Table{
			ID: 16384, Name: "t", Schema: 2200, Kind: KindTable, Owner: 10, Storage: 1, Version: 3, RowType: 16385, RowArray: 16386, Clustered: true, Access: "heap",
			Columns: []Column{
				{Num: 1, Name: "id", Type: types.Of(types.Int8), NotNull: true},
				{Num: 2, Name: "v", Type: types.Type{OID: types.Varchar, Mod: 14}, Missing: types.NewBinary("\xff\x00")},
			},
			Indexes: []Index{{ID: 16387, Name: "t_pkey", Columns: []IndexColumn{{Num: 1}}, Unique: true, Primary: true, Constraint: 16388, Method: "btree", Storage: 2}},
		},
		"sequence-relation": &Table{
			ID: 16389, Name: "s", Schema: 2200, Kind: KindSequence, Owner: 10, Storage: 3, Columns: SequenceColumns(),
			Sequence: &Sequence{Type: types.Int8, Start: 1, Increment: 1, Min: 1, Max: 9, Cache: 1, Initial: 1},
		},
	}
	keys := map[string][]byte{
		"version": versionKey, "allocator": allocatorKey, "sequence": sequenceKey(3), "destroy": destroyKey(9), "lock": TableLockKey(16384),
		"database": objectKey(kindDatabase, 0, 5), "table": objectKey(kindRelation, 6, 16384),
		"storage-start": StorageSpan(1).Start, "storage-end": StorageSpan(1).End, "index-start": IndexSpan(1, 2).Start, "index-end": IndexSpan(1, 2).End,
	}
	datadriven.Walk(t, "testdata/format", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out strings.Builder
			for _, name := range strings.Fields(d.Input) {
				switch d.Cmd {
				case "key":
					fmt.Fprintf(&out, "%s %q\n", name, keys[name])
				case "value":
					b, err := encodeRecord(records[name])
					if err != nil {
						t.Fatal(err)
					}
					fmt.Fprintf(&out, "%s %q\n", name, b)
				}
			}
			return out.String()
		})
	})
}

// TestColumnRoundTrip: a value that is no UTF-8 survives.
func TestColumnRoundTrip(t *testing.T) {
	want := Column{Num: 2, Name: "v", Type: types.Of(types.Bytea), Missing: types.NewBinary("\xff\x00\x80"), NotNull: true}
	b, err := encodeRecord(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Column
	if err := decodeRecord(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Missing != want.Missing || got.Name != want.Name || got.Type != want.Type || !got.NotNull {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, bad := range [][]byte{nil, {2, '{', '}'}, {1, '{'}} {
		if err := decodeRecord(bad, &got); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestLayered compares with a plain map under random changes and clones.
func TestLayered(t *testing.T) {
	var m layered[int, int]
	want := map[int]int{}
	old, oldWant := m.clone(), map[int]int{}
	for i := range 3000 {
		k := i * 7919 % 97
		if i%3 == 2 {
			m.set(k, nil)
			delete(want, k)
		} else {
			v := i
			m.set(k, &v)
			want[k] = v
		}
		if i%5 == 0 {
			m = m.clone()
		}
		if i == 1500 {
			old = m.clone()
			for k, v := range want {
				oldWant[k] = v
			}
		}
	}
	check := func(m *layered[int, int], want map[int]int) {
		t.Helper()
		n := 0
		m.all(func(k int, v *int) {
			n++
			if want[k] != *v || m.get(k) != v {
				t.Errorf("%d = %d, want %d", k, *v, want[k])
			}
		})
		if n != len(want) || m.count != n {
			t.Errorf("%d entries, count %d, want %d", n, m.count, len(want))
		}
	}
	check(&m, want)
	check(&old, oldWant)
}

func FuzzDecodeRecord(f *testing.F) {
	b, _ := encodeRecord(&Table{ID: 1, Columns: []Column{{Num: 1, Missing: types.NewBinary("x")}}})
	f.Add(b)
	f.Add([]byte{1, '{', '}'})
	f.Fuzz(func(_ *testing.T, b []byte) {
		var t Table
		_ = decodeRecord(b, &t)
		var u UserType
		_ = decodeRecord(b, &u)
	})
}
