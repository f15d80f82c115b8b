package executor

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/rowstore"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// tableWriter is what INSERT, UPDATE and DELETE share: a table's constraints,
// compiled, and its rowstore writer.
type tableWriter struct {
	run    *run
	env    *Env
	table  *catalog.Table
	layout *rowstore.Layout
	writer *rowstore.Writer
	points *pointWriter  // of a time-series table, else nil
	schema *arrow.Schema // of live
	live   []int         // ordinals of columns that are not dropped

	notNull      []int
	checks       []namedCheck
	checkOptions []namedCheck
	indexes      []indexExprs // by position; nil if no index has expressions or a predicate
	foreignKeys  []*foreignKeyCheck
	referencing  []plan.ForeignKeyAction
	held         reservation
}

type namedCheck struct {
	name string
	cond *scalar
}

type indexExprs struct {
	columns   []*scalar // nil for plain columns; nil if there are only those
	predicate *scalar
}

func (r *run) newTableWriter(t *catalog.Table, rows *plan.RowChecks) (*tableWriter, error) {
	w := &tableWriter{run: r, env: r.env, table: t, layout: r.layout(t), held: reservation{env: r.env}, referencing: rows.Referencing}
	w.writer = w.layout.Writer(r.env.Txn)
	if t.TimeSeries != nil {
		w.points = newPointWriter(w)
	}
	w.narrow(liveColumns(t))
	for _, i := range w.live {
		if t.Columns[i].NotNull {
			w.notNull = append(w.notNull, i)
		}
	}
	var err error
	if w.checks, err = r.compileChecks(rows.Checks); err != nil {
		return nil, err
	}
	if w.checkOptions, err = r.compileChecks(rows.CheckOptions); err != nil {
		return nil, err
	}
	if w.indexes, err = r.compileIndexExprs(rows.Indexes); err != nil {
		return nil, err
	}
	for i := range rows.ForeignKeys {
		fk, err := newForeignKeyCheck(r.env, t, r.layout(rows.ForeignKeys[i].Table), &rows.ForeignKeys[i])
		if err != nil {
			return nil, err
		}
		w.foreignKeys = append(w.foreignKeys, fk)
	}
	return w, nil
}

// narrow leaves a writer with the columns at ordinals; the others of its rows are NULL.
func (w *tableWriter) narrow(ordinals []int) {
	w.live = ordinals
	fields := make([]arrow.Field, len(ordinals))
	for i, o := range ordinals {
		c := &w.table.Columns[o]
		fields[i] = arrow.Field{Name: c.Name, Type: types.ArrowType(c.Type), Nullable: true}
	}
	w.schema = arrow.NewSchema(fields, nil)
}

func (r *run) compileChecks(checks []plan.NamedCheck) ([]namedCheck, error) {
	out := make([]namedCheck, len(checks))
	for i, c := range checks {
		cond, err := r.compile(c.Expr)
		if err != nil {
			return nil, err
		}
		out[i] = namedCheck{name: c.Name, cond: cond}
	}
	return out, nil
}

func (r *run) compileIndexExprs(indexes []plan.IndexExprs) ([]indexExprs, error) {
	out := make([]indexExprs, len(indexes))
	needed := false
	for i, ix := range indexes {
		for _, c := range ix.Columns {
			if c == nil {
				continue
			}
			columns, err := r.compileAll(ix.Columns)
			if err != nil {
				return nil, err
			}
			out[i].columns, needed = columns, true
			break
		}
		var err error
		if out[i].predicate, err = r.compileOptional(ix.Predicate); err != nil {
			return nil, err
		}
		needed = needed || ix.Predicate != nil
	}
	if !needed {
		return nil, nil
	}
	return out, nil
}

func (w *tableWriter) close() {
	w.held.close()
	if w.points != nil {
		w.points.writer.Close()
	}
}

// rowImages is a batch of rows of a table: its columns by ordinal, and what
// indexes compute from them.
type rowImages struct {
	cols   []arrow.Array // nil for dropped columns; borrowed
	n      int
	batch  arrow.RecordBatch
	reader *rowstore.BatchReader
	exprs  [][]arrow.Array // by index position and column
	preds  []arrow.Array   // by index position
	row    rowstore.Row
}

