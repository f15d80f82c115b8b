package ddl

import (
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// addDimension executes add_dimension in both forms.
func (s *seriesChange) addDimension() ([][]types.Datum, error) {
	t, err := s.table("hypertable")
	if err != nil {
		return nil, err
	}
	name, partitions, interval := s.text("column_name"), s.args["number_partitions"], s.args["chunk_time_interval"]
	dim, short := s.args["dimension"]
	if short {
		f := dim.Value.Record()
		name = f[1].Value.S
		size := functions.SeriesArg{Type: f[2].Type, Value: f[2].Value}
		if f[0].Value.S == "hash" {
			partitions = size
		} else {
			interval = size
		}
	}
	row := func(t *catalog.Table, id int, created bool) [][]types.Datum {
		if short {
			return [][]types.Datum{{types.NewInt4(int32(id)), types.NewBool(created)}}
		}
		schema := s.env.Editor.Snapshot().SchemaByID(t.Schema).Name
		return [][]types.Datum{{types.NewInt4(int32(id)), types.NewString(schema), types.NewString(t.Name), types.NewString(name), types.NewBool(created)}}
	}
	if pos := dimensionPosition(t, name); pos >= 0 {
		e := pgerror.New(dimensionExists, "column %q is already a dimension", name)
		if !s.flag("if_not_exists", false) {
			return nil, e
		}
		s.env.Notice(pgerror.NewNotice("%s, skipping", e.Message).WithCode(dimensionExists))
		return row(t, pos+1, false), nil
	}
	filled, err := s.hasRows(t)
	switch {
	case err != nil:
		return nil, err
	case filled:
		return nil, pgerror.New(pgerror.FeatureNotSupported, "hypertable %q has tuples or empty chunks", t.Name).
			WithDetail("It is not possible to add dimensions to a hypertable that has chunks. Please truncate the table.")
	case !partitions.Value.IsNull() && !interval.Value.IsNull():
		return nil, pgerror.New(pgerror.InvalidParameterValue, "cannot specify both the number of partitions and an interval")
	}
	if !interval.Value.IsNull() {
		err = addRange(t, name, interval)
	} else {
		err = addSpace(t, name, partitions)
	}
	if err != nil {
		return nil, err
	}
	return row(t, len(t.TimeSeries.Dimensions)+1, true), s.relayOut(t)
}

// addRange adds a dimension of ranges of a further column.
func addRange(t *catalog.Table, name string, interval functions.SeriesArg) error {
	col := columnByName(t, name)
	if col == nil {
		return pgerror.New(pgerror.UndefinedColumn, "column %q does not exist", name)
	}
	if !isTimeType(col.Type.OID) {
		return pgerror.New(pgerror.InvalidParameterValue, "invalid type for dimension %q", name).WithHint("Use an integer, timestamp, or date type.")
	}
	// Its length is measured as if the column were the time.
	as := t.Clone()
	as.TimeSeries.Time, as.TimeSeries.Unit = col.Num, 0
	n, err := chunkLength(as, col, interval)
	if err != nil {
		return err
	}
	t.TimeSeries.Dimensions = append(t.TimeSeries.Dimensions, catalog.SpaceDimension{Column: col.Num, Interval: n})
	return nil
}

// dimensionPosition is the position of a dimension by column: 0 is the time, -1 none.
func dimensionPosition(t *catalog.Table, name string) int {
	col := columnByName(t, name)
	if col == nil {
		return -1
	}
	if col.Num == t.TimeSeries.Time {
		return 0
	}
	if i := slices.IndexFunc(t.TimeSeries.Dimensions, func(d catalog.SpaceDimension) bool { return d.Column == col.Num }); i >= 0 {
		return i + 1
	}
	return -1
}

// relayOut stores a changed hypertable without rows, and chooses its tags anew.
func (s *seriesChange) relayOut(t *catalog.Table) error {
	if tags := hypertableTags(t); !slices.Equal(tags, t.TimeSeries.Tags) {
		t.TimeSeries.Tags, t.Storage = tags, 0
		if err := checkSeriesKeys(t); err != nil {
			return err
		}
	}
	return s.env.Editor.UpdateTable(t)
}

// setChunkInterval executes set_chunk_time_interval and set_partitioning_interval.
func (s *seriesChange) setChunkInterval() ([][]types.Datum, error) {
	t, err := s.table("hypertable")
	if err != nil {
		return nil, err
	}
	arg := s.args["chunk_time_interval"]
	if arg.Value.IsNull() {
		arg = s.args["partition_interval"]
	}
	if arg.Value.IsNull() {
		return nil, pgerror.New(pgerror.InvalidParameterValue, "invalid interval: an explicit interval must be specified")
	}
	if name := s.text("dimension_name"); name != "" && dimensionPosition(t, name) != 0 {
		i := dimensionPosition(t, name) - 1
		if i < 0 || t.TimeSeries.Dimensions[i].Interval == 0 {
			return nil, pgerror.New(dimensionNotExist, "hypertable %q does not have a matching dimension", t.Name)
		}
		dims := t.TimeSeries.Dimensions[:i]
		old := t.TimeSeries.Dimensions[i+1:]
		t.TimeSeries.Dimensions = dims
		if err := addRange(t, name, arg); err != nil {
			return nil, err
		}
		t.TimeSeries.Dimensions = append(t.TimeSeries.Dimensions, old...)
		return nil, s.env.Editor.UpdateTable(t)
	}
	n, err := chunkLength(t, &t.Columns[t.TimeSeries.Time-1], arg)
	if err != nil {
		return nil, err
	}
	if err := setSliceLength(s.ctx, s.env, s.env.Editor.Snapshot().TableByID(t.ID), t, n); err != nil {
		return nil, err
	}
	return nil, s.env.Editor.UpdateTable(t)
}

func (s *seriesChange) setPartitions() ([][]types.Datum, error) {
	t, err := s.table("hypertable")
	if err != nil {
		return nil, err
	}
	n := s.args["number_partitions"].Value
	if n.IsNull() || n.Int() < 1 || n.Int() > math.MaxInt16 {
		return nil, pgerror.New(pgerror.InvalidParameterValue, "invalid number of partitions: must be between 1 and 32767")
	}
	name, found := s.text("dimension_name"), false
	for i := range t.TimeSeries.Dimensions {
		d := &t.TimeSeries.Dimensions[i]
		if d.Partitions > 0 && (name == "" || t.Columns[d.Column-1].Name == name) {
			d.Partitions, found = int(n.Int()), true
		}
	}
	if !found {
		return nil, pgerror.New(dimensionNotExist, "hypertable %q does not have a matching dimension", t.Name)
	}
	return nil, s.env.Editor.UpdateTable(t)
}

func (s *seriesChange) setIntegerNow() ([][]types.Datum, error) {
	return nil, pgerror.Unsupported("set_integer_now_func").
		WithHint("Say what the integers mean: ALTER TABLE ... SET (time_unit = 'ms').")
}

// Jobs of policies are not run by anybody: retention holds at once, packing goes on
// all the time. They have numbers for those who keep them.
const (
	firstJob    = 1000
	jobsATable  = 2
	jobRetain   = 0
	jobCompress = 1
)

// JobID is the number of a table's retention or compression policy.
func JobID(t *catalog.Table, compression bool) int32 {
	n := int32(types.CounterOID(t.ID)-types.FirstUserOID)*jobsATable + firstJob
	if compression {
		return n + jobCompress
	}
	return n + jobRetain
}

// policySpan reads drop_after and compress_after in the unit of the time column.
func (s *seriesChange) policySpan(t *catalog.Table, param string) (int64, error) {
	arg := s.args[param]
	if arg.Value.IsNull() {
		return 0, pgerror.New(pgerror.InvalidParameterValue, "need to specify one of %q or %q", param, strings.Replace(param, "after", "created_before", 1))
	}
	col := &t.Columns[t.TimeSeries.Time-1]
	integer := isIntegerType(col.Type.OID)
	if isIntegerType(arg.Type.OID) != integer {
		return 0, pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter %s", param).
			WithHint("%s", map[bool]string{true: "Integer duration in \"" + param + "\" is required for hypertables with integer time dimension.", false: "Interval duration in \"" + param + "\" is required for hypertables with timestamp time dimension."}[integer])
	}
	return chunkLength(t, col, arg)
}

func (s *seriesChange) addRetention() ([][]types.Datum, error) {
	t, err := s.table("relation")
	if err != nil {
		return nil, err
	}
	if !s.args["drop_created_before"].Value.IsNull() {
		return nil, pgerror.Unsupported("drop_created_before: slices do not know when they were made; it")
	}
	n, err := s.policySpan(t, "drop_after")
	if err != nil {
		return nil, err
	}
	ts := t.TimeSeries
	if isIntegerType(t.Columns[ts.Time-1].Type.OID) && ts.Unit == 0 {
		return nil, pgerror.New(pgerror.InvalidParameterValue, "retention needs to know what the integers in time column %q mean", t.Columns[ts.Time-1].Name).
			WithHint("Say it: ALTER TABLE ... SET (time_unit = 'ms').")
	}
	if ts.Retention != 0 {
		if !s.flag("if_not_exists", false) {
			return nil, pgerror.New(pgerror.DuplicateObject, "retention policy already exists for hypertable %q", t.Name).
				WithHint("Set option \"if_not_exists\" to true to avoid error.")
		}
		if ts.Retention == n {
			s.env.Notice(pgerror.NewNotice("retention policy already exists for hypertable %q, skipping", t.Name).WithCode(pgerror.DuplicateObject))
		} else {
			s.env.Notice(pgerror.NewWarning(pgerror.Warning, "retention policy already exists for hypertable %q", t.Name).
				WithDetail("A policy already exists with different arguments.").WithHint("Remove the existing policy before adding a new one."))
		}
		return [][]types.Datum{{types.NewInt4(-1)}}, nil
	}
	if _, ok := s.args["schedule_interval"]; ok {
		s.env.Notice(pgerror.NewNotice("schedule_interval has no effect: expired points disappear at once"))
	}
	ts.Retention = n
	return [][]types.Datum{{types.NewInt4(JobID(t, false))}}, s.env.Editor.UpdateTable(t)
}

func (s *seriesChange) removeRetention() ([][]types.Datum, error) {
	t, err := s.table("relation")
	if err != nil {
		return nil, err
	}
	if t.TimeSeries.Retention == 0 {
		if !s.flag("if_exists", false) {
			return nil, pgerror.New(pgerror.UndefinedObject, "retention policy not found for hypertable %q", t.Name)
		}
		s.env.Notice(pgerror.NewNotice("retention policy not found for hypertable %q, skipping", t.Name).WithCode(pgerror.UndefinedObject))
		return nil, nil
	}
	t.TimeSeries.Retention = 0
	return nil, s.env.Editor.UpdateTable(t)
}

func (s *seriesChange) addCompression() ([][]types.Datum, error) {
	t, err := s.table("hypertable")
	if err != nil {
		return nil, err
	}
	c := t.TimeSeries.Compression
	if c == nil {
		return nil, pgerror.New(pgerror.ObjectNotInPrerequisiteState, "compression not enabled on hypertable %q", t.Name).
			WithHint("Enable compression before adding a compression policy.")
	}
	n, err := s.policySpan(t, "compress_after")
	if err != nil {
		return nil, err
	}
	if c.After != 0 {
		if !s.flag("if_not_exists", false) {
			return nil, pgerror.New(pgerror.DuplicateObject, "compression policy already exists for hypertable or continuous aggregate %q", t.Name).
				WithHint("Set option \"if_not_exists\" to true to avoid error.")
		}
		s.env.Notice(pgerror.NewNotice("compression policy already exists for hypertable %q, skipping", t.Name).WithCode(pgerror.DuplicateObject))
		return [][]types.Datum{{types.NewInt4(-1)}}, nil
	}
	s.env.Notice(pgerror.NewNotice("compress_after has no effect: points are packed soon after they are written, and stay open to changes"))
	c.After = n
	return [][]types.Datum{{types.NewInt4(JobID(t, true))}}, s.env.Editor.UpdateTable(t)
}

func (s *seriesChange) removeCompression() ([][]types.Datum, error) {
	t, err := s.table("hypertable")
	if err != nil {
		return nil, err
	}
	if c := t.TimeSeries.Compression; c == nil || c.After == 0 {
		if !s.flag("if_exists", false) {
			return nil, pgerror.New(pgerror.UndefinedObject, "compression policy not found for hypertable %q", t.Name)
		}
		s.env.Notice(pgerror.NewNotice("compression policy not found for hypertable %q, skipping", t.Name).WithCode(pgerror.UndefinedObject))
		return [][]types.Datum{{types.NewBool(false)}}, nil
	}
	t.TimeSeries.Compression.After = 0
	return [][]types.Datum{{types.NewBool(true)}}, s.env.Editor.UpdateTable(t)
}

// dropChunks executes drop_chunks: it deletes the points of the slices that lie whole
// in the range.
func (s *seriesChange) dropChunks() ([][]types.Datum, error) {
	t, err := s.table("relation")
	if err != nil {
		return nil, err
	}
	if s.args["older_than"].Value.IsNull() && s.args["newer_than"].Value.IsNull() {
		return nil, pgerror.New(pgerror.InvalidParameterValue, "invalid time range for dropping chunks").
			WithHint("At least one of older_than and newer_than must be provided.")
	}
	chunks, err := Chunks(s.ctx, s.env.Query, s.env.Exec().Functions, s.env.Editor.Snapshot(), t, s.args)
	if err != nil {
		return nil, err
	}
	var rows [][]types.Datum
	for _, c := range chunks {
		if err := s.dropChunk(t, c); err != nil {
			return nil, err
		}
		if s.flag("verbose", false) {
			s.env.Notice(pgerror.NewNotice("dropping chunk %s", c.Name()).WithSeverity(pgerror.SeverityInfo))
		}
		rows = append(rows, []types.Datum{types.NewString(c.Name())})
	}
	return rows, nil
}

func (s *seriesChange) dropChunk(t *catalog.Table, c Chunk) error {
	stmt, err := parseQuery("DELETE FROM " + qualifiedName(s.env, t) + " WHERE " + c.condition(t))
	if err != nil {
		return err
	}
	return s.env.Query(s.ctx, stmt, func(arrow.RecordBatch) error { return nil })
}
