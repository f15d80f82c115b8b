package functions_test

import (
	"context"
	"net/netip"
	"time"

	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// testSession answers the functions that ask the session, about the few
// objects that the examples name.
type testSession struct {
	random   functions.RandomState
	settings map[string]string
	sequence int64
	called   bool
	locks    map[functions.AdvisoryKey]int
}

func newTestSession() *testSession {
	return &testSession{
		settings: map[string]string{"server_encoding": "UTF8", "client_encoding": "UTF8", "application_name": ""},
		locks:    map[functions.AdvisoryKey]int{},
	}
}

func (s *testSession) RandomState() *functions.RandomState { return &s.random }

func (s *testSession) CurrentUser() string { return "postgres" }
func (s *testSession) SessionUser() string { return "postgres" }
func (s *testSession) Database() string    { return "postgres" }
func (s *testSession) BackendPID() int32   { return 4711 }
func (s *testSession) Version() string     { return "PostgreSQL 15.0 (Tidemark)" }
func (s *testSession) Query() string       { return "SELECT 1" }

func (s *testSession) ClientAddr() netip.AddrPort { return netip.MustParseAddrPort("127.0.0.1:40000") }

func (s *testSession) ServerAddr() netip.AddrPort { return netip.MustParseAddrPort("127.0.0.1:5440") }

func (s *testSession) Schemas(implicit bool) []string {
	if implicit {
		return []string{"pg_catalog", "public"}
	}
	return []string{"public"}
}

func (s *testSession) Setting(name string) (string, bool) {
	v, ok := s.settings[name]
	return v, ok
}

func (s *testSession) SetSetting(name string, value *string, _ bool) (string, error) {
	if _, ok := s.settings[name]; !ok {
		return "", pgerror.New(pgerror.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	}
	if value == nil {
		s.settings[name] = ""
	} else {
		s.settings[name] = *value
	}
	return s.settings[name], nil
}

func (s *testSession) NextVal(context.Context, uint32) (int64, error) {
	s.sequence++
	s.called = true
	return s.sequence, nil
}

func (s *testSession) CurrVal(context.Context, uint32) (int64, error) {
	return s.LastVal(context.Background())
}

func (s *testSession) LastVal(context.Context) (int64, error) {
	if !s.called {
		return 0, pgerror.New(pgerror.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
	}
	return s.sequence, nil
}

func (s *testSession) SetVal(_ context.Context, _ uint32, v int64, called bool) error {
	s.sequence = v
	if !called {
		s.sequence--
	}
	return nil
}

func (s *testSession) SequenceLast(context.Context, uint32) (int64, bool, error) {
	return s.sequence, s.called, nil
}

func (s *testSession) StartTime() time.Time                  { return time.Unix(1700000000, 0) }
func (s *testSession) ReloadTime() time.Time                 { return time.Unix(1700000000, 0) }
func (s *testSession) CancelBackend(pid int32) (bool, error) { return pid == 4711, nil }
func (s *testSession) TerminateBackend(int32) (bool, error)  { return false, nil }

func (s *testSession) TransactionID(assign bool) (uint64, bool) { return 7, assign }

func (s *testSession) AdvisoryLock(_ context.Context, k functions.AdvisoryKey, _ functions.AdvisoryMode) (bool, error) {
	s.locks[k]++
	return true, nil
}

func (s *testSession) AdvisoryUnlock(_ context.Context, k functions.AdvisoryKey, _ bool) (bool, error) {
	held := s.locks[k] > 0
	s.locks[k]--
	return held, nil
}

func (s *testSession) AdvisoryUnlockAll(context.Context) error {
	clear(s.locks)
	return nil
}

func (s *testSession) FormatType(types.Type) (string, bool) { return "", false }

func (s *testSession) IndexDef(oid uint32, column int, _ bool) (string, bool) {
	switch {
	case oid != 2662:
		return "", false
	case column == 1:
		return "oid", true
	}
	return "CREATE UNIQUE INDEX pg_class_oid_index ON pg_catalog.pg_class USING btree (oid)", true
}

func (s *testSession) ConstraintDef(uint32, bool) (string, bool) { return "", false }
func (s *testSession) ViewDef(uint32, bool) (string, bool)       { return "", false }
func (s *testSession) Updatable(uint32, int16) (int32, bool)     { return 0, false }

func (s *testSession) RelationByName(name string) (uint32, error) {
	if name == "pg_class" {
		return 1259, nil
	}
	return 0, pgerror.New(pgerror.UndefinedTable, "relation \"%s\" does not exist", name)
}

func (s *testSession) SerialSequence(_ uint32, column string) (string, bool, error) {
	if column != "oid" {
		return "", false, pgerror.New(pgerror.UndefinedColumn, "column \"%s\" of relation \"pg_class\" does not exist", column)
	}
	return "", false, nil
}

var testObjects = map[functions.ObjectClass]map[string]uint32{
	functions.ClassRelation:   {"pg_class": 1259},
	functions.ClassType:       {"int4": 23},
	functions.ClassProc:       {"upper": 871},
	functions.ClassOperator:   {"=": 96},
	functions.ClassCollation:  {"default": 100},
	functions.ClassNamespace:  {"pg_catalog": 11},
	functions.ClassDatabase:   {"postgres": 5},
	functions.ClassRole:       {"postgres": 10, "pg_monitor": 3373},
	functions.ClassTablespace: {"pg_default": 1663},
	functions.ClassLanguage:   {"sql": 14},
}

func (s *testSession) Visible(class functions.ObjectClass, oid uint32) (bool, bool) {
	ok := s.Exists(class, oid)
	return ok, ok
}

func (s *testSession) Exists(class functions.ObjectClass, oid uint32) bool {
	_, ok := s.Name(class, oid)
	return ok
}

func (s *testSession) ByName(class functions.ObjectClass, name string) (uint32, bool) {
	oid, ok := testObjects[class][name]
	return oid, ok
}

func (s *testSession) Name(class functions.ObjectClass, oid uint32) (string, bool) {
	for name, o := range testObjects[class] {
		if o == oid {
			return name, true
		}
	}
	return "", false
}

func (s *testSession) Description(class functions.ObjectClass, oid uint32, _ int) (string, bool) {
	if class == functions.ClassNamespace && oid == 11 {
		return "system catalog schema", true
	}
	return "", false
}

func (s *testSession) ColumnNumber(_ uint32, column string) int16 {
	if column == "relname" {
		return 2
	}
	return 0
}

func (s *testSession) HasColumn(_ uint32, n int16) bool { return n > 0 && n < 30 }

func (s *testSession) RelationKind(uint32) byte        { return 'r' }
func (s *testSession) Ancestors(uint32) []uint32       { return nil }
func (s *testSession) Publishable(uint32) (bool, bool) { return false, true }

func (s *testSession) RelationSize(context.Context, uint32, functions.SizePart) (int64, bool, error) {
	return 8192, true, nil
}

func (s *testSession) DatabaseSize(context.Context, uint32) (int64, error) { return 81920, nil }

func (s *testSession) HasPrivilege(uint32, functions.ObjectClass, uint32, int16, string, bool) bool {
	return true
}

func (s *testSession) HasRole(uint32, uint32, string, bool) bool { return true }

// testResolver knows no names.
type testResolver struct{}

func (testResolver) RegOut(t types.OID, oid uint32) (string, bool) {
	if t == types.Regtype && types.Lookup(types.OID(oid)) != nil {
		return types.Format(types.Of(types.OID(oid))), true
	}
	return "", false
}

func (testResolver) RegIn(t types.OID, text string) (uint32, error) {
	if t == types.Regclass && text == "conditions" || t == types.Regproc && text == "now" {
		return 1, nil
	}
	return 0, pgerror.New(pgerror.UndefinedObject, "%s \"%s\" does not exist", types.Format(types.Of(t)), text)
}

func (testResolver) TypeInfo(types.OID) *types.Info { return nil }

func (testResolver) TypeByName(string, string) (types.OID, bool) { return 0, false }

// SeriesAdmin knows the hypertable conditions with one chunk.
func (s *testSession) SeriesAdmin(_ *functions.Context, name string, args functions.SeriesArgs) ([][]types.Datum, error) {
	str, num, yes := types.NewString, types.NewInt8, types.NewBool(true)
	const schema, chunk = "_timescaledb_internal", "_hyper_1_1_chunk"
	_, short := args["dimension"]
	size := []types.Datum{num(8192), num(0), num(0), num(8192), types.Null}
	packed := append([]types.Datum{num(65536), num(0), num(0), num(65536)}, size...)
	var row []types.Datum
	switch name {
	case "create_hypertable":
		if row = []types.Datum{types.NewInt4(1), str("public"), str("conditions"), yes}; short {
			row = []types.Datum{types.NewInt4(1), yes}
		}
	case "add_dimension":
		if row = []types.Datum{types.NewInt4(2), str("public"), str("conditions"), str("device"), yes}; short {
			row = []types.Datum{types.NewInt4(2), yes}
		}
	case "add_retention_policy":
		row = []types.Datum{types.NewInt4(1000)}
	case "add_continuous_aggregate_policy":
		row = []types.Datum{types.NewInt4(-1)}
	case "add_compression_policy":
		row = []types.Datum{types.NewInt4(1001)}
	case "remove_compression_policy":
		row = []types.Datum{yes}
	case "drop_chunks", "show_chunks", "compress_chunk", "decompress_chunk":
		row = []types.Datum{str(schema + "." + chunk)}
	case "hypertable_size", "hypertable_approximate_size":
		row = size
	case "hypertable_detailed_size":
		row = size
	case "hypertable_approximate_detailed_size":
		row = size[:4]
	case "hypertable_index_size":
		row = []types.Datum{num(0)}
	case "chunks_detailed_size":
		row = append([]types.Datum{str(schema), str(chunk)}, size...)
	case "hypertable_compression_stats", "hypertable_columnstore_stats":
		row = append([]types.Datum{num(1), num(1)}, packed...)
	case "chunk_compression_stats", "chunk_columnstore_stats":
		row = append([]types.Datum{str(schema), str(chunk), str("Compressed")}, packed...)
	case "approximate_row_count":
		row = []types.Datum{num(100)}
	default:
		return nil, nil
	}
	return [][]types.Datum{row}, nil
}
