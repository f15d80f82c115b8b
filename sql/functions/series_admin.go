package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// The administrative functions of TimescaleDB: what they do is DDL on time-series
// tables, which the session executes.

// SeriesSession executes administrative functions of time-series tables. args has
// the arguments that were given, by name; the rows are the function's result.
type SeriesSession interface {
	SeriesAdmin(c *Context, function string, args SeriesArgs) ([][]types.Datum, error)
}

// SeriesArg is an argument with the type it was given in.
type SeriesArg struct {
	Type  types.Type
	Value types.Datum
}

// SeriesArgs are arguments by the name of their parameter; NULL ones are left out.
type SeriesArgs map[string]SeriesArg

func seriesArgs(params []Param, t Signature, args []types.Datum) SeriesArgs {
	out := SeriesArgs{}
	for i, d := range args {
		if !d.IsNull() {
			out[params[i].Name] = SeriesArg{t.Args[i], d}
		}
	}
	return out
}

// seriesAdmin registers an administrative function. The signature is the name and
// the parameters: name type, with an equals sign and a default's text, if they may be left out.
// A result of one column is a value, without a set.
type seriesAdmin struct {
	signature string
	returns   types.OID // of a function that returns a value
	columns   []Column  // of one that returns rows
	changes   bool      // the catalog
	doc       string
	example   Example
}

func (a seriesAdmin) register() bool {
	name, list, _ := strings.Cut(strings.TrimSuffix(a.signature, ")"), "(")
	var args []types.Type
	var ps []Param
	defaults := 0
	for p := range strings.SplitSeq(list, ", ") {
		p, def, _ := strings.Cut(p, "=")
		pname, typ, _ := strings.Cut(p, " ")
		oid := types.OID(types.Any)
		switch typ {
		case "any":
		case "record":
			oid = types.Record
		default:
			oid = types.LookupName(typ).OID
		}
		if def != "" {
			defaults++
		}
		args, ps = append(args, types.Of(oid)), append(ps, Param{pname, def})
	}
	if a.columns != nil {
		register(TableFunc{
			Name: name, Args: args, Defaults: defaults, Columns: a.columns, Volatility: Volatile, Params: ps, ChangesCatalog: a.changes,
			Doc: a.doc, Examples: []Example{a.example},
			Open: func(c *Context, t Signature, args []types.Datum) (RowSource, error) {
				s, err := asSession[SeriesSession](c, "time-series tables")
				if err != nil {
					return nil, err
				}
				rows, err := s.SeriesAdmin(c, name, seriesArgs(ps, t, args))
				return rowsOf(rows), err
			},
		})
		return true
	}
	register(Scalar{
		Name: name, Args: args, Defaults: defaults, Returns: types.Of(a.returns), Volatility: Volatile, Params: ps, ChangesCatalog: a.changes,
		Doc: a.doc, Examples: []Example{a.example},
		EvalTyped: func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
			s, err := asSession[SeriesSession](c, "time-series tables")
			if err != nil {
				return types.Null, err
			}
			rows, err := s.SeriesAdmin(c, name, seriesArgs(ps, t, args))
			if err == nil && a.returns == types.Void {
				return types.NewString(""), nil
			}
			if err != nil || len(rows) == 0 || len(rows[0]) == 0 {
				return types.Null, err
			}
			return rows[0][0], nil
		},
	})
	return true
}

var (
	hypertableColumns = []Column{
		column("hypertable_id", types.Int4), column("schema_name", types.Name), column("table_name", types.Name), column("created", types.Bool),
	}
	sizeColumns = []Column{
		column("table_bytes", types.Int8), column("index_bytes", types.Int8), column("toast_bytes", types.Int8),
		column("total_bytes", types.Int8), column("node_name", types.Name),
	}
	compressionColumns = []Column{
		column("before_compression_table_bytes", types.Int8), column("before_compression_index_bytes", types.Int8),
		column("before_compression_toast_bytes", types.Int8), column("before_compression_total_bytes", types.Int8),
		column("after_compression_table_bytes", types.Int8), column("after_compression_index_bytes", types.Int8),
		column("after_compression_toast_bytes", types.Int8), column("after_compression_total_bytes", types.Int8),
		column("node_name", types.Name),
	}
)

const (
	chunkNameSchema = "_timescaledb_internal"
	policyParams    = ", schedule_interval interval=NULL, initial_start timestamptz=NULL, timezone text=NULL"
)

