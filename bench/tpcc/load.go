package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

const loadTime = "2026-01-01 00:00:00"

// load makes and fills the tables (clause 4.3.3).
func load(ctx context.Context, conn *pgx.Conn, warehouses int) error {
	for _, s := range schema {
		if _, err := conn.Exec(ctx, s); err != nil {
			return err
		}
	}
	for _, t := range []struct {
		name string
		rows func(r random, w *bufio.Writer, warehouses int)
	}{
		{"item", loadItems},
		{"warehouse", loadWarehouses},
		{"district", loadDistricts},
		{"stock", loadStock},
		{"customer", loadCustomers},
		{"history", loadHistory},
		{"orders", loadOrders},
		{"order_line", loadLines},
		{"new_order", loadNewOrders},
	} {
		if err := copyRows(ctx, conn, t.name, func(w *bufio.Writer) { t.rows(newRandom(11), w, warehouses) }); err != nil {
			return fmt.Errorf("load %s: %w", t.name, err)
		}
	}
	for _, s := range append(indexes, "analyze") {
		if _, err := conn.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func copyRows(ctx context.Context, conn *pgx.Conn, table string, rows func(w *bufio.Writer)) error {
	pr, pw := io.Pipe()
	go func() {
		w := bufio.NewWriterSize(pw, 1<<16)
		rows(w)
		pw.CloseWithError(w.Flush())
	}()
	_, err := conn.PgConn().CopyFrom(ctx, pr, "copy "+table+" from stdin")
	pr.CloseWithError(io.ErrClosedPipe) // ends the writer if COPY failed
	return err
}

func loadItems(r random, w *bufio.Writer, _ int) {
	for i := range items {
		fmt.Fprintf(w, "%d\t%d\t%s\t%d.%02d\t%s\n", i+1, r.between(1, 10_000), r.letters(14, 24), r.between(1, 99), r.IntN(100), r.data())
	}
}

func loadWarehouses(r random, w *bufio.Writer, warehouses int) {
	for i := range warehouses {
		fmt.Fprintf(w, "%d\t%s\t%s\t0.%04d\t300000.00\n", i+1, r.letters(6, 10), r.address(), r.between(0, 2000))
	}
}

// eachDistrict calls f for all districts.
func eachDistrict(warehouses int, f func(w, d int)) {
	for i := range warehouses * districts {
		f(i/districts+1, i%districts+1)
	}
}

func loadDistricts(r random, w *bufio.Writer, warehouses int) {
	eachDistrict(warehouses, func(wid, d int) {
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t0.%04d\t30000.00\t%d\n", wid, d, r.letters(6, 10), r.address(), r.between(0, 2000), customersEach+1)
	})
}

func loadStock(r random, w *bufio.Writer, warehouses int) {
	for i := range warehouses * items {
		fmt.Fprintf(w, "%d\t%d\t%d", i/items+1, i%items+1, r.between(10, 100))
		for range districts {
			fmt.Fprintf(w, "\t%s", r.letters(24, 24))
		}
		fmt.Fprintf(w, "\t0\t0\t0\t%s\n", r.data())
	}
}

func loadCustomers(r random, w *bufio.Writer, warehouses int) {
	eachDistrict(warehouses, func(wid, d int) {
		for c := range customersEach {
			name := c
			if c >= 1000 {
				name = r.nonUniform(255, cLastLoad, 0, 999)
			}
			credit := "GC"
			if r.IntN(10) == 0 {
				credit = "BC"
			}
			fmt.Fprintf(w, "%d\t%d\t%d\t%s\tOE\t%s\t%s\t%s\t%s\t%s\t50000.00\t0.%04d\t-10.00\t10.00\t1\t0\t%s\n", wid, d, c+1, r.letters(8, 16),
				lastName(name), r.address(), r.from(digits, 16, 16), loadTime, credit, r.between(0, 5000), r.letters(300, 500))
		}
	})
}

func loadHistory(r random, w *bufio.Writer, warehouses int) {
	eachDistrict(warehouses, func(wid, d int) {
		for c := range customersEach {
			fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%s\t10.00\t%s\n", c+1, d, wid, d, wid, loadTime, r.letters(12, 24))
		}
	})
}

// linesOf is the number of lines of a loaded order, which two tables must agree on.
func linesOf(w, d, o int) int { return 5 + (w*7919+d*104_729+o*31)%11 }

func loadOrders(r random, w *bufio.Writer, warehouses int) {
	eachDistrict(warehouses, func(wid, d int) {
		for i, c := range r.Perm(customersEach) {
			carrier := `\N`
			if i+1 < firstOpen {
				carrier = fmt.Sprint(r.between(1, 10))
			}
			fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%s\t%s\t%d\t1\n", wid, d, i+1, c+1, loadTime, carrier, linesOf(wid, d, i+1))
		}
	})
}

func loadLines(r random, w *bufio.Writer, warehouses int) {
	eachDistrict(warehouses, func(wid, d int) {
		for o := 1; o <= customersEach; o++ {
			for l := range linesOf(wid, d, o) {
				delivered, amount := loadTime, 0
				if o >= firstOpen {
					delivered, amount = `\N`, r.between(1, 999_999)
				}
				fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%d\t%s\t5\t%d.%02d\t%s\n", wid, d, o, l+1, r.between(1, items), wid, delivered,
					amount/100, amount%100, r.letters(24, 24))
			}
		}
	})
}

func loadNewOrders(_ random, w *bufio.Writer, warehouses int) {
	eachDistrict(warehouses, func(wid, d int) {
		for o := firstOpen; o <= customersEach; o++ {
			fmt.Fprintf(w, "%d\t%d\t%d\n", wid, d, o)
		}
	})
}
