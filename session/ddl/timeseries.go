package ddl

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// seriesBuilder makes or changes the layout of a time-series table from storage
// parameters.
type seriesBuilder struct {
	env *Env // for notices, nil when there is nothing to say
	t   *catalog.Table
	ts  *catalog.TimeSeries
	// given are the parameters by name, without those that other tables have too.
	given map[string]*ast.Option
}

// seriesOptions are the storage parameters of time-series tables in the order in
// which they are read: intervals are in the unit of the time column.
var seriesOptions = []struct {
	name string
	set  func(b *seriesBuilder, o *ast.Option) error
	// fixed ones shape the storage: ALTER TABLE cannot set them, or copies the points.
	fixed, copies bool
}{
	{"time", (*seriesBuilder).setTime, true, false},
	{"time_unit", (*seriesBuilder).setUnit, false, false},
	{"tags", (*seriesBuilder).setTags, true, true},
	{"partition_interval", (*seriesBuilder).setInterval, false, false},
	{"retention", (*seriesBuilder).setRetention, false, false},
	{"hash_buckets", (*seriesBuilder).setBuckets, true, true},
	{"on_duplicate", (*seriesBuilder).setOnDuplicate, false, false},
	{"hypertable", (*seriesBuilder).setHypertable, true, false},
	{"dimensions", (*seriesBuilder).setDimensions, true, false},
	{"compress_segmentby", (*seriesBuilder).setSegmentBy, true, false},
	{"compress_orderby", (*seriesBuilder).setOrderBy, true, false},
	{"compress_after", (*seriesBuilder).setCompressAfter, true, false},
}

func isSeriesOption(name string) bool {
	for _, o := range seriesOptions {
		if o.name == name {
			return true
		}
	}
	return false
}

// makeTimeSeries gives a new table of access method timeseries, whose columns and
// keys are known, its layout.
func makeTimeSeries(env *Env, t *catalog.Table, opts []*ast.Option) error {
	b := &seriesBuilder{env: env, t: t, ts: &catalog.TimeSeries{Buckets: catalog.DefaultBuckets, MarksNulls: true, OnDuplicate: catalog.DuplicateOverwrite}}
	t.TimeSeries = b.ts
	if err := b.take(opts); err != nil {
		return err
	}
	if b.given["time"] == nil {
		return pgerror.New(pgerror.InvalidTableDefinition, "time-series table %q needs a time column", t.Name).
			WithHint("Name it: WITH (time = 'column').")
	}
	if err := b.databaseDefaults(env); err != nil {
		return err
	}
	if err := b.apply(); err != nil {
		return err
	}
	if len(b.ts.Slices) == 0 {
		day, err := b.spanOf(types.IntervalValue{Days: 1}, "partition_interval")
		if err != nil {
			return err.WithHint("Give a number: WITH (partition_interval = 1000000), or say what the numbers mean: WITH (time_unit = 'ms').")
		}
		b.ts.Slices = []catalog.SliceInterval{{From: math.MinInt64, Length: day}}
	}
	if err := b.checkRetention(); err != nil {
		return err
	}
	t.Clustered = false
	t.Columns[b.ts.Time-1].NotNull = true
	if b.given["tags"] == nil {
		b.ts.Tags = keyTags(t)
	}
	return checkSeriesKeys(t)
}

// databaseDefaults gives parameters that the database has defaults for and the
// statement has not.
func (b *seriesBuilder) databaseDefaults(env *Env) error {
	if err := b.setTime(b.given["time"]); err != nil {
		return err
	}
	if isIntegerType(b.timeColumn().Type.OID) && b.given["time_unit"] == nil {
		return nil // an interval means nothing to it
	}
	db := env.Editor.Snapshot().Database()
	for name, text := range map[string]string{"retention": db.SeriesRetention, "partition_interval": db.SeriesInterval} {
		if text != "" && b.given[name] == nil {
			b.given[name] = &ast.Option{Name: name, Arg: &ast.Const{Kind: ast.ConstString, Text: text}}
		}
	}
	return nil
}

