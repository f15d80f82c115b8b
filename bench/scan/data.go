package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
)

const factTable = `create table fact(id bigint primary key, k int not null, flag boolean not null, price numeric(12,2) not null,
  x double precision not null, name text not null, d date not null, ts timestamp not null, note varchar(40), grp smallint not null)`

const dimTable = `create table dim(k int primary key, label text not null, weight int not null)`

// dims is the number of rows of dim; fact.k is spread evenly over its keys.
const dims = 100_000

var cities = []string{"Bergen", "Cuxhaven", "Den Helder", "Esbjerg", "Galway", "Husum", "Oban", "Saint-Malo"}

// writeFile writes n rows in COPY's text format.
func writeFile(path string, n int, row func(w *bufio.Writer, i int)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range n {
		row(w, i)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func writeFact(path string, n int) error {
	r := rand.New(rand.NewPCG(7, 7))
	return writeFile(path, n, func(w *bufio.Writer, i int) {
		note := `\N`
		if r.IntN(10) > 0 {
			note = fmt.Sprintf("note %x", r.Uint64N(1<<40))
		}
		fmt.Fprintf(w, "%d\t%d\t%c\t%d.%02d\t%v\t%s customer %d of the tide\t2024-%02d-%02d\t2024-%02d-%02d %02d:%02d:%02d.%06d\t%s\t%d\n",
			i, r.IntN(dims), "tf"[r.IntN(2)], r.IntN(100_000), r.IntN(100), r.Float64()*1e6,
			cities[r.IntN(len(cities))], r.IntN(1_000_000), 1+r.IntN(12), 1+r.IntN(28),
			1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1_000_000), note, r.IntN(10))
	})
}

func writeDim(path string) error {
	r := rand.New(rand.NewPCG(9, 9))
	return writeFile(path, dims, func(w *bufio.Writer, i int) {
		fmt.Fprintf(w, "%d\tlabel %d\t%d\n", i, r.IntN(1000), r.IntN(100))
	})
}
