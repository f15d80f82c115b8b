package catalog_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/catalog/cattest"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// oracle is a file of testdata/oracle: rows of fields, in the text form of COPY.
func oracle(t *testing.T, name string) [][]string {
	t.Helper()
	b, err := os.ReadFile("testdata/oracle/" + name + ".tsv")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(b)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows
}

// oracleIDs finds the OIDs that PostgreSQL gave to the objects of sample.sql, so
// that the sample has the same.
type oracleIDs struct{ t *testing.T }

// id finds the row whose fields from column on start with the given ones.
func (o oracleIDs) id(file string, column int, fields ...string) catalog.OID {
	o.t.Helper()
	for _, r := range oracle(o.t, file) {
		if slices.Equal(r[column:column+len(fields)], fields) {
			var id catalog.OID
			for _, c := range r[0] {
				id = id*10 + catalog.OID(c-'0')
			}
			return id
		}
	}
	o.t.Fatalf("%s has no %v", file, fields)
	return 0
}

func (o oracleIDs) class(name string) catalog.OID      { return o.id("pg_class", 1, name) }
func (o oracleIDs) typ(name string) catalog.OID        { return o.id("pg_type", 1, name) }
func (o oracleIDs) constraint(name string) catalog.OID { return o.id("pg_constraint", 1, name) }

func (o oracleIDs) def(table, num string) catalog.OID {
	var rel string
	for _, r := range oracle(o.t, "pg_class") {
		if r[1] == table {
			rel = r[0]
		}
	}
	return o.id("pg_attrdef", 1, rel, num)
}

// sample is the catalog after testdata/sample.sql.
func sample(t *testing.T) *catalog.Snapshot {
	o := oracleIDs{t}
	b := cattest.New()
	ns := b.AddSchemaID(o.id("pg_namespace", 1, "sales"), "sales")
	ns.Comment = "orders and customers"
	status := b.AddType(&catalog.UserType{
		ID: o.typ("order_status"), ArrayID: o.typ("_order_status"), Name: "order_status", Schema: ns.ID, Kind: 'e',
		Labels: []catalog.EnumLabel{{ID: o.id("pg_enum", 3, "new"), Label: "new", Sort: 1}, {ID: o.id("pg_enum", 3, "paid"), Label: "paid", Sort: 2}},
	})
	positive := b.AddType(&catalog.UserType{
		ID: o.typ("positive_int"), ArrayID: o.typ("_positive_int"), Name: "positive_int", Schema: ns.ID, Kind: 'd', Base: types.Of(types.Int4),
		Checks: []catalog.Check{{ID: o.constraint("positive_int_check"), Name: "positive_int_check", Expr: "VALUE > 0"}},
	})
	b.AddType(&catalog.UserType{
		ID: o.typ("price"), ArrayID: o.typ("_price"), Relation: o.class("price"), Name: "price", Schema: ns.ID, Kind: 'c',
		Fields: []catalog.Column{
			{Num: 1, Name: "amount", Type: types.Type{OID: types.Numeric, Mod: types.NumericMod(10, 2)}},
			{Num: 2, Name: "currency", Type: types.Type{OID: types.Bpchar, Mod: 7}},
		},
	})
	addSequences(b, o, ns.ID)
	addCustomers(b, o, ns.ID)
	addOrders(b, o, ns.ID, status.ID, positive.ID)
	orders := o.class("orders")
	b.AddTable(&catalog.Table{
		ID: o.class("open_orders"), Name: "open_orders", Schema: ns.ID, Kind: catalog.KindView,
		RowType: o.typ("open_orders"), RowArray: o.typ("_open_orders"),
		Columns: []catalog.Column{{Name: "id", Type: types.Of(types.Int4)}, {Name: "status", Type: types.Of(status.ID)}},
		View: &catalog.View{
			Query:     "SELECT orders.id,\n    orders.status\n   FROM sales.orders",
			DependsOn: []catalog.OID{orders}, DependsOnColumns: []catalog.ColumnRef{{Relation: orders, Column: 1}, {Relation: orders, Column: 3}},
		},
	})
	return b.Snapshot()
}

const maxInt8 = 1<<63 - 1

func addSequences(b *catalog.Builder, o oracleIDs, ns catalog.OID) {
	seq := func(name string, q catalog.Sequence) {
		q.Min, q.Cache = 1, 1
		b.AddTable(&catalog.Table{ID: o.class(name), Name: name, Schema: ns, Kind: catalog.KindSequence, Sequence: &q})
	}
	seq("invoice_no", catalog.Sequence{Type: types.Int8, Start: 1000, Increment: 10, Max: maxInt8})
	seq("customers_id_seq", catalog.Sequence{
		Type: types.Int8, Start: 1, Increment: 1, Max: maxInt8, OwnerTable: o.class("customers"), OwnerColumn: 1,
	})
	seq("orders_id_seq", catalog.Sequence{
		Type: types.Int4, Start: 1, Increment: 1, Max: 1<<31 - 1, OwnerTable: o.class("orders"), OwnerColumn: 1,
	})
}