var seriesAdmins = []seriesAdmin{
	{
		signature: "create_hypertable(relation regclass, time_column_name name, partitioning_column name=NULL, number_partitions int4=NULL, " +
			"associated_schema_name name=NULL, associated_table_prefix name=NULL, chunk_time_interval any=NULL, create_default_indexes bool=true, " +
			"if_not_exists bool=false, partitioning_func regproc=NULL, migrate_data bool=false, chunk_target_size text=NULL, " +
			"chunk_sizing_func regproc=NULL, time_partitioning_func regproc=NULL, replication_factor int4=NULL, data_nodes _name=NULL, distributed bool=NULL)",
		columns: hypertableColumns, changes: true, doc: "Makes a table a time-series table, as TimescaleDB makes a hypertable of it.",
		example: ex("* FROM create_hypertable('conditions'::regclass, 'time'::name)", "1|public|conditions|t"),
	},
	{
		signature: "create_hypertable(relation regclass, dimension record, create_default_indexes bool=true, if_not_exists bool=false, migrate_data bool=false)",
		columns:   []Column{column("hypertable_id", types.Int4), column("created", types.Bool)}, changes: true,
		doc:     "Makes a table a time-series table, as TimescaleDB makes a hypertable of it.",
		example: ex("* FROM create_hypertable('conditions'::regclass, by_range('time'))", "1|t"),
	},
	{
		signature: "add_dimension(hypertable regclass, column_name name, number_partitions int4=NULL, chunk_time_interval any=NULL, partitioning_func regproc=NULL, if_not_exists bool=false)",
		columns: []Column{
			column("dimension_id", types.Int4), column("schema_name", types.Name), column("table_name", types.Name), column("column_name", types.Name), column("created", types.Bool),
		}, changes: true,
		doc:     "Adds a dimension to a hypertable; here it says which column names a series.",
		example: ex("* FROM add_dimension('conditions'::regclass, 'device'::name, 4)", "2|public|conditions|device|t"),
	},
	{
		signature: "add_dimension(hypertable regclass, dimension record, if_not_exists bool=false)",
		columns:   []Column{column("dimension_id", types.Int4), column("created", types.Bool)}, changes: true,
		doc:     "Adds a dimension to a hypertable; here it says which column names a series.",
		example: ex("* FROM add_dimension('conditions'::regclass, by_hash('device', 4))", "2|t"),
	},
	{
		signature: "set_chunk_time_interval(hypertable regclass, chunk_time_interval any, dimension_name name=NULL)", returns: types.Void, changes: true,
		doc: "Changes the interval of the chunks (slices) to come.", example: ex("set_chunk_time_interval('conditions'::regclass, interval '1 day')", ""),
	},
	{
		signature: "set_partitioning_interval(hypertable regclass, partition_interval any, dimension_name name=NULL)", returns: types.Void, changes: true,
		doc: "Changes the interval of the chunks (slices) to come.", example: ex("set_partitioning_interval('conditions'::regclass, interval '1 day')", ""),
	},
	{
		signature: "set_number_partitions(hypertable regclass, number_partitions int4, dimension_name name=NULL)", returns: types.Void, changes: true,
		doc: "Changes the number of partitions that a space dimension shows.", example: ex("set_number_partitions('conditions'::regclass, 2)", ""),
	},
	{
		signature: "set_integer_now_func(hypertable regclass, integer_now_func regproc, replace_if_exists bool=false)", returns: types.Void, changes: true,
		doc:     "Is refused: say what the integers of a time column mean with the storage parameter time_unit.",
		example: ex("set_integer_now_func('conditions'::regclass, 'now'::regproc)", ""),
	},
	{
		signature: "add_retention_policy(relation regclass, drop_after any=NULL, if_not_exists bool=false" + policyParams + ", drop_created_before interval=NULL)",
		returns:   types.Int4, changes: true, doc: "Makes points older than an interval disappear, and gives the number of the job.",
		example: ex("add_retention_policy('conditions'::regclass, interval '90 days')", "1000"),
	},
	{
		signature: "remove_retention_policy(relation regclass, if_exists bool=false)", returns: types.Void, changes: true,
		doc: "Lets a time-series table keep its points for ever.", example: ex("remove_retention_policy('conditions'::regclass)", ""),
	},
	{
		signature: "add_compression_policy(hypertable regclass, compress_after any=NULL, if_not_exists bool=false" + policyParams + ", compress_created_before interval=NULL, hypercore_use_access_method bool=NULL)",
		returns:   types.Int4, changes: true, doc: "Notes a compression policy; points are packed without one.",
		example: ex("add_compression_policy('conditions'::regclass, interval '7 days')", "1001"),
	},
	{
		signature: "remove_compression_policy(hypertable regclass, if_exists bool=false)", returns: types.Bool, changes: true,
		doc: "Forgets a compression policy.", example: ex("remove_compression_policy('conditions'::regclass)", "t"),
	},
	{
		signature: "drop_chunks(relation regclass, older_than any=NULL, newer_than any=NULL, verbose bool=false, created_before any=NULL, created_after any=NULL)",
		columns:   []Column{column("drop_chunks", types.Text)},
		doc:       "Deletes the points of the chunks (slices) that lie whole before or after a time, and names these.",
		changes:   true, example: ex("* FROM drop_chunks('conditions'::regclass, interval '90 days')", chunkNameSchema+"._hyper_1_1_chunk"),
	},
	{
		signature: "show_chunks(relation regclass, older_than any=NULL, newer_than any=NULL, created_before any=NULL, created_after any=NULL)",
		columns:   []Column{column("show_chunks", types.Text)},
		doc:       "Names the chunks (slices) of a hypertable that lie whole before or after a time.",
		example:   ex("* FROM show_chunks('conditions'::regclass)", chunkNameSchema+"._hyper_1_1_chunk"),
	},
	{
		signature: "compress_chunk(uncompressed_chunk text, if_not_compressed bool=true, recompress bool=false)", returns: types.Text,
		doc: "Packs a chunk (slice) into few blocks, which also happens by itself.", example: ex("compress_chunk('"+chunkNameSchema+"._hyper_1_1_chunk')", chunkNameSchema+"._hyper_1_1_chunk"),
	},
	{
		signature: "decompress_chunk(uncompressed_chunk text, if_compressed bool=true)", returns: types.Text,
		doc: "Does nothing: packed points can be changed as they are.", example: ex("decompress_chunk('"+chunkNameSchema+"._hyper_1_1_chunk')", chunkNameSchema+"._hyper_1_1_chunk"),
	},
	{
		signature: "hypertable_size(hypertable regclass)", returns: types.Int8, doc: "The bytes of a time-series table.",
		example: ex("hypertable_size('conditions'::regclass)", "8192"),
	},
	{
		signature: "hypertable_approximate_size(relation regclass)", returns: types.Int8, doc: "The bytes of a time-series table.",
		example: ex("hypertable_approximate_size('conditions'::regclass)", "8192"),
	},
	{
		signature: "hypertable_index_size(index_name regclass)", returns: types.Int8, doc: "The bytes of an index of a time-series table, of which there are none.",
		example: ex("hypertable_index_size('conditions'::regclass)", "0"),
	},
	{
		signature: "hypertable_detailed_size(hypertable regclass)", columns: sizeColumns, doc: "The bytes of a time-series table by what they are for.",
		example: ex("* FROM hypertable_detailed_size('conditions'::regclass)", "8192|0|0|8192|NULL"),
	},
	{
		signature: "hypertable_approximate_detailed_size(relation regclass)", columns: sizeColumns[:4:4], doc: "The bytes of a time-series table by what they are for.",
		example: ex("* FROM hypertable_approximate_detailed_size('conditions'::regclass)", "8192|0|0|8192"),
	},
	{
		signature: "chunks_detailed_size(hypertable regclass)", columns: append([]Column{column("chunk_schema", types.Name), column("chunk_name", types.Name)}, sizeColumns...),
		doc: "The bytes of the chunks (slices) of a time-series table.", example: ex("* FROM chunks_detailed_size('conditions'::regclass)", chunkNameSchema+"|_hyper_1_1_chunk|8192|0|0|8192|NULL"),
	},
	{
		signature: "hypertable_compression_stats(hypertable regclass)",
		columns:   append([]Column{column("total_chunks", types.Int8), column("number_compressed_chunks", types.Int8)}, compressionColumns...),
		doc:       "What packing saves of a time-series table, as far as it is known.",
		example:   ex("* FROM hypertable_compression_stats('conditions'::regclass)", "1|1|65536|0|0|65536|8192|0|0|8192|NULL"),
	},
	{
		signature: "chunk_compression_stats(hypertable regclass)",
		columns: append([]Column{
			column("chunk_schema", types.Name), column("chunk_name", types.Name), column("compression_status", types.Text),
		}, compressionColumns...),
		doc:     "What packing saves of each chunk (slice) of a time-series table, as far as it is known.",
		example: ex("* FROM chunk_compression_stats('conditions'::regclass)", chunkNameSchema+"|_hyper_1_1_chunk|Compressed|65536|0|0|65536|8192|0|0|8192|NULL"),
	},
	{
		signature: "hypertable_columnstore_stats(hypertable regclass)",
		columns:   append([]Column{column("total_chunks", types.Int8), column("number_compressed_chunks", types.Int8)}, compressionColumns...),
		doc:       "What packing saves of a time-series table, as far as it is known.",
		example:   ex("* FROM hypertable_columnstore_stats('conditions'::regclass)", "1|1|65536|0|0|65536|8192|0|0|8192|NULL"),
	},
	{
		signature: "chunk_columnstore_stats(hypertable regclass)",
		columns: append([]Column{
			column("chunk_schema", types.Name), column("chunk_name", types.Name), column("compression_status", types.Text),
		}, compressionColumns...),
		doc:     "What packing saves of each chunk (slice) of a time-series table, as far as it is known.",
		example: ex("* FROM chunk_columnstore_stats('conditions'::regclass)", chunkNameSchema+"|_hyper_1_1_chunk|Compressed|65536|0|0|65536|8192|0|0|8192|NULL"),
	},
	{
		signature: "add_continuous_aggregate_policy(continuous_aggregate regclass, start_offset any, end_offset any, schedule_interval interval, " +
			"if_not_exists bool=false, initial_start timestamptz=NULL, timezone text=NULL, include_tiered_data bool=NULL, " +
			"buckets_per_batch int4=NULL, max_batches_per_execution int4=NULL, refresh_newest_first bool=NULL)",
		returns: types.Int4, doc: "Does nothing: continuous aggregates are always up to date.",
		example: ex("add_continuous_aggregate_policy('conditions'::regclass, interval '1 month', interval '1 hour', interval '1 hour')", "-1"),
	},
	{
		signature: "refresh_continuous_aggregate(continuous_aggregate regclass, window_start any, window_end any, force bool=false, options any=NULL)", returns: types.Void,
		doc: "Does nothing: continuous aggregates are always up to date. Also by CALL.", example: ex("refresh_continuous_aggregate('conditions'::regclass, NULL, NULL)", ""),
	},
	{
		signature: "remove_continuous_aggregate_policy(continuous_aggregate regclass, not_if_exists bool=false, if_exists bool=NULL)", returns: types.Void,
		doc: "Does nothing: continuous aggregates are always up to date.", example: ex("remove_continuous_aggregate_policy('conditions'::regclass)", ""),
	},
	{
		signature: "approximate_row_count(relation regclass)", returns: types.Int8, doc: "The number of rows of a table as it is estimated.",
		example: ex("approximate_row_count('conditions'::regclass)", "100"),
	},
}

