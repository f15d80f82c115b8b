package ddl

import (
	"context"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// TimescaleDB's own SQLSTATEs, which clients look for.
const (
	hypertableNotExist pgerror.Code = "TS001"
	dimensionNotExist  pgerror.Code = "TS102"
	badUniqueIndex     pgerror.Code = "TS103"
	hypertableExists   pgerror.Code = "TS110"
	dimensionExists    pgerror.Code = "TS111"
)

// defaultChunkDays is create_hypertable's chunk_time_interval.
const defaultChunkDays = 7

// seriesChange executes one administrative function on a locked table.
type seriesChange struct {
	ctx  context.Context
	env  *Env
	args functions.SeriesArgs
}

// seriesChanges are the functions of functions/series_admin.go that change the catalog.
var seriesChanges = map[string]func(*seriesChange) ([][]types.Datum, error){
	"create_hypertable":         (*seriesChange).createHypertable,
	"add_dimension":             (*seriesChange).addDimension,
	"set_chunk_time_interval":   (*seriesChange).setChunkInterval,
	"set_partitioning_interval": (*seriesChange).setChunkInterval,
	"set_number_partitions":     (*seriesChange).setPartitions,
	"set_integer_now_func":      (*seriesChange).setIntegerNow,
	"add_retention_policy":      (*seriesChange).addRetention,
	"remove_retention_policy":   (*seriesChange).removeRetention,
	"add_compression_policy":    (*seriesChange).addCompression,
	"remove_compression_policy": (*seriesChange).removeCompression,
	"drop_chunks":               (*seriesChange).dropChunks,
}

// SeriesChange executes an administrative function of time-series tables that
// changes the catalog and returns its rows.
func SeriesChange(ctx context.Context, env *Env, function string, args functions.SeriesArgs) ([][]types.Datum, error) {
	return seriesChanges[function](&seriesChange{ctx: ctx, env: env, args: args})
}

// SeriesTable finds the hypertable, or other time-series table, that an argument
// names by its OID.
func SeriesTable(snap *catalog.Snapshot, args functions.SeriesArgs, param string) (*catalog.Table, error) {
	arg, ok := args[param]
	if !ok {
		return nil, pgerror.New(pgerror.InvalidParameterValue, "invalid hypertable: cannot be NULL")
	}
	t := snap.TableByID(catalog.OID(arg.Value.I))
	if t == nil {
		return nil, pgerror.New(pgerror.UndefinedTable, "relation with OID %d does not exist", arg.Value.I)
	}
	if t.TimeSeries == nil {
		return nil, pgerror.New(hypertableNotExist, "table %q is not a hypertable", t.Name)
	}
	return t, nil
}

// table finds and locks the table that an argument names, and returns a copy.
func (s *seriesChange) table(param string) (*catalog.Table, error) {
	t, err := SeriesTable(s.env.Editor.Snapshot(), s.args, param)
	if err != nil {
		return nil, err
	}
	if err := s.env.Lock(s.ctx, t.ID, kv.LockUpdate); err != nil {
		return nil, err
	}
	return t.Clone(), nil
}

func (s *seriesChange) flag(name string, def bool) bool {
	if a, ok := s.args[name]; ok {
		return a.Value.Bool()
	}
	return def
}

func (s *seriesChange) text(name string) string { return s.args[name].Value.S }

// hypertableID is the number that TimescaleDB's views and functions give a table.
func hypertableID(t *catalog.Table) types.Datum { return types.NewInt4(int32(t.ID)) }

// createHypertable executes create_hypertable in both forms.
func (s *seriesChange) createHypertable() ([][]types.Datum, error) {
	t, err := s.plainTable()
	if err != nil {
		return nil, err
	}
	if t.TimeSeries != nil {
		e := pgerror.New(hypertableExists, "table %q is already a hypertable", t.Name)
		if !s.flag("if_not_exists", false) {
			return nil, e
		}
		s.env.Notice(pgerror.NewNotice("%s, skipping", e.Message).WithCode(hypertableExists))
		return s.hypertableRow(t, false), nil
	}
	filled, err := s.hasRows(t)
	if err != nil {
		return nil, err
	}
	if filled && !s.flag("migrate_data", false) {
		return nil, pgerror.New(pgerror.FeatureNotSupported, "table %q is not empty", t.Name).
			WithHint("You can migrate data by specifying 'migrate_data => true' when calling this function.")
	}
	old := t
	t = t.Clone()
	if err := s.layOut(t); err != nil {
		return nil, err
	}
	s.noteIdle()
	if filled {
		s.env.Notice(pgerror.NewNotice("migrating data to chunks").WithDetail("Migration might take a while depending on the amount of data."))
	}
	t.Storage = 0
	if !filled {
		err = s.env.Editor.UpdateTable(t)
	} else {
		err = refill(s.ctx, s.env, old, t)
	}
	if err != nil {
		return nil, err
	}
	if s.flag("create_default_indexes", true) {
		if err := s.defaultIndexes(s.env.Editor.Snapshot().TableByID(t.ID).Clone()); err != nil {
			return nil, err
		}
	}
	return s.hypertableRow(t, true), nil
}

// idleArguments are those of create_hypertable that say how TimescaleDB is to lay out
// and name its chunks.
var idleArguments = []string{
	"associated_schema_name", "associated_table_prefix", "partitioning_func", "chunk_target_size", "chunk_sizing_func", "time_partitioning_func",
	"replication_factor", "data_nodes", "distributed",
}

// noteIdle tells of arguments that have no effect.
func (s *seriesChange) noteIdle() {
	for _, name := range idleArguments {
		if a, ok := s.args[name]; ok && (a.Type.OID != types.Bool || a.Value.Bool()) {
			s.env.Notice(pgerror.NewNotice("%s has no effect", name))
		}
	}
}

// hypertableRow is the result of create_hypertable in the form that was called.
func (s *seriesChange) hypertableRow(t *catalog.Table, created bool) [][]types.Datum {
	if _, ok := s.args["dimension"]; ok {
		return [][]types.Datum{{hypertableID(t), types.NewBool(created)}}
	}
	schema := s.env.Editor.Snapshot().SchemaByID(t.Schema).Name
	return [][]types.Datum{{hypertableID(t), types.NewString(schema), types.NewString(t.Name), types.NewBool(created)}}
}

// plainTable finds and locks the table to become a hypertable.
func (s *seriesChange) plainTable() (*catalog.Table, error) {
	arg, ok := s.args["relation"]
	if !ok {
		return nil, pgerror.New(pgerror.InvalidParameterValue, "relation cannot be NULL")
	}
	id := catalog.OID(arg.Value.I)
	t := s.env.Editor.Snapshot().TableByID(id)
	if t == nil || t.Kind != catalog.KindTable {
		return nil, pgerror.New(pgerror.WrongObjectType, "invalid relation type")
	}
	if len(t.ReferencedBy) > 0 {
		return nil, pgerror.New(pgerror.FeatureNotSupported, "cannot have FOREIGN KEY constraints to hypertable %q", t.Name).
			WithHint("Remove all FOREIGN KEY constraints to table %q before making it a hypertable.", t.Name)
	}
	if err := s.env.Lock(s.ctx, id, kv.LockUpdate); err != nil {
		return nil, err
	}
	return s.env.Editor.Snapshot().TableByID(id), nil
}

// hasRows reports whether a table has a row.
func (s *seriesChange) hasRows(t *catalog.Table) (bool, error) {
	stmt, err := parseQuery("SELECT 1 FROM " + qualifiedName(s.env, t) + " LIMIT 1")
	if err != nil {
		return false, err
	}
	found := false
	err = executor.AtLatest(s.env.Txn, func() error {
		return s.env.Query(s.ctx, stmt, func(arrow.RecordBatch) error {
			found = true
			return nil
		})
	})
	return found, err
}

// layOut makes t, a copy of a table for rows, a hypertable by the arguments.
func (s *seriesChange) layOut(t *catalog.Table) error {
	column, interval := s.text("time_column_name"), s.args["chunk_time_interval"]
	if dim, ok := s.args["dimension"]; ok {
		f := dim.Value.Record()
		if f[0].Value.S != "range" {
			return pgerror.New(pgerror.InvalidParameterValue, "cannot partition using a closed dimension on primary column").
				WithHint("Use range partitioning on the primary column.")
		}
		column, interval = f[1].Value.S, functions.SeriesArg{Type: f[2].Type, Value: f[2].Value}
	}
	if column == "" {
		return pgerror.New(pgerror.InvalidParameterValue, "time column cannot be NULL")
	}
	col := columnByName(t, column)
	if col == nil {
		return pgerror.New(pgerror.UndefinedColumn, "column %q does not exist", column)
	}
	if !isTimeType(col.Type.OID) {
		return pgerror.New(pgerror.InvalidParameterValue, "invalid type for dimension %q", column).
			WithHint("Use an integer, timestamp, or date type.")
	}
	t.Access, t.Clustered = catalog.AccessTimeSeries, false
	t.TimeSeries = &catalog.TimeSeries{Time: col.Num, Buckets: catalog.DefaultBuckets, MarksNulls: true, Hypertable: true}
	length, err := chunkLength(t, col, interval)
	if err != nil {
		return err
	}
	t.TimeSeries.Slices = []catalog.SliceInterval{{From: math.MinInt64, Length: length}}
	if !col.NotNull {
		s.env.Notice(pgerror.NewNotice("adding not-null constraint to column %q", column).WithCode(pgerror.WrongObjectType).
			WithDetail("Dimensions cannot have NULL values."))
		col.NotNull = true
	}
	if col.Type.OID == types.Timestamp {
		s.env.Notice(pgerror.NewWarning(pgerror.Warning, "column type %q used for %q does not follow best practices", types.Format(col.Type), column).
			WithHint("Use datatype TIMESTAMPTZ instead."))
	}
	if name := s.text("partitioning_column"); name != "" {
		n, hasN := s.args["number_partitions"]
		if !hasN {
			n = s.args["replication_factor"]
		}
		if err := addSpace(t, name, n); err != nil {
			return err
		}
	}
	t.TimeSeries.Tags = hypertableTags(t)
	return checkSeriesKeys(t)
}

// addSpace adds a dimension of hashes.
func addSpace(t *catalog.Table, name string, partitions functions.SeriesArg) error {
	col := columnByName(t, name)
	if col == nil {
		return pgerror.New(pgerror.UndefinedColumn, "column %q does not exist", name)
	}
	n := int64(0)
	if !partitions.Value.IsNull() {
		n = partitions.Value.Int()
	}
	if n < 1 || n > math.MaxInt16 {
		return pgerror.New(pgerror.InvalidParameterValue, "invalid number of partitions for dimension %q", name).
			WithHint("A closed (space) dimension must specify between 1 and 32767 partitions.")
	}
	t.TimeSeries.Dimensions = append(t.TimeSeries.Dimensions, catalog.SpaceDimension{Column: col.Num, Partitions: int(n)})
	return nil
}

// chunkLength is a chunk interval in the time column's unit: an interval, or a
// number, which for times counts microseconds.
func chunkLength(t *catalog.Table, col *catalog.Column, arg functions.SeriesArg) (int64, error) {
	b := &seriesBuilder{t: t, ts: t.TimeSeries}
	integer := isIntegerType(col.Type.OID)
	switch {
	case arg.Value.IsNull() && integer:
		return 0, pgerror.New(pgerror.InvalidParameterValue, "integer dimensions require an explicit interval")
	case arg.Value.IsNull():
		n, err := b.spanOf(types.IntervalValue{Days: defaultChunkDays}, "interval")
		return n, orNil(err)
	case isIntegerType(arg.Type.OID) && integer:
		n := arg.Value.Int()
		if n <= 0 {
			return 0, pgerror.New(pgerror.InvalidParameterValue, "invalid interval: must be between 1 and %d", int64(math.MaxInt64))
		}
		return n, nil
	case isIntegerType(arg.Type.OID):
		n, err := b.spanOf(types.IntervalValue{Micros: arg.Value.Int()}, "invalid interval: it")
		return n, orNil(err)
	case arg.Type.OID != types.Interval && arg.Type.Category() != 'S', integer:
		return 0, pgerror.New(pgerror.InvalidParameterValue, "invalid interval type for %s dimension", types.Format(col.Type)).
			WithHint("Use an interval of type integer.")
	}
	iv, err := intervalArg(arg)
	if err != nil {
		return 0, err
	}
	n, bad := b.spanOf(iv, "invalid interval: it")
	return n, orNil(bad)
}

func orNil(e *pgerror.Error) error {
	if e == nil {
		return nil
	}
	return e
}

// intervalArg reads an argument that is an interval or the text of one.
func intervalArg(arg functions.SeriesArg) (types.IntervalValue, error) {
	if arg.Type.OID == types.Interval {
		return types.DecodeInterval(arg.Value.S), nil
	}
	return types.ParseInterval(arg.Value.S, -1, nil)
}

// hypertableTags are the columns that name a series of a hypertable, which declares
// none: the other columns of a unique key, else what it is compressed by, else its
// space dimensions, else the columns before the time in an index that ends with it. A
// bad guess costs speed and never changes an answer.
func hypertableTags(t *catalog.Table) []int16 {
	ts := t.TimeSeries
	if tags := keyTags(t); tags != nil {
		return tags
	}
	if ts.Compression != nil && len(ts.Compression.SegmentBy) > 0 {
		return slices.Clone(ts.Compression.SegmentBy)
	}
	var tags []int16
	for _, d := range ts.Dimensions {
		if d.Partitions > 0 && !slices.Contains(tags, d.Column) {
			tags = append(tags, d.Column)
		}
	}
	if tags != nil {
		return tags
	}
	for i := range t.Indexes {
		if tags := indexTags(t, &t.Indexes[i]); tags != nil {
			return tags
		}
	}
	return nil
}

// indexTags are the columns before the time in an index that ends with it; measured
// values (floats, numerics) do not name series.
func indexTags(t *catalog.Table, ix *catalog.Index) []int16 {
	last := len(ix.Columns) - 1
	if last < 1 || ix.Columns[last].Num != t.TimeSeries.Time || ix.Predicate != "" {
		return nil
	}
	var tags []int16
	for _, c := range ix.Columns[:last] {
		if c.Num == 0 {
			return nil
		}
		switch t.Columns[c.Num-1].Type.OID {
		case types.Float4, types.Float8, types.Numeric:
			return nil
		}
		tags = append(tags, c.Num)
	}
	return tags
}

// defaultIndexes adds the indexes that create_hypertable makes: on the time, and on
// each space dimension and the time.
func (s *seriesChange) defaultIndexes(t *catalog.Table) error {
	ts := t.TimeSeries
	desc := catalog.IndexColumn{Num: ts.Time, ExprType: t.Columns[ts.Time-1].Type, Desc: true, NullsFirst: true}
	add := func(cols ...catalog.IndexColumn) {
		for i := range t.Indexes {
			have := t.Indexes[i].Columns
			if len(have) >= len(cols) && slices.EqualFunc(have[:len(cols)], cols, func(a, b catalog.IndexColumn) bool { return a.Num == b.Num }) {
				return
			}
		}
		names := ""
		for _, c := range cols {
			if names != "" {
				names += "_"
			}
			names += t.Columns[c.Num-1].Name
		}
		name := chooseName(t.Name, names, "idx", relationTaken(s.env, t.Schema, t))
		t.Indexes = append(t.Indexes, catalog.Index{Name: name, Columns: cols, Method: "btree"})
	}
	add(desc)
	for _, d := range ts.Dimensions {
		add(catalog.IndexColumn{Num: d.Column, ExprType: t.Columns[d.Column-1].Type}, desc)
	}
	return s.env.Editor.UpdateTable(t)
}
