package functions

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// aggCases are aggregates over lists of values of one type, in several columns
// for those of two arguments.
func aggCases() []*oracleCase {
	var out []*oracleCase
	for f := range All() {
		a, ok := f.(*Aggregate)
		if !ok || a.OID >= firstOwnOID || a.OrderedSet || len(a.Args) == 0 || len(a.Args) > 2 {
			continue
		}
		oid := concrete(a.Args[0].OID)
		if oid == types.Any {
			oid = types.Int4
		}
		vals := samples[oid]
		if len(a.Args) == 2 && oid == types.Float8 {
			vals = []string{"1.5", "2", "-3.25", "7", "0.125"}
		}
		if vals == nil || oid == types.AnyEnum {
			continue
		}
		k := func(args ...string) {
			out = append(out, &oracleCase{kind: "agg", name: a.Name, left: oid, args: args})
		}
		k("NULL")
		k(vals...)
		k(append([]string{"NULL"}, vals[:2]...)...)
		k(vals[0], vals[len(vals)-1], "NULL", vals[0])
		if finite := vals[:min(3, len(vals))]; len(finite) == 3 {
			k(finite...)
			k(finite[1], finite[2], finite[2])
		}
	}
	return out
}

func aggArity(name string, left types.OID) *Aggregate {
	for _, a := range Aggregates(name) {
		if len(a.Args) > 0 && (concrete(a.Args[0].OID) == left || a.Args[0].OID == types.Any) {
			return a
		}
	}
	return nil
}

func aggSQL(k *oracleCase) string {
	a := aggArity(k.name, k.left)
	rows := make([]string, len(k.args))
	for i, s := range k.args {
		v := literal(s, k.left)
		if s == "NULL" {
			v = "NULL::" + quotedTypeName(k.left)
		}
		rows[i] = fmt.Sprintf("(%d, %s)", i, v)
	}
	args := "v"
	if len(a.Args) == 2 {
		args = "v, " + secondArg(a)
	}
	return fmt.Sprintf("(SELECT %s(%s ORDER BY i) FROM (VALUES %s) AS t(i, v))", k.name, args, strings.Join(rows, ", "))
}

// secondArg is the second argument as SQL over the row number i.
func secondArg(a *Aggregate) string {
	switch a.Args[1].OID {
	case types.Float8:
		return "(i * i + 0.5)::float8"
	case types.Text:
		return "', '::text"
	case types.Bytea:
		return `'\x2c'::bytea`
	}
	return "('k' || i)::text"
}

func secondDatum(a *Aggregate, i int) (types.Datum, types.Type) {
	switch a.Args[1].OID {
	case types.Float8:
		return types.NewFloat64(float64(i*i) + 0.5), types.Of(types.Float8)
	case types.Text:
		return types.NewString(", "), types.Of(types.Text)
	case types.Bytea:
		return types.NewBinary(","), types.Of(types.Bytea)
	}
	return types.NewString(fmt.Sprintf("k%d", i)), types.Of(types.Text)
}

// runAgg computes the aggregate in one group, in two merged halves, and with a
// group vector.
func runAgg(t *testing.T, c *Context, k *oracleCase) string {
	a := aggArity(k.name, k.left)
	if a == nil {
		return "no aggregate"
	}
	sig := Signature{Args: []types.Type{types.Of(k.left)}, Returns: a.Returns}
	if a.Resolve != nil {
		sig.Returns = a.Resolve(sig.Args)
	} else if a.Returns.OID == types.AnyArray && !sig.Args[0].IsArray() {
		sig.Returns = sig.Args[0].ArrayOf()
	} else if a.Returns.OID == types.AnyMultirange {
		sig.Returns = types.Of(types.FindRange(k.left).Multirange)
	} else if concrete(a.Returns.OID) != a.Returns.OID {
		sig.Returns = types.Of(k.left)
	}
	if len(a.Args) == 2 {
		_, typ := secondDatum(a, 0)
		sig.Args = append(sig.Args, typ)
	}
	build := func(from, to int) ([]Value, error) {
		vals := make([]Value, len(sig.Args))
		b := types.NewBuilder(c.Alloc, sig.Args[0])
		defer b.Release()
		for _, s := range k.args[from:to] {
			if s == "NULL" {
				b.AppendNull()
				continue
			}
			d, err := types.Parse(sig.Args[0], s, c.IO)
			if err != nil {
				return nil, err
			}
			types.AppendDatum(b, d)
		}
		vals[0].Array = b.NewArray()
		if len(vals) == 2 {
			b := types.NewBuilder(c.Alloc, sig.Args[1])
			defer b.Release()
			for i := from; i < to; i++ {
				d, _ := secondDatum(a, i)
				types.AppendDatum(b, d)
			}
			vals[1].Array = b.NewArray()
		}
		return vals, nil
	}
	result := func(acc Accumulator, group int) string {
		b := types.NewBuilder(c.Alloc, sig.Returns)
		defer b.Release()
		if err := acc.Append(c, group, b); err != nil {
			return errorText(err)
		}
		arr := b.NewArray()
		defer arr.Release()
		return k.format(c, sig)(types.DatumAt(arr, 0), nil)
	}
	n := len(k.args)
	all, err := build(0, n)
	if err != nil {
		return errorText(err)
	}
	defer ReleaseAll(all)
	one, grouped := a.New(c, sig), a.New(c, sig)
	one.Resize(1)
	if err := one.Update(c, nil, all, n); err != nil {
		return errorText(err)
	}
	want := result(one, 0)
	grouped.Resize(3)
	groups := make([]uint32, n)
	for i := range groups {
		groups[i] = 2
	}
	if err := grouped.Update(c, groups, all, n); err != nil {
		return errorText(err)
	}
	if got := result(grouped, 2); got != want {
		return "grouped " + got + ", alone " + want
	}
	half, rest := a.New(c, sig), a.New(c, sig)
	half.Resize(1)
	rest.Resize(2)
	for i, acc := range []Accumulator{half, rest} {
		part, err := build(i*(n/2), n/2+i*(n-n/2))
		if err != nil {
			return errorText(err)
		}
		g := make([]uint32, n)
		for j := range g {
			g[j] = uint32(i)
		}
		err = acc.Update(c, g, part, part[0].Array.Len())
		ReleaseAll(part)
		if err != nil {
			return errorText(err)
		}
	}
	if err := half.Merge(c, rest, 1, 0); err != nil {
		return errorText(err)
	}
	if got := result(half, 0); got != want && !sameFloat(got, &oracleCase{kind: "agg", want: want}) {
		return "merged " + got + ", alone " + want
	}
	return want
}
