package rowstore

import (
	"encoding/binary"
	"slices"

	"github.com/pingcap/tipb/go-tipb"

	"github.com/tidemarkdb/tidemark/rowstore/keycodec"
	"github.com/tidemarkdb/tidemark/rowstore/rowcodec"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pushdown"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// What TiDB calls the types of values (mysql.Type...), and a collation.
const (
	typeNull     = 6
	typeInt      = 8
	typeDecimal  = 246
	typeBytes    = 253
	binaryOrder  = 63
	flagBinary   = 128
	handleColumn = -1
)

// Flags of values in answers and defaults (TiDB's codec).
const (
	flagNil     = 0
	flagCompact = 2
	flagDecimal = 6
	flagVarint  = 8
	flagUvarint = 9
)

func fieldType(k pushdown.Kind) *tipb.FieldType {
	if k == pushdown.Int {
		return &tipb.FieldType{Tp: typeInt, Flen: 20, Collate: binaryOrder, Flag: flagBinary}
	}
	return &tipb.FieldType{Tp: typeBytes, Flen: -1, Decimal: -1, Collate: binaryOrder, Flag: flagBinary, Charset: "binary"}
}

// program makes the tipb.DAGRequest, and says how its answers look.
func (p *Pushed) program() ([]byte, error) {
	scan, err := p.scan()
	if err != nil {
		return nil, err
	}
	dag := &tipb.DAGRequest{
		Executors:  []*tipb.Executor{scan},
		EncodeType: tipb.EncodeType_TypeDefault, TimeZoneName: "UTC",
	}
	if p.spec.Count {
		dag.CollectExecutionSummaries = &p.spec.Count
	}
	add := func(e *tipb.Executor) { dag.Executors = append(dag.Executors, e) }
	if len(p.spec.Conditions) > 0 {
		conditions, err := p.expressions(p.spec.Conditions, p.spec.Rules.TranslateCondition)
		if err != nil {
			return nil, err
		}
		add(&tipb.Executor{Tp: tipb.ExecType_TypeSelection, Selection: &tipb.Selection{Conditions: conditions}})
	}
	switch {
	case p.spec.Aggregate:
		agg, err := p.aggregation()
		if err != nil {
			return nil, err
		}
		add(&tipb.Executor{Tp: tipb.ExecType_TypeAggregation, Aggregation: agg})
		p.places = nil
		for i := range len(agg.AggFunc) + len(agg.GroupBy) {
			p.places = append(p.places, uint32(i))
		}
	case len(p.spec.Order) > 0:
		by, err := p.order()
		if err != nil {
			return nil, err
		}
		add(&tipb.Executor{Tp: tipb.ExecType_TypeTopN, TopN: &tipb.TopN{OrderBy: by, Limit: uint64(p.spec.Limit)}})
	case p.spec.Limit > 0:
		add(&tipb.Executor{Tp: tipb.ExecType_TypeLimit, Limit: &tipb.Limit{Limit: uint64(p.spec.Limit)}})
	}
	dag.OutputOffsets = p.places
	return dag.Marshal()
}

// scan makes the scan of rows or of an index's entries.
func (p *Pushed) scan() (out *tipb.Executor, err error) {
	if x := p.index(); x != nil {
		out = &tipb.Executor{Tp: tipb.ExecType_TypeIndexScan}
		out.IdxScan, err = p.indexScan(x)
	} else {
		out = &tipb.Executor{Tp: tipb.ExecType_TypeTableScan}
		out.TblScan, err = p.tableScan()
	}
	if err != nil || p.spec.Aggregate {
		return out, err
	}
	for i, o := range p.spec.Scan.Output {
		p.wire = append(p.wire, p.spec.Scan.Layout.wireColumn(o, i))
	}
	if p.spec.Handle {
		p.wire = append(p.wire, wireColumn{at: len(p.wire), form: wireInt, phys: types.PhysInt64})
	}
	if len(p.wire) == 0 {
		p.wire, p.places = append(p.wire, wireColumn{at: -1}), []uint32{0}
	}
	return out, nil
}

// index is the layout of the index whose entries are read, nil for rows.
func (p *Pushed) index() *indexLayout {
	if p.spec.Scan.Index == nil {
		return nil
	}
	return p.spec.Scan.Layout.index(p.spec.Scan.Index)
}

// handleInfo describes the integer handle of rows.
func handleInfo() *tipb.ColumnInfo {
	return &tipb.ColumnInfo{ColumnId: handleColumn, Tp: typeInt, PkHandle: true, Collation: binaryOrder, ColumnLen: 20}
}

// tableScan names the columns that are read; at least one, because stores count
// rows by their first.
func (p *Pushed) tableScan() (*tipb.TableScan, error) {
	l := p.spec.Scan.Layout
	out := &tipb.TableScan{TableId: int64(l.Table.Storage), Desc: p.spec.Scan.Reverse}
	for i, o := range p.spec.Scan.Output {
		info, err := l.columnInfo(o)
		if err != nil {
			return nil, err
		}
		out.Columns, p.places = append(out.Columns, info), append(p.places, uint32(i))
	}
	if p.spec.Handle {
		at := slices.IndexFunc(p.spec.Scan.Output, l.isHandle) // stores know one column as the handle
		if at < 0 {
			at, out.Columns = len(out.Columns), append(out.Columns, handleInfo())
		}
		p.places = append(p.places, uint32(at))
	}
	if len(out.Columns) > 0 {
		return out, nil
	}
	if l.handle != handleCommon {
		out.Columns = []*tipb.ColumnInfo{handleInfo()}
		return out, nil
	}
	info, err := l.columnInfo(l.pk[0].ordinal)
	if err != nil {
		return nil, err
	}
	out.Columns = []*tipb.ColumnInfo{info}
	return out, nil
}

// indexScan names an index's columns from the first on, as stores find each
// behind those before it, and behind all of them the integer handle. That the
// stores can tell the columns from each other is for the planner to see to.
func (p *Pushed) indexScan(x *indexLayout) (*tipb.IndexScan, error) {
	l := p.spec.Scan.Layout
	n, handle := 1, false
	for _, o := range p.spec.Scan.Output {
		switch kind, at := l.source(x, o); kind {
		case sourceKey:
			n = max(n, at+1)
			p.places = append(p.places, uint32(at))
		case sourceHandle:
			n, handle = len(x.columns), true
			p.places = append(p.places, uint32(n))
		default:
			return nil, pushdown.Refusal("the index's entries hold a column where the stores do not look for it")
		}
	}
	out := &tipb.IndexScan{TableId: int64(l.Table.Storage), IndexId: int64(x.index.Storage), Desc: p.spec.Scan.Reverse, Unique: new(bool)}
	for _, c := range x.columns[:n] {
		info, err := l.columnInfo(c.ordinal)
		if err != nil {
			return nil, err
		}
		info.PkHandle, info.DefaultVal = false, nil
		out.Columns = append(out.Columns, info)
	}
	if handle {
		out.Columns = append(out.Columns, handleInfo())
	}
	return out, nil
}

func (l *Layout) isHandle(ordinal int) bool {
	return l.handle == handleInt && l.pk[0].ordinal == ordinal
}

func (l *Layout) wireColumn(ordinal, at int) wireColumn {
	c := &l.Table.Columns[ordinal]
	out := wireColumn{at: at, form: wireStored, phys: c.Type.Phys()}
	out.kind = rowcodec.KindOf(out.phys)
	if pushdown.KindOf(c.Type) == pushdown.Int {
		out.form = wireInt
	}
	return out
}

// columnInfo describes a column to the stores: integers are integers, everything
// else is the bytes that lie in the row.
func (l *Layout) columnInfo(ordinal int) (*tipb.ColumnInfo, error) {
	c := &l.Table.Columns[ordinal]
	kind := pushdown.KindOf(c.Type)
	ft := fieldType(kind)
	out := &tipb.ColumnInfo{
		ColumnId: int64(c.Num), Tp: ft.Tp, Collation: ft.Collate, ColumnLen: ft.Flen, Decimal: ft.Decimal, Flag: int32(ft.Flag),
		PkHandle: l.isHandle(ordinal),
	}
	if c.Missing.IsNull() || out.PkHandle {
		return out, nil
	}
	if kind == pushdown.Int {
		out.DefaultVal = binary.AppendVarint([]byte{flagVarint}, c.Missing.I)
		return out, nil
	}
	if len(c.Missing.S) > rowcodec.OverflowLimit {
		return nil, pushdown.Refusal("the default of a column is longer than values in rows are")
	}
	stored := rowcodec.AppendValue(nil, rowcodec.KindOf(c.Type.Phys()), &c.Missing)
	out.DefaultVal = append(binary.AppendVarint([]byte{flagCompact}, int64(len(stored))), stored...)
	return out, nil
}

// translation is one of pushdown.Rules.
type translation func(expr.Expr, func(expr.Expr) (types.Datum, error)) (*pushdown.Node, error)

func (p *Pushed) expressions(es []expr.Expr, translate translation) ([]*tipb.Expr, error) {
	out := make([]*tipb.Expr, len(es))
	for i, e := range es {
		n, err := translate(e, p.spec.Eval)
		if err != nil {
			return nil, err
		}
		if out[i], err = p.expression(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// expression turns a translated expression into the protocol's.
func (p *Pushed) expression(n *pushdown.Node) (*tipb.Expr, error) {
	out := &tipb.Expr{FieldType: fieldType(n.Kind)}
	switch {
	case n.Const && n.Null:
		out.Tp, out.FieldType = tipb.ExprType_Null, &tipb.FieldType{Tp: typeNull, Collate: binaryOrder, Flag: flagBinary}
	case n.Const && n.Kind == pushdown.Int:
		out.Tp, out.Val = tipb.ExprType_Int64, keycodec.AppendInt(nil, n.Int)
	case n.Const:
		out.Tp, out.Val = tipb.ExprType_Bytes, []byte(n.Bytes)
	case n.Sig == "":
		out.Tp, out.Val = tipb.ExprType_ColumnRef, keycodec.AppendInt(nil, int64(p.places[n.Column]))
	default:
		sig, ok := tipb.ScalarFuncSig_value[n.Sig]
		if !ok {
			return nil, pushdown.Refusal("the protocol has no function " + n.Sig)
		}
		out.Tp, out.Sig = tipb.ExprType_ScalarFunc, tipb.ScalarFuncSig(sig)
		for _, a := range n.Args {
			x, err := p.expression(a)
			if err != nil {
				return nil, err
			}
			out.Children = append(out.Children, x)
		}
	}
	return out, nil
}

// aggregation: stores answer the aggregates first and then the keys.
func (p *Pushed) aggregation() (*tipb.Aggregation, error) {
	p.wire = nil
	out := &tipb.Aggregation{}
	for i, c := range p.spec.Calls {
		agg, form, err := p.call(c)
		if err != nil {
			return nil, err
		}
		out.AggFunc = append(out.AggFunc, agg)
		at := len(p.spec.Keys) + i
		phys := p.spec.Types[at].Phys()
		p.wire = append(p.wire, wireColumn{at: at, form: form, kind: rowcodec.KindOf(phys), phys: phys})
	}
	var err error
	if out.GroupBy, err = p.expressions(p.spec.Keys, p.spec.Rules.Translate); err != nil {
		return nil, err
	}
	for i, k := range p.spec.Keys {
		w := wireColumn{at: i, form: wireStored, phys: k.Type().Phys()}
		w.kind = rowcodec.KindOf(w.phys)
		if pushdown.KindOf(k.Type()) == pushdown.Int {
			w.form = wireInt
		}
		p.wire = append(p.wire, w)
	}
	return out, nil
}

func (p *Pushed) call(c PushedCall) (*tipb.Expr, wireForm, error) {
	name := pushdown.AggregateSig(c.Fn)
	tp, ok := tipb.ExprType_value[name]
	if !ok {
		return nil, 0, pushdown.Refusal("the protocol has no aggregate " + c.Fn.Name)
	}
	out := &tipb.Expr{Tp: tipb.ExprType(tp), FieldType: fieldType(pushdown.Int)}
	if len(c.Args) == 0 { // count(*)
		out.Children = []*tipb.Expr{{Tp: tipb.ExprType_Int64, Val: keycodec.AppendInt(nil, 1), FieldType: fieldType(pushdown.Int)}}
		return out, wireInt, nil
	}
	arg, err := p.argument(c)
	if err != nil {
		return nil, 0, err
	}
	out.Children = []*tipb.Expr{arg}
	switch {
	case name == "Sum":
		out.FieldType = &tipb.FieldType{Tp: typeDecimal, Flen: 65, Collate: binaryOrder, Flag: flagBinary}
		return out, wireDecimal, nil
	case name == "Count" || pushdown.KindOf(c.Args[0].Type()) == pushdown.Int:
		return out, wireInt, nil
	}
	out.FieldType = fieldType(pushdown.Bytes)
	return out, wireStored, nil
}

// argument translates an aggregate's argument. Columns of any type are counted.
func (p *Pushed) argument(c PushedCall) (*tipb.Expr, error) {
	if o, ok := c.Args[0].(*expr.Ordinal); ok {
		return p.expression(&pushdown.Node{Kind: pushdown.KindOf(o.Typ), Column: o.Index})
	}
	out, err := p.expressions(c.Args[:1], p.spec.Rules.Translate)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// order: stores put NULLs first, or last in descending order, so what is not so
// is sorted by whether it is NULL before.
func (p *Pushed) order() ([]*tipb.ByItem, error) {
	var out []*tipb.ByItem
	for _, k := range p.spec.Order {
		n, err := p.spec.Rules.Translate(k.Expr, p.spec.Eval)
		if err != nil {
			return nil, err
		}
		e, err := p.expression(n)
		if err != nil {
			return nil, err
		}
		if k.NullsFirst == k.Desc {
			sig := "StringIsNull"
			if n.Kind == pushdown.Int {
				sig = "IntIsNull"
			}
			isNull, err := p.expression(&pushdown.Node{Kind: pushdown.Int, Sig: sig, Args: []*pushdown.Node{n}})
			if err != nil {
				return nil, err
			}
			out = append(out, &tipb.ByItem{Expr: isNull, Desc: k.NullsFirst})
		}
		out = append(out, &tipb.ByItem{Expr: e, Desc: k.Desc})
	}
	return out, nil
}
