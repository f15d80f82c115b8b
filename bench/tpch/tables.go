package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// table is one of the eight, with the primary and foreign keys of clause 1.4.
type table struct{ name, ddl string }

var tables = []table{
	{"region", `create table region(r_regionkey int primary key, r_name char(25) not null, r_comment varchar(152))`},
	{"nation", `create table nation(n_nationkey int primary key, n_name char(25) not null, n_regionkey int not null, n_comment varchar(152))`},
	{"supplier", `create table supplier(s_suppkey int primary key, s_name char(25) not null, s_address varchar(40) not null,
		s_nationkey int not null, s_phone char(15) not null, s_acctbal numeric(15,2) not null, s_comment varchar(101) not null)`},
	{"part", `create table part(p_partkey int primary key, p_name varchar(55) not null, p_mfgr char(25) not null, p_brand char(10) not null,
		p_type varchar(25) not null, p_size int not null, p_container char(10) not null, p_retailprice numeric(15,2) not null, p_comment varchar(23) not null)`},
	{"partsupp", `create table partsupp(ps_partkey int not null, ps_suppkey int not null, ps_availqty int not null,
		ps_supplycost numeric(15,2) not null, ps_comment varchar(199) not null, primary key (ps_partkey, ps_suppkey))`},
	{"customer", `create table customer(c_custkey int primary key, c_name varchar(25) not null, c_address varchar(40) not null, c_nationkey int not null,
		c_phone char(15) not null, c_acctbal numeric(15,2) not null, c_mktsegment char(10) not null, c_comment varchar(117) not null)`},
	{"orders", `create table orders(o_orderkey bigint primary key, o_custkey int not null, o_orderstatus char(1) not null, o_totalprice numeric(15,2) not null,
		o_orderdate date not null, o_orderpriority char(15) not null, o_clerk char(15) not null, o_shippriority int not null, o_comment varchar(79) not null)`},
	{"lineitem", `create table lineitem(l_orderkey bigint not null, l_partkey int not null, l_suppkey int not null, l_linenumber int not null,
		l_quantity numeric(15,2) not null, l_extendedprice numeric(15,2) not null, l_discount numeric(15,2) not null, l_tax numeric(15,2) not null,
		l_returnflag char(1) not null, l_linestatus char(1) not null, l_shipdate date not null, l_commitdate date not null, l_receiptdate date not null,
		l_shipinstruct char(25) not null, l_shipmode char(10) not null, l_comment varchar(44) not null, primary key (l_orderkey, l_linenumber))`},
}

// indexes are those of the foreign keys, which clause 1.4.2.4 allows.
var indexes = []string{
	`create index on nation(n_regionkey)`, `create index on supplier(s_nationkey)`, `create index on customer(c_nationkey)`,
	`create index on partsupp(ps_suppkey)`, `create index on orders(o_custkey)`, `create index on lineitem(l_partkey, l_suppkey)`,
}

var (
	startDate   = time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC)
	currentDate = dayOf(1995, 6, 17)
	lastOrder   = dayOf(1998, 12, 31) - 151
)

// dayOf counts days from startDate.
func dayOf(y, m, d int) int {
	return int(time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Sub(startDate).Hours()) / 24
}

func date(day int) string { return startDate.AddDate(0, 0, day).Format(time.DateOnly) }

func cents(c int) string {
	sign := ""
	if c < 0 {
		sign, c = "-", -c
	}
	return fmt.Sprintf("%s%d.%02d", sign, c/100, c%100)
}

// generator writes the tables of a scale factor in COPY's text format.
type generator struct {
	dir                                  string
	suppliers, parts, customers, nOrders int
	prose                                string
	dates                                []string // of each day, made once
}

func newGenerator(dir string, scale float64) *generator {
	n := func(base float64) int { return max(1, int(base*scale)) }
	g := &generator{
		dir: dir, suppliers: n(10_000), parts: n(200_000), customers: n(150_000), nOrders: n(1_500_000),
		prose: makeProse(8 << 20),
	}
	for d := range dayOf(1999, 6, 1) {
		g.dates = append(g.dates, date(d))
	}
	return g
}

func (g *generator) file(t string) string { return filepath.Join(g.dir, t+".tsv") }

