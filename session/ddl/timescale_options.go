package ddl

import (
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// isTimescale reports whether a storage parameter is one of TimescaleDB's:
// timescaledb.compress, tsdb.hypertable, ...
func isTimescale(o *ast.Option) bool { return o.Namespace == "timescaledb" || o.Namespace == "tsdb" }

func isTrue(o *ast.Option) bool {
	v, ok := o.Bool()
	return v || !ok && o.Arg == nil
}

// compression are the compression settings to change, made if there are none.
func (b *seriesBuilder) compression() *catalog.SeriesCompression {
	if b.ts.Compression == nil {
		b.ts.Compression = &catalog.SeriesCompression{}
	}
	return b.ts.Compression
}

// setTimescale takes the compression parameters of TimescaleDB. They say which columns
// name a series; points are packed whatever they say.
func (b *seriesBuilder) setTimescale(env *Env, o *ast.Option) error {
	switch o.Name {
	case "compress", "enable_columnstore", "columnstore":
		if isTrue(o) {
			b.compression()
		} else {
			b.ts.Compression = nil
		}
	case "compress_segmentby", "segmentby":
		return b.setSegmentBy(o)
	case "compress_orderby", "orderby", "order_by":
		b.compression().OrderBy = o.Text()
	case "compress_chunk_time_interval", "compress_chunk_interval", "sparse_index", "compress_index", "compress_bloomfilter":
		env.Notice(pgerror.NewNotice("parameter %q has no effect", o.Namespace+"."+o.Name))
	default:
		return pgerror.New(pgerror.InvalidParameterValue, "unrecognized parameter %q", o.Namespace+"."+o.Name).At(o.Loc())
	}
	return nil
}

func (b *seriesBuilder) setSegmentBy(o *ast.Option) error {
	c := b.compression()
	c.SegmentBy = nil
	if strings.TrimSpace(o.Text()) == "" {
		return nil
	}
	names, ok := identifiers(o.Text())
	if !ok {
		return invalidOption(o, "Give names of columns, separated by commas.")
	}
	for _, name := range names {
		col, err := b.optionColumn(name, o)
		if err != nil {
			return err
		}
		if col.Num == b.ts.Time {
			return pgerror.New(pgerror.InvalidColumnReference, "cannot use column %q for both ordering and segmenting", name).At(o.Loc())
		}
		c.SegmentBy = append(c.SegmentBy, col.Num)
	}
	return nil
}

func (b *seriesBuilder) setOrderBy(o *ast.Option) error {
	b.compression().OrderBy = o.Text()
	return nil
}

func (b *seriesBuilder) setCompressAfter(o *ast.Option) error {
	n, err := b.span(o)
	b.compression().After = n
	return err
}

// timescaleTable makes a new table with tsdb.hypertable among its parameters a
// hypertable and returns the other parameters; hyper is false if that is not there.
func timescaleTable(env *Env, t *catalog.Table, opts []*ast.Option) (rest []*ast.Option, hyper bool, err error) {
	given := map[string]*ast.Option{}
	for _, o := range opts {
		if isTimescale(o) {
			given[o.Name] = o
		} else {
			rest = append(rest, o)
		}
	}
	if o := given["hypertable"]; o == nil || !isTrue(o) {
		return opts, false, nil
	}
	s := &seriesChange{env: env, args: functions.SeriesArgs{}}
	take := func(option, param string) {
		if o := given[option]; o != nil {
			s.args[param] = functions.SeriesArg{Type: types.Of(types.Text), Value: types.NewString(o.Text())}
			if c, ok := o.Arg.(*ast.Const); ok && c.Kind == ast.ConstInt {
				s.args[param] = functions.SeriesArg{Type: types.Of(types.Int8), Value: types.NewInt8(c.Int)}
			}
			delete(given, option)
		}
	}
	delete(given, "hypertable")
	take("partition_column", "time_column_name")
	take("partitioning_column", "time_column_name")
	take("chunk_interval", "chunk_time_interval")
	take("chunk_time_interval", "chunk_time_interval")
	delete(given, "create_default_indexes")
	if _, ok := s.args["time_column_name"]; !ok {
		if s.args["time_column_name"], err = onlyTimeColumn(t); err != nil {
			return nil, false, err
		}
	}
	if err := s.layOut(t); err != nil {
		return nil, false, err
	}
	b := &seriesBuilder{t: t, ts: t.TimeSeries}
	b.compression()
	for _, o := range opts {
		if isTimescale(o) && given[o.Name] == o {
			if err := b.setTimescale(env, o); err != nil {
				return nil, false, err
			}
		}
	}
	t.TimeSeries.Tags = hypertableTags(t)
	return rest, true, checkSeriesKeys(t)
}

// onlyTimeColumn is the column of a timestamp type, if there is just one.
func onlyTimeColumn(t *catalog.Table) (functions.SeriesArg, error) {
	name, n := "", 0
	for i := range t.Columns {
		if oid := t.Columns[i].Type.OID; oid == types.Timestamptz || oid == types.Timestamp {
			name = t.Columns[i].Name
			n++
		}
	}
	if n != 1 {
		return functions.SeriesArg{}, pgerror.New(pgerror.InvalidParameterValue, "partition column could not be determined").
			WithHint("Use \"timescaledb.partition_column\" to specify the column to use as partitioning column.")
	}
	return functions.SeriesArg{Type: types.Of(types.Text), Value: types.NewString(name)}, nil
}

// retag chooses the tags of a hypertable again when it holds no points yet.
func retag(s *seriesChange, t *catalog.Table) error {
	filled, err := s.hasRows(t)
	if err != nil {
		return err
	}
	if filled {
		return s.env.Editor.UpdateTable(t)
	}
	return s.relayOut(t)
}