// take sorts the parameters into those of time-series tables and those that all
// tables have.
func (b *seriesBuilder) take(opts []*ast.Option) error {
	b.given = map[string]*ast.Option{}
	var other []*ast.Option
	for _, o := range opts {
		if b.env != nil && (o.Name == "activetime" || o.Name == "dict_encoding") { // KWDB's
			b.env.Notice(pgerror.NewNotice("%s has no effect", strings.ToUpper(strings.ReplaceAll(o.Name, "_", " "))))
			continue
		}
		if o.Namespace != "" || !isSeriesOption(o.Name) {
			other = append(other, o)
			continue
		}
		if b.given[o.Name] != nil {
			return pgerror.New(pgerror.InvalidParameterValue, "parameter %q specified more than once", o.Name).At(o.Loc())
		}
		b.given[o.Name] = o
	}
	rest, err := tableOptions(other)
	if err != nil {
		return err
	}
	if _, ok := rest[catalog.OptionRowIDShards]; ok {
		return pgerror.New(pgerror.InvalidParameterValue, "unrecognized parameter %q", catalog.OptionRowIDShards).
			WithHint("Series are spread by hash_buckets.")
	}
	for k, v := range rest {
		if b.t.Options == nil {
			b.t.Options = map[string]string{}
		}
		b.t.Options[k] = v
	}
	return nil
}