func (g *generator) all() error {
	for _, f := range []func() error{g.small, g.supplier, g.part, g.partsupp, g.customer, g.orders} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// write makes one file of n rows.
func (g *generator) write(t string, seed uint64, n int, row func(r *random, dst []byte, i int) []byte) error {
	f, err := os.Create(g.file(t))
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	r := newRandom(seed, g.prose)
	var line []byte
	for i := range n {
		line = append(row(r, line[:0], i), '\n')
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (g *generator) small() error {
	err := g.write("region", 2, len(regions), func(r *random, b []byte, i int) []byte {
		return r.text(fmt.Appendf(b, "%d\t%s\t", i, regions[i]), 31, 115)
	})
	if err != nil {
		return err
	}
	return g.write("nation", 3, len(nations), func(r *random, b []byte, i int) []byte {
		return r.text(fmt.Appendf(b, "%d\t%s\t%d\t", i, nations[i].name, nations[i].region), 31, 114)
	})
}

// supplier: 5 of 10,000 have complaints in their comment and 5 recommendations.
func (g *generator) supplier() error {
	return g.write("supplier", 4, g.suppliers, func(r *random, b []byte, i int) []byte {
		nation := r.IntN(len(nations))
		b = fmt.Appendf(b, "%d\tSupplier#%09d\t", i+1, i+1)
		b = append(r.address(b), '\t')
		b = fmt.Appendf(b, "%d\t", nation)
		b = append(r.phone(b, nation), '\t')
		b = fmt.Appendf(b, "%s\t", cents(r.between(-99_999, 999_999)))
		at := len(b)
		b = r.text(b, 25, 100)
		switch i % 2000 {
		case 377:
			copy(b[at:], "Customer Complaints")
		case 1377:
			copy(b[at:], "Customer Recommends")
		}
		return b
	})
}

// retailPrice is p_retailprice in cents, clause 4.2.3.
func retailPrice(part int) int { return 90_000 + (part/10)%20_001 + 100*(part%1000) }

func (g *generator) part() error {
	return g.write("part", 5, g.parts, func(r *random, b []byte, i int) []byte {
		key := i + 1
		names := r.Perm(len(colors))[:5]
		m, n := r.between(1, 5), r.between(1, 5)
		b = fmt.Appendf(b, "%d\t%s %s %s %s %s\tManufacturer#%d\tBrand#%d%d\t%s %s %s\t%d\t%s %s\t%s\t", key,
			colors[names[0]], colors[names[1]], colors[names[2]], colors[names[3]], colors[names[4]], m, m, n,
			r.pick(typeSizes), r.pick(typeCoats), r.pick(typeMetals), r.between(1, 50), r.pick(packSizes), r.pick(packKinds), cents(retailPrice(key)))
		return r.text(b, 5, 22)
	})
}

// supplierOf is the i-th (0 to 3) supplier of a part, clause 4.2.3.
func (g *generator) supplierOf(part, i int) int {
	s := g.suppliers
	return (part+i*(s/4+(part-1)/s))%s + 1
}

func (g *generator) partsupp() error {
	return g.write("partsupp", 6, 4*g.parts, func(r *random, b []byte, i int) []byte {
		part := i/4 + 1
		b = fmt.Appendf(b, "%d\t%d\t%d\t%s\t", part, g.supplierOf(part, i%4), r.between(1, 9999), cents(r.between(100, 100_000)))
		return r.text(b, 49, 198)
	})
}

func (g *generator) customer() error {
	return g.write("customer", 7, g.customers, func(r *random, b []byte, i int) []byte {
		nation := r.IntN(len(nations))
		b = fmt.Appendf(b, "%d\tCustomer#%09d\t", i+1, i+1)
		b = append(r.address(b), '\t')
		b = fmt.Appendf(b, "%d\t", nation)
		b = append(r.phone(b, nation), '\t')
		b = fmt.Appendf(b, "%s\t%s\t", cents(r.between(-99_999, 999_999)), r.pick(segments))
		return r.text(b, 29, 116)
	})
}

// orders writes orders and their lines. Keys are sparse (8 of 32), a third of
// the customers has no orders.
func (g *generator) orders() error {
	f, err := os.Create(g.file("lineitem"))
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	clerks := max(1, g.suppliers/10)
	var lines []byte
	var failed error
	err = g.write("orders", 8, g.nOrders, func(r *random, b []byte, i int) []byte {
		key := i/8*32 + i%8 + 1
		customer := r.between(1, g.customers)
		for customer%3 == 0 && g.customers > 2 {
			customer = r.between(1, g.customers)
		}
		day := r.between(0, lastOrder)
		var status string
		var total int
		lines, total, status = g.lines(r, lines[:0], key, day)
		if _, err := w.Write(lines); err != nil {
			failed = err
		}
		b = fmt.Appendf(b, "%d\t%d\t%s\t%s\t%s\t%s\tClerk#%09d\t0\t", key, customer, status, cents(total), g.dates[day],
			r.pick(priorities), r.between(1, clerks))
		return r.text(b, 19, 78)
	})
	if failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

// lines appends the lines of an order and returns its price and status.
func (g *generator) lines(r *random, b []byte, order, day int) (out []byte, total int, status string) {
	n := r.between(1, 7)
	open := 0
	for line := range n {
		part := r.between(1, g.parts)
		quantity, discount, tax := r.between(1, 50), r.between(0, 10), r.between(0, 8)
		price := quantity * retailPrice(part)
		ship := day + r.between(1, 121)
		commit := day + r.between(30, 90)
		receipt := ship + r.between(1, 30)
		returned := "N"
		if receipt <= currentDate {
			returned = string("RA"[r.IntN(2)])
		}
		state := "F"
		if ship > currentDate {
			state = "O"
			open++
		}
		b = fmt.Appendf(b, "%d\t%d\t%d\t%d\t%d.00\t%s\t0.%02d\t0.%02d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t", order, part, g.supplierOf(part, r.IntN(4)), line+1,
			quantity, cents(price), discount, tax, returned, state, g.dates[ship], g.dates[commit], g.dates[receipt], r.pick(instructs), r.pick(modes))
		b = append(r.text(b, 10, 43), '\n')
		total += (price*(100+tax)*(100-discount) + 5_000) / 10_000
	}
	switch open {
	case 0:
		status = "F"
	case n:
		status = "O"
	default:
		status = "P"
	}
	return b, total, status
}
