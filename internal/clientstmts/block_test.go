package clientstmts

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestReadBlocks(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.sql")
	text := "-- head: of the file\n\n-- client: x\n-- action: a, b\n-- path: extended; statement named\n" +
		"-- declared parameter type oids: 23, 0\n-- bind: $1 = 5 (binary), $2 = 'it's, $1', $3 = NULL, $4 = (SELECT 1)\n" +
		"-- a comment of the statement\nSELECT 1;\n-- another\n-- end\n\n-- client: x\n-- path: simple\n-- (empty query)\n-- end\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadBlocks(name)
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{{
		Client: "x", Action: "a, b", Path: "extended; statement named", ParamOIDs: []uint32{23, 0},
		Binds: []Bind{{Text: "5", Binary: true}, {Text: "it's, $1"}, {Null: true}, {Text: "(SELECT 1)", Expr: true}},
		SQL:   "-- a comment of the statement\nSELECT 1;\n-- another", Line: 3,
	}, {Client: "x", Path: "simple", Line: 13}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSplitStatements(t *testing.T) {
	got := SplitStatements("-- a; b\nSELECT ';', \"a;b\";\n\nSELECT 2 -- c;\n;SELECT 3")
	want := []string{"SELECT ';', \"a;b\"", "SELECT 2 -- c;", "SELECT 3"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
