package catalog

import (
	"fmt"
	"strings"
	"sync"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// staticTable is a catalog whose rows are PostgreSQL's own, from systemdata.
// They are parsed once, when first asked for.
type staticTable struct {
	name string
	load func() ([][]types.Datum, error)
}

func newStatic(name string) *staticTable {
	s := &staticTable{name: name}
	s.load = sync.OnceValues(s.parse)
	return s
}

var (
	staticType      = newStatic("pg_type")
	staticOpclass   = newStatic("pg_opclass")
	staticAmop      = newStatic("pg_amop")
	staticProc      = newStatic("pg_proc")
	staticCollation = newStatic("pg_collation")
	staticRange     = newStatic("pg_range")
)

func init() {
	for _, s := range []*staticTable{
		staticOpclass, staticAmop, staticCollation, staticRange,
		newStatic("pg_amproc"), newStatic("pg_opfamily"), newStatic("pg_language"),
		newStatic("pg_tablespace"), newStatic("pg_conversion"), newStatic("pg_ts_config"), newStatic("pg_ts_config_map"),
		newStatic("pg_ts_dict"), newStatic("pg_ts_parser"), newStatic("pg_ts_template"),
	} {
		virtual(s.name, func(_ VirtualEnv, emit emitFunc) error { return s.each(emit) })
	}
	am := newStatic("pg_am")
	virtual(am.name, func(_ VirtualEnv, emit emitFunc) error {
		if err := am.each(emit); err != nil {
			return err
		}
		return emit([]types.Datum{dOid(amTimeSeries), dText(AccessTimeSeries), dOid(0), dChar('t')})
	})
}

// each emits the rows; they are shared and must not be changed.
func (s *staticTable) each(emit emitFunc) error {
	rows, err := s.load()
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := emit(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *staticTable) parse() ([][]types.Datum, error) {
	text, err := systemData.ReadFile("systemdata/" + s.name + ".tsv")
	if err != nil {
		return nil, err
	}
	cols := systemCatalog().tableNames[qualified{PgCatalogOID, s.name}].Columns
	var rows [][]types.Datum
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != len(cols) {
			return nil, fmt.Errorf("systemdata/%s.tsv: %d fields in a row, want %d", s.name, len(fields), len(cols))
		}
		row := make([]types.Datum, len(cols))
		for i, f := range fields {
			if f == `\N` {
				continue
			}
			if cols[i].Type.Phys() == types.PhysUint32 { // reg* columns are numbers here
				row[i] = dOid(parseOID(f))
				continue
			}
			if row[i], err = types.Parse(cols[i].Type, strings.ReplaceAll(f, `\\`, `\`), nil); err != nil {
				return nil, fmt.Errorf("systemdata/%s.tsv: %s: %w", s.name, cols[i].Name, err)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}