func addCustomers(b *catalog.Builder, o oracleIDs, ns catalog.OID) {
	key := func(nums ...int16) (out []catalog.IndexColumn) {
		for _, n := range nums {
			out = append(out, catalog.IndexColumn{Num: n})
		}
		return out
	}
	b.AddTable(&catalog.Table{
		ID: o.class("customers"), Name: "customers", Schema: ns, RowType: o.typ("customers"), RowArray: o.typ("_customers"),
		Clustered: true, Comment: "people who buy",
		Columns: []catalog.Column{
			{Name: "id", Type: types.Of(types.Int8), NotNull: true, Identity: 'a', Sequence: o.class("customers_id_seq")},
			{Name: "name", Type: types.Of(types.Text), NotNull: true},
			{Name: "email", Type: types.Type{OID: types.Varchar, Mod: 124}, Comment: "login address"},
			{Name: "country", Type: types.Type{OID: types.Bpchar, Mod: 6}, NotNull: true, Default: "'SE'::bpchar", DefaultID: o.def("customers", "4")},
			{Name: "credit", Type: types.Type{OID: types.Numeric, Mod: types.NumericMod(12, 2)}, NotNull: true, Default: "0", DefaultID: o.def("customers", "5")},
			{Name: "gone", Type: types.Of(types.Int4), Dropped: true},
			{Name: "tags", Type: types.Of(types.TextArray), Default: "'{}'::text[]", DefaultID: o.def("customers", "7")},
			{Name: "created_at", Type: types.Type{OID: types.Timestamptz, Mod: 3}},
			{Name: "code", Type: types.Of(types.Text), Collation: "C"},
			{Name: "span", Type: mustType("interval day to second(2)")},
		},
		Indexes: []catalog.Index{
			{ID: o.class("customers_pkey"), Name: "customers_pkey", Primary: true, Constraint: o.constraint("customers_pkey"), Columns: key(1)},
			{ID: o.class("customers_email_key"), Name: "customers_email_key", Unique: true, Constraint: o.constraint("customers_email_key"), Columns: key(3)},
			{
				ID: o.class("customers_country_name_idx"), Name: "customers_country_name_idx",
				Columns: []catalog.IndexColumn{{Num: 4}, {Num: 2, Desc: true, NullsFirst: true}},
			},
			{ID: o.class("customers_lower_idx"), Name: "customers_lower_idx", Columns: []catalog.IndexColumn{{Expr: "lower(name)", ExprType: types.Of(types.Text)}}},
			{
				ID: o.class("customers_sum_idx"), Name: "customers_sum_idx", Predicate: "credit > 5::numeric",
				Columns: []catalog.IndexColumn{{Expr: "credit + 1::numeric", ExprType: types.Of(types.Numeric)}, {Num: 9, NullsFirst: true}},
			},
			{
				ID: o.class("customers_email_idx"), Name: "customers_email_idx", Unique: true, NullsNotDistinct: true, Options: map[string]string{"fillfactor": "70"},
				Columns: []catalog.IndexColumn{{Num: 3, Desc: true, OpClass: "text_pattern_ops"}}, Include: []int16{2, 9},
			},
		},
		Checks: []catalog.Check{{ID: o.constraint("customers_credit_check"), Name: "customers_credit_check", Expr: "credit >= 0::numeric", Columns: []int16{5}}},
	})
}

func addOrders(b *catalog.Builder, o oracleIDs, ns, status, positive catalog.OID) {
	orders := o.class("orders")
	b.AddTable(&catalog.Table{
		ID: orders, Name: "orders", Schema: ns, RowType: o.typ("orders"), RowArray: o.typ("_orders"), Clustered: true,
		Columns: []catalog.Column{
			{
				Name: "id", Type: types.Of(types.Int4), NotNull: true, Sequence: o.class("orders_id_seq"),
				Default: "nextval('sales.orders_id_seq'::regclass)", DefaultID: o.def("orders", "1"),
			},
			{Name: "customer_id", Type: types.Of(types.Int8), NotNull: true},
			{
				Name: "status", Type: types.Of(status), NotNull: true, Default: "'new'::sales.order_status", DefaultID: o.def("orders", "3"),
				DependsOn: []catalog.OID{status},
			},
			{Name: "qty", Type: types.Of(positive)},
			{Name: "Total", Type: types.Of(types.Numeric), Default: "1", Generated: true, DefaultID: o.def("orders", "5")},
			{Name: "parent", Type: types.Of(types.Int4)},
		},
		Indexes: []catalog.Index{
			{ID: o.class("orders_pkey"), Name: "orders_pkey", Primary: true, Constraint: o.constraint("orders_pkey"), Columns: []catalog.IndexColumn{{Num: 1}}},
			{
				ID: o.class("orders_status_key"), Name: "orders_status_key", Unique: true, Deferrable: true, Deferred: true,
				Constraint: o.constraint("orders_status_key"), Columns: []catalog.IndexColumn{{Num: 3}, {Num: 5}},
			},
		},
		Checks: []catalog.Check{{
			ID: o.constraint("orders_qty_check"), Name: "orders_qty_check", Expr: "qty IS NULL OR customer_id > 0", Columns: []int16{4, 2},
			NoInherit: true, Comment: "never mind",
		}},
		ForeignKeys: []catalog.ForeignKey{
			{
				ID: o.constraint("orders_customer_id_fkey"), Name: "orders_customer_id_fkey", Columns: []int16{2}, RefTable: o.class("customers"),
				RefColumns: []int16{1}, RefIndex: o.class("customers_pkey"), OnDelete: catalog.FKCascade,
			},
			{
				ID: o.constraint("orders_parent_fkey"), Name: "orders_parent_fkey", Columns: []int16{6}, RefTable: orders,
				RefColumns: []int16{1}, RefIndex: o.class("orders_pkey"), OnUpdate: catalog.FKSetNull, MatchFull: true, Deferrable: true,
			},
		},
	})
}

func mustType(name string) types.Type {
	t, err := types.ParseTypeName(name, nil)
	if err != nil {
		panic(err)
	}
	return t
}