// images prepares rows for writing; cols stay the caller's and must live as
// long as the images, which the caller releases.
func (w *tableWriter) images(cols []arrow.Array, n int) (*rowImages, error) {
	im := &rowImages{cols: cols, n: n, reader: rowstore.NewBatchReader(len(w.table.Columns), w.live)}
	live := make([]arrow.Array, len(w.live))
	for i, o := range w.live {
		live[i] = cols[o]
	}
	im.batch = array.NewRecordBatch(w.schema, live, int64(n))
	if err := im.reader.Reset(im.batch); err != nil {
		im.release()
		return nil, err
	}
	if w.indexes == nil {
		return im, nil
	}
	im.exprs = make([][]arrow.Array, len(w.indexes))
	im.preds = make([]arrow.Array, len(w.indexes))
	im.row.Exprs = make([][]types.Datum, len(w.indexes))
	im.row.Skip = make([]bool, len(w.indexes))
	for i, ix := range w.indexes {
		if err := w.indexImages(im, i, ix); err != nil {
			im.release()
			return nil, err
		}
	}
	return im, nil
}

func (w *tableWriter) indexImages(im *rowImages, i int, ix indexExprs) error {
	var err error
	if ix.predicate != nil {
		if im.preds[i], err = ix.predicate.column(w.env, im.cols, im.n); err != nil {
			return err
		}
	}
	if ix.columns == nil {
		return nil
	}
	im.exprs[i] = make([]arrow.Array, len(ix.columns))
	im.row.Exprs[i] = make([]types.Datum, len(ix.columns))
	for k, c := range ix.columns {
		if c == nil {
			continue
		}
		if im.exprs[i][k], err = c.column(w.env, im.cols, im.n); err != nil {
			return err
		}
	}
	return nil
}

func (im *rowImages) release() {
	if im == nil {
		return
	}
	if im.batch != nil {
		im.batch.Release()
	}
	for _, e := range im.exprs {
		releaseAll(e)
	}
	releaseAll(im.preds)
}

// at is the i-th row, valid until the next call.
func (im *rowImages) at(i int) rowstore.Row {
	im.row.Values = im.reader.Row(i)
	for p, pred := range im.preds {
		if pred != nil {
			d := types.DatumAt(pred, i)
			im.row.Skip[p] = d.IsNull() || !d.Bool()
		}
	}
	for p, cols := range im.exprs {
		for k, c := range cols {
			if c != nil {
				im.row.Exprs[p][k] = types.DatumAt(c, i)
			}
		}
	}
	return im.row
}

// check verifies NOT NULL, CHECK and check options; of several violations the
// first row's is reported.
func (w *tableWriter) check(im *rowImages) error {
	bad := im.n
	var fail func(row []types.Datum) error
	for _, o := range w.notNull {
		c := im.cols[o]
		if c.NullN() == 0 {
			continue
		}
		for i := range bad {
			if c.IsNull(i) {
				bad = i
				fail = func(row []types.Datum) error { return w.env.notNullError(w.table, o, row) }
				break
			}
		}
	}
	for _, c := range w.checks {
		i, err := c.firstFalse(w.env, im, bad, false)
		if err != nil {
			return err
		}
		if i < bad {
			bad = i
			fail = func(row []types.Datum) error { return w.env.checkError(w.table, c.name, row) }
		}
	}
	for _, c := range w.checkOptions {
		i, err := c.firstFalse(w.env, im, bad, true)
		if err != nil {
			return err
		}
		if i < bad {
			bad = i
			fail = func(row []types.Datum) error { return w.env.checkOptionError(w.table, c.name, row) }
		}
	}
	if fail == nil {
		return nil
	}
	w.env.rejected(bad, false)
	return fail(im.reader.Row(bad))
}

// firstFalse is the first row before limit for which the condition is false
// (or, nullFails, NULL); limit if there is none.
func (c *namedCheck) firstFalse(env *Env, im *rowImages, limit int, nullFails bool) (int, error) {
	v, err := c.cond.value(env, im.cols, im.n)
	if err != nil {
		return 0, err
	}
	defer v.Array.Release()
	for i := range limit {
		d := datumOf(v, i)
		if (d.IsNull() && nullFails) || (!d.IsNull() && !d.Bool()) {
			return i, nil
		}
		if v.Const {
			break
		}
	}
	return limit, nil
}