func (b *seriesBuilder) apply() error {
	for _, def := range seriesOptions {
		if o := b.given[def.name]; o != nil {
			if err := def.set(b, o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *seriesBuilder) timeColumn() *catalog.Column { return &b.t.Columns[b.ts.Time-1] }

// optionColumn finds a column that a parameter names.
func (b *seriesBuilder) optionColumn(name string, o *ast.Option) (*catalog.Column, error) {
	if c := columnByName(b.t, name); c != nil {
		return c, nil
	}
	return nil, pgerror.New(pgerror.UndefinedColumn, "column %q named in parameter %q does not exist", name, o.Name).At(o.Loc())
}

func (b *seriesBuilder) setTime(o *ast.Option) error {
	names, ok := identifiers(o.Text())
	if !ok || len(names) != 1 {
		return invalidOption(o, "Give the name of one column.")
	}
	col, err := b.optionColumn(names[0], o)
	if err != nil {
		return err
	}
	if !isTimeType(col.Type.OID) {
		return notTimeType(col).At(o.Loc())
	}
	b.ts.Time = col.Num
	return nil
}

// isTimeType reports whether a column of a type can be the time of a time-series table.
func isTimeType(t types.OID) bool {
	return t == types.Date || t == types.Timestamp || t == types.Timestamptz || isIntegerType(t)
}

func isIntegerType(t types.OID) bool {
	return t == types.Int2 || t == types.Int4 || t == types.Int8
}

func (b *seriesBuilder) setTags(o *ast.Option) error {
	names, ok := identifiers(o.Text())
	if !ok && strings.TrimSpace(o.Text()) != "" {
		return invalidOption(o, "Give names of columns, separated by commas.")
	}
	b.ts.Tags = nil
	for _, name := range names {
		col, err := b.optionColumn(name, o)
		if err != nil {
			return err
		}
		switch {
		case col.Num == b.ts.Time:
			return pgerror.New(pgerror.InvalidTableDefinition, "the time column %q cannot be a tag", name).At(o.Loc())
		case slices.Contains(b.ts.Tags, col.Num):
			return pgerror.New(pgerror.DuplicateColumn, "column %q appears twice in parameter %q", name, o.Name).At(o.Loc())
		}
		b.ts.Tags = append(b.ts.Tags, col.Num)
	}
	return nil
}

func (b *seriesBuilder) setUnit(o *ast.Option) error {
	unit, ok := catalog.TimeUnits[strings.ToLower(o.Text())]
	if !ok {
		return invalidOption(o, `Valid units are "ns", "us", "ms" and "s".`)
	}
	if col := b.timeColumn(); !isIntegerType(col.Type.OID) {
		return pgerror.New(pgerror.InvalidParameterValue, "parameter %q is for integer time columns, column %q is of type %s", o.Name, col.Name, types.Format(col.Type)).
			At(o.Loc())
	}
	b.ts.Unit = unit
	return nil
}

func (b *seriesBuilder) setInterval(o *ast.Option) error {
	n, err := b.span(o)
	if err != nil {
		return err
	}
	b.ts.Slices = []catalog.SliceInterval{{From: math.MinInt64, Length: n}}
	return nil
}

func (b *seriesBuilder) setRetention(o *ast.Option) (err error) {
	b.ts.Retention, err = b.span(o)
	if err == nil && isIntegerType(b.timeColumn().Type.OID) && b.ts.Unit == 0 {
		return pgerror.New(pgerror.InvalidParameterValue, "retention needs to know what the integers in time column %q mean", b.timeColumn().Name).
			WithHint("Say it: WITH (time_unit = 'ms').").At(o.Loc())
	}
	return err
}

// checkRetention refuses a retention that could free nothing before a whole slice
// is over.
func (b *seriesBuilder) checkRetention() error {
	last := b.ts.Slices[len(b.ts.Slices)-1].Length
	if b.ts.Retention == 0 || b.ts.Retention >= last || b.ts.Hypertable {
		return nil
	}
	e := pgerror.New(pgerror.InvalidParameterValue, "retention (%s) is shorter than the partition interval (%s)", b.t.SpanText(b.ts.Retention), b.t.SpanText(last)).
		WithHint("Space is freed a partition at a time: choose a shorter partition_interval.")
	for _, name := range []string{"retention", "partition_interval"} {
		if o := b.given[name]; o != nil {
			return e.At(o.Loc())
		}
	}
	return e
}

func (b *seriesBuilder) setBuckets(o *ast.Option) error {
	n, err := strconv.Atoi(strings.TrimSpace(o.Text()))
	if err != nil || n < 1 || n > catalog.MaxBuckets {
		return invalidOption(o, "Valid values are between \"1\" and \""+strconv.Itoa(catalog.MaxBuckets)+"\".")
	}
	b.ts.Buckets = n
	return nil
}

func (b *seriesBuilder) setOnDuplicate(o *ast.Option) error {
	for _, p := range []catalog.DuplicatePolicy{catalog.DuplicateOverwrite, catalog.DuplicateKeep, catalog.DuplicateError} {
		if strings.EqualFold(o.Text(), p.String()) {
			b.ts.OnDuplicate = p
			return nil
		}
	}
	return invalidOption(o, `Valid values are "overwrite", "keep" and "error".`)
}

func (b *seriesBuilder) setHypertable(o *ast.Option) error {
	v, ok := o.Bool()
	if !ok {
		return invalidOption(o, "Give true or false.")
	}
	b.ts.Hypertable = v
	return nil
}

// setDimensions reads what Table.StorageOptions prints: column/partitions, column:interval.
func (b *seriesBuilder) setDimensions(o *ast.Option) error {
	b.ts.Dimensions = nil
	for part := range strings.SplitSeq(o.Text(), ",") {
		at := strings.LastIndexAny(part, "/:")
		if at < 0 {
			return invalidOption(o, "Give column/partitions or column:interval.")
		}
		names, ok := identifiers(part[:at])
		n, err := strconv.ParseInt(part[at+1:], 10, 64)
		if !ok || len(names) != 1 || err != nil || n < 1 || part[at] == '/' && n > math.MaxInt16 {
			return invalidOption(o, "Give column/partitions or column:interval.")
		}
		col, err := b.optionColumn(names[0], o)
		if err != nil {
			return err
		}
		d := catalog.SpaceDimension{Column: col.Num, Interval: n}
		if part[at] == '/' {
			d.Partitions, d.Interval = int(n), 0
		}
		b.ts.Dimensions = append(b.ts.Dimensions, d)
	}
	return nil
}

// invalidOption is PostgreSQL's error for a parameter with a wrong value.
func invalidOption(o *ast.Option, detail string) *pgerror.Error {
	return pgerror.New(pgerror.InvalidParameterValue, "invalid value for parameter %q: %q", o.Name, o.Text()).WithDetail("%s", detail).At(o.Loc())
}

// span reads a length of time in the time column's unit: an interval, or for
// integer columns also a number.
func (b *seriesBuilder) span(o *ast.Option) (int64, error) {
	text := strings.TrimSpace(o.Text())
	if isIntegerType(b.timeColumn().Type.OID) {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			if n <= 0 {
				return 0, invalidOption(o, "It must be greater than zero.")
			}
			return n, nil
		}
	}
	iv, err := types.ParseInterval(text, -1, nil)
	if err != nil {
		return 0, pgerror.From(err).At(o.Loc())
	}
	n, bad := b.spanOf(iv, o.Name)
	if bad != nil {
		return 0, bad.At(o.Loc())
	}
	return n, nil
}

// spanOf converts an interval to the time column's unit; a month has 30 days.
func (b *seriesBuilder) spanOf(iv types.IntervalValue, what string) (int64, *pgerror.Error) {
	const maxMicros = math.MaxInt64 / 4
	days := int64(iv.Months)*30 + int64(iv.Days)
	if days > maxMicros/types.MicrosPerDay || iv.Micros > maxMicros {
		return 0, pgerror.New(pgerror.DatetimeFieldOverflow, "interval out of range")
	}
	micros := days*types.MicrosPerDay + iv.Micros
	col := b.timeColumn()
	var unit int64 // in nanoseconds
	switch {
	case col.Type.OID == types.Date:
		unit = types.MicrosPerDay * 1000
	case !isIntegerType(col.Type.OID):
		unit = 1000
	case b.ts.Unit != 0:
		unit = b.ts.Unit
	default:
		return 0, pgerror.New(pgerror.InvalidParameterValue, "%s of a table with an integer time column must be a number", what)
	}
	if micros <= 0 {
		return 0, pgerror.New(pgerror.InvalidParameterValue, "%s must be greater than zero", what)
	}
	if unit < 1000 { // nanoseconds
		if micros > maxMicros/1000 {
			return 0, pgerror.New(pgerror.DatetimeFieldOverflow, "interval out of range")
		}
		return micros * 1000, nil
	}
	n := micros / (unit / 1000)
	if n*(unit/1000) != micros {
		return 0, pgerror.New(pgerror.InvalidParameterValue, "%s must be a multiple of what column %q can tell apart", what, col.Name)
	}
	return n, nil
}

// identifiers splits a list of identifiers as PostgreSQL's
// SplitIdentifierString: names in double quotes stay as they are, others become lower case.
func identifiers(s string) (names []string, ok bool) {
	for {
		s = strings.TrimSpace(s)
		name := ""
		if strings.HasPrefix(s, `"`) {
			rest := s[1:]
			for {
				i := strings.IndexByte(rest, '"')
				if i < 0 {
					return nil, false
				}
				name += rest[:i]
				rest = rest[i+1:]
				if !strings.HasPrefix(rest, `"`) {
					break
				}
				name += `"`
				rest = rest[1:]
			}
			s = strings.TrimSpace(rest)
		} else {
			end := strings.IndexByte(s, ',')
			if end < 0 {
				end = len(s)
			}
			name, s = strings.ToLower(strings.TrimSpace(s[:end])), s[end:]
			if strings.ContainsAny(name, " \t\n\"") {
				return nil, false
			}
		}
		if name == "" {
			return nil, false
		}
		names = append(names, name)
		if s == "" {
			return names, true
		}
		if s[0] != ',' {
			return nil, false
		}
		s = s[1:]
	}
}
