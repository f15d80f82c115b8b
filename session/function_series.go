package session

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/executor"
	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/session/ddl"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

var _ functions.SeriesSession = (*functionSession)(nil)

// seriesReads are the administrative functions of time-series tables that change
// nothing in the catalog.
var seriesReads = map[string]func(f *functionSession, c *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error){
	"show_chunks":                  (*functionSession).showChunks,
	"compress_chunk":               (*functionSession).compressChunk,
	"decompress_chunk":             (*functionSession).decompressChunk,
	"hypertable_size":              (*functionSession).hypertableSize,
	"hypertable_approximate_size":  (*functionSession).hypertableSize,
	"hypertable_index_size":        (*functionSession).hypertableIndexSize,
	"hypertable_detailed_size":     (*functionSession).hypertableDetailedSize,
	"chunks_detailed_size":         (*functionSession).chunksDetailedSize,
	"hypertable_compression_stats": (*functionSession).hypertableCompression,
	"chunk_compression_stats":      (*functionSession).chunkCompression,
	"hypertable_columnstore_stats": (*functionSession).hypertableCompression,
	"chunk_columnstore_stats":      (*functionSession).chunkCompression,
	"approximate_row_count":        (*functionSession).approximateRowCount,

	"hypertable_approximate_detailed_size": (*functionSession).hypertableApproximateSize,

	"add_continuous_aggregate_policy":    (*functionSession).addRefreshPolicy,
	"remove_continuous_aggregate_policy": (*functionSession).continuousUpToDate,
	"refresh_continuous_aggregate":       (*functionSession).continuousUpToDate,
}

// SeriesAdmin implements functions.SeriesSession.
func (f *functionSession) SeriesAdmin(c *functions.Context, name string, args functions.SeriesArgs) ([][]types.Datum, error) {
	if read := seriesReads[name]; read != nil {
		return read(f, c, args)
	}
	env, err := f.s.ddlEnv(c.Ctx, f.Query(), false)
	if err != nil {
		return nil, err
	}
	rows, err := ddl.SeriesChange(c.Ctx, env, name, args)
	f.snap = env.Editor.Snapshot() // for the calls that follow
	return rows, err
}

// hypertableApproximateSize is hypertableDetailedSize without the node's name.
func (f *functionSession) hypertableApproximateSize(c *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	rows, err := f.hypertableDetailedSize(c, functions.SeriesArgs{"hypertable": args["relation"]})
	for i := range rows {
		rows[i] = rows[i][:4]
	}
	return rows, err
}

// continuousUpToDate is what would keep a continuous aggregate up to date, which it is.
func (f *functionSession) continuousUpToDate(_ *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	t := f.snap.TableByID(catalog.OID(args["continuous_aggregate"].Value.Int()))
	if !ddl.IsContinuous(t) {
		name := "-"
		if t != nil {
			name = t.Name
		}
		return nil, pgerror.New(pgerror.WrongObjectType, "relation %q is not a continuous aggregate", name)
	}
	f.s.notice(pgerror.NewNotice("continuous aggregate %q is always up to date: there is nothing to refresh", t.Name))
	return nil, nil
}

func (f *functionSession) addRefreshPolicy(c *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	_, err := f.continuousUpToDate(c, args)
	return [][]types.Datum{{types.NewInt4(-1)}}, err
}

// query runs a statement for a function.
func (f *functionSession) query(ctx context.Context, stmt ast.Statement, fn func(arrow.RecordBatch) error) error {
	return f.s.queryBatches(ctx, stmt, "", fn)
}

// chunks lists the slices with points of the table that an argument names.
func (f *functionSession) chunks(c *functions.Context, args functions.SeriesArgs, param string) (*catalog.Table, []ddl.Chunk, error) {
	t, err := ddl.SeriesTable(f.snap, args, param)
	if err != nil {
		return nil, nil, err
	}
	chunks, err := ddl.Chunks(c.Ctx, f.query, c, f.snap, t, args)
	return t, chunks, err
}