var _ = func() bool {
	for _, a := range seriesAdmins {
		a.register()
	}
	return true
}()

// Dimensions of create_hypertable and add_dimension are records of the kind (range,
// hash), the column, and the interval or the number of partitions.
func seriesDimension(kind string) func(c *Context, t Signature, args []types.Datum) (types.Datum, error) {
	return func(_ *Context, t Signature, args []types.Datum) (types.Datum, error) {
		size := types.RecordField{Type: types.Of(types.Text)}
		if len(args) > 1 {
			size = types.RecordField{Type: t.Args[1], Value: args[1]}
		}
		return types.BuildRecord([]types.RecordField{
			{Type: types.Of(types.Text), Value: types.NewString(kind)}, {Type: types.Of(types.Name), Value: args[0]}, size,
		}), nil
	}
}

var (
	_ = register(Scalar{
		Name: "by_range", Args: typesOf(oids{types.Name, types.Any, types.Regproc}), Defaults: 2, Returns: types.Of(types.Record), Volatility: Immutable,
		Params: []Param{{"column_name", ""}, {"partition_interval", "NULL"}, {"partition_func", "NULL"}},
		Doc:    "A dimension of a hypertable: ranges of a column.", Examples: []Example{ex("by_range('time'::name, interval '1 day')", `(range,time,"1 day")`)},
		EvalTyped: seriesDimension("range"),
	})
	_ = register(Scalar{
		Name: "by_hash", Args: typesOf(oids{types.Name, types.Int4, types.Regproc}), Defaults: 1, Returns: types.Of(types.Record), Volatility: Immutable,
		Params: []Param{{"column_name", ""}, {"number_partitions", ""}, {"partition_func", "NULL"}},
		Doc:    "A dimension of a hypertable: hashes of a column.", Examples: []Example{ex("by_hash('device'::name, 4)", "(hash,device,4)")},
		EvalTyped: seriesDimension("hash"),
	})
)

// What stands around the restoring of a dump, which needs nothing here.
var _ = func() bool {
	for _, name := range []string{"timescaledb_pre_restore", "timescaledb_post_restore"} {
		register(Scalar{
			Name: name, Returns: types.Of(types.Bool), Volatility: Volatile, Doc: "Does nothing: a dump is restored as it is.", Examples: []Example{ex(name+"()", "t")},
			Eval: func(*Context, []types.Datum) (types.Datum, error) { return types.NewBool(true), nil },
		})
	}
	return true
}()