func (f *functionSession) showChunks(c *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	_, chunks, err := f.chunks(c, args, "relation")
	var rows [][]types.Datum
	for _, chunk := range chunks {
		rows = append(rows, []types.Datum{types.NewString(chunk.Name())})
	}
	return rows, err
}

// chunk finds the chunk that compress_chunk and decompress_chunk name.
func (f *functionSession) chunk(args functions.SeriesArgs) (*catalog.Table, ddl.Chunk, error) {
	name := args["uncompressed_chunk"].Value.S
	t, chunk, ok := ddl.ParseChunk(f.snap, name)
	if !ok {
		return nil, chunk, pgerror.New(pgerror.UndefinedTable, "relation %q does not exist", name)
	}
	return t, chunk, nil
}

// decompressChunk does nothing, as packed points can be changed.
func (f *functionSession) decompressChunk(_ *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	_, chunk, err := f.chunk(args)
	if err != nil {
		return nil, err
	}
	f.s.notice(pgerror.NewNotice("decompress_chunk does nothing: packed points can be changed as they are"))
	return [][]types.Datum{{types.NewString(chunk.Name())}}, nil
}

func (f *functionSession) compressChunk(_ *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	_, chunk, err := f.chunk(args)
	if err != nil {
		return nil, err
	}
	f.s.notice(pgerror.NewNotice("compress_chunk does nothing: points are packed soon after they are written"))
	return [][]types.Datum{{types.NewString(chunk.Name())}}, nil
}

// tableBytes is the size of the time-series table that an argument names.
func (f *functionSession) tableBytes(c *functions.Context, args functions.SeriesArgs, param string) (types.Datum, error) {
	t, err := ddl.SeriesTable(f.snap, args, param)
	if err != nil {
		return types.Null, err
	}
	n, _, err := f.RelationSize(c.Ctx, uint32(t.ID), functions.SizeTotal)
	return types.NewInt8(n), err
}

func (f *functionSession) hypertableSize(c *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	param := "hypertable"
	if _, ok := args["relation"]; ok {
		param = "relation"
	}
	n, err := f.tableBytes(c, args, param)
	return [][]types.Datum{{n}}, err
}

func (f *functionSession) hypertableIndexSize(_ *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	id := catalog.OID(args["index_name"].Value.I)
	if t, _ := f.snap.IndexByID(id); t == nil || t.TimeSeries == nil {
		return nil, pgerror.New(pgerror.WrongObjectType, "relation with OID %d is no index of a hypertable", id)
	}
	return [][]types.Datum{{types.NewInt8(0)}}, nil // indexes are descriptors
}

// sizes are the columns table_bytes ... node_name.
func sizes(n types.Datum) []types.Datum {
	return []types.Datum{n, types.NewInt8(0), types.NewInt8(0), n, types.Null}
}

func (f *functionSession) hypertableDetailedSize(c *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	n, err := f.tableBytes(c, args, "hypertable")
	return [][]types.Datum{sizes(n)}, err
}

func (f *functionSession) chunksDetailedSize(c *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	t, chunks, err := f.chunks(c, args, "hypertable")
	if err != nil {
		return nil, err
	}
	stored, err := f.s.StoredSlices(c.Ctx, t)
	if err != nil {
		return nil, err
	}
	bytes := map[int64]int64{} // by the start of the slice, over all buckets
	for _, s := range stored {
		bytes[s.Start] += s.Bytes
	}
	var rows [][]types.Datum
	for _, chunk := range chunks {
		row := []types.Datum{types.NewString(ddl.ChunkSchema), types.NewString(chunk.Relation())}
		rows = append(rows, append(row, sizes(types.NewInt8(bytes[chunk.Start]))...))
	}
	return rows, nil
}

// noCompression are the columns before_compression_table_bytes ... node_name: how
// large points would be unpacked is not known.
var noCompression = make([]types.Datum, 9)

func (f *functionSession) hypertableCompression(c *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	_, chunks, err := f.chunks(c, args, "hypertable")
	if err != nil {
		return nil, err
	}
	row := append([]types.Datum{types.NewInt8(int64(len(chunks))), types.NewInt8(int64(len(chunks)))}, noCompression...)
	if row[9], err = f.tableBytes(c, args, "hypertable"); err != nil {
		return nil, err
	}
	row[6], row[7], row[8] = row[9], types.NewInt8(0), types.NewInt8(0)
	return [][]types.Datum{row}, nil
}

func (f *functionSession) chunkCompression(c *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	_, chunks, err := f.chunks(c, args, "hypertable")
	var rows [][]types.Datum
	for _, chunk := range chunks {
		row := []types.Datum{types.NewString(ddl.ChunkSchema), types.NewString(chunk.Relation()), types.NewString("Compressed")}
		rows = append(rows, append(row, noCompression...))
	}
	return rows, err
}

// approximateRowCount counts a time-series table, where the headers of blocks have the
// number, and is the planner's estimate of another table.
func (f *functionSession) approximateRowCount(c *functions.Context, args functions.SeriesArgs) ([][]types.Datum, error) {
	id := catalog.OID(args["relation"].Value.I)
	t := f.snap.TableByID(id)
	if t == nil {
		return nil, nil
	}
	if t.TimeSeries != nil {
		n, err := ddl.CountPoints(c.Ctx, f.query, f.snap, t)
		return [][]types.Datum{{n}}, err
	}
	n := f.s.server.estimateRows(t, f.snap.Stats(id))
	return [][]types.Datum{{types.NewInt8(int64(n))}}, nil
}

// SeriesSlices implements catalog.SeriesRuntime.
func (s *Session) SeriesSlices(ctx context.Context, t *catalog.Table) ([]catalog.Slice, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	f := &functionSession{s: s, snap: snap}
	chunks, err := ddl.Chunks(ctx, f.query, nil, snap, t, nil)
	out := make([]catalog.Slice, len(chunks))
	for i, c := range chunks {
		out[i] = catalog.Slice{Start: c.Start, End: c.End, Schema: ddl.ChunkSchema, Name: c.Relation()}
	}
	return out, err
}

// SeriesJob implements catalog.SeriesRuntime.
func (s *Session) SeriesJob(t *catalog.Table, compression bool) int32 {
	return ddl.JobID(t, compression)
}

// inspecting is what the views tidemark.* read with.
func (s *Session) inspecting(ctx context.Context) (context.Context, kv.Txn, error) {
	if ctx == nil {
		ctx = s.runCtx
	}
	txn, err := s.openTxn(ctx, false)
	return ctx, txn, err
}

// EachSeries implements catalog.StoredSeriesRuntime.
func (s *Session) EachSeries(ctx context.Context, t *catalog.Table, fn func(*catalog.StoredSeries) error) error {
	ctx, txn, err := s.inspecting(ctx)
	if err != nil {
		return err
	}
	return executor.EachSeries(ctx, txn, t, fn)
}

// EachBlock implements catalog.StoredSeriesRuntime.
func (s *Session) EachBlock(ctx context.Context, t *catalog.Table, fn func(*catalog.StoredBlock) error) error {
	ctx, txn, err := s.inspecting(ctx)
	if err != nil {
		return err
	}
	return executor.EachBlock(ctx, txn, t, fn)
}

// StoredSlices implements catalog.StoredSeriesRuntime.
func (s *Session) StoredSlices(ctx context.Context, t *catalog.Table) ([]catalog.StoredSlice, error) {
	ctx, txn, err := s.inspecting(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := executor.SeriesPartitions(ctx, txn, t)
	if err != nil {
		return nil, err
	}
	out := make([]catalog.StoredSlice, len(parts))
	for i, p := range parts {
		n, err := s.server.store.ApproximateSize(ctx, p.Span)
		if err != nil {
			return nil, err
		}
		_, end := t.TimeSeries.SliceAt(p.Slice)
		out[i] = catalog.StoredSlice{Bucket: p.Bucket, Start: p.Slice, End: end, Bytes: int64(n)}
	}
	return out, nil
}
