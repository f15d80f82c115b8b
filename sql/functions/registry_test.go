package functions

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// TestRegistryAgreesWithPostgreSQL compares what is registered by hand with pg_proc.
func TestRegistryAgreesWithPostgreSQL(t *testing.T) {
	for f := range All() {
		switch f := f.(type) {
		case *Scalar:
			p := procs().byOID[f.OID]
			if p == nil {
				continue
			}
			if p.name != f.Name || p.strict != f.Strict || p.volatility != f.Volatility || f.Returns.OID != p.returns {
				t.Errorf("%s (oid %d): strict %v %v, volatility %c %c, returns %v %v", f.Name, f.OID,
					f.Strict, p.strict, f.Volatility, p.volatility, f.Returns.OID, p.returns)
			}
			if f.Kernel == nil && f.Eval == nil && f.EvalTyped == nil && f.KernelTyped == nil {
				t.Errorf("%s (oid %d) computes nothing", f.Name, f.OID)
			}
		case *Aggregate:
			p := procs().byOID[f.OID]
			if f.OID >= firstOwnOID && f.OID < firstOwnOID+1000 {
				continue
			}
			if p == nil || p.kind != 'a' || p.returns != f.Returns.OID || len(p.args) != len(f.Args) {
				t.Errorf("aggregate %s (oid %d) is not PostgreSQL's", f.Name, f.OID)
			}
		case *Operator:
			if f.Fn.Returns.OID == 0 || len(f.Fn.Args) == 0 {
				t.Errorf("operator %s has no signature", f.Name)
			}
			if f.Negator != "" && OperatorFor(f.Negator, f.Left, f.Right) == nil {
				t.Errorf("operator %s(%v, %v): negator %s is missing", f.Name, f.Left, f.Right, f.Negator)
			}
			if f.Commutator != "" && OperatorFor(f.Commutator, f.Right, f.Left) == nil {
				t.Errorf("operator %s(%v, %v): commutator %s is missing", f.Name, f.Left, f.Right, f.Commutator)
			}
		}
	}
}

func TestFindCast(t *testing.T) {
	for _, k := range []struct {
		from, to types.OID
		context  CastContext
		inOut    bool
		fn       bool
	}{
		{types.Int4, types.Int8, CastImplicit, false, true},
		{types.Int8, types.Int4, CastAssignment, false, true},
		{types.Int4, types.Bool, CastExplicit, false, true},
		{types.Varchar, types.Text, CastImplicit, false, false},
		{types.Int4, types.Text, CastAssignment, true, false},
		{types.Text, types.Int4, CastExplicit, true, false},
		{types.Int4, types.Oid, CastImplicit, false, true},
		{types.Int4Array, types.Int8Array, CastImplicit, false, true},
		{types.Int4Array, types.TextArray, CastAssignment, true, false},
		{types.VarcharArray, types.TextArray, CastImplicit, false, false},
		{types.Text, types.Regclass, CastImplicit, true, false},
		{types.JSON, types.JSONB, CastAssignment, true, false},
		{types.Timestamp, types.Timestamptz, CastImplicit, false, true},
	} {
		c := FindCast(k.from, k.to)
		if c == nil {
			t.Errorf("no cast %d to %d", k.from, k.to)
			continue
		}
		if c.Context != k.context || c.InOut != k.inOut || (c.Fn != nil) != k.fn {
			t.Errorf("cast %d to %d: %c, InOut %v, Fn %v", k.from, k.to, c.Context, c.InOut, c.Fn != nil)
		}
		if FindCast(k.from, k.to) != c {
			t.Error("a cast must have one address")
		}
	}
	for _, none := range [][2]types.OID{{types.Int4, types.Date}, {types.Bool, types.Float8}, {types.UUID, types.Int4}} {
		if FindCast(none[0], none[1]) != nil {
			t.Errorf("there is no cast %d to %d", none[0], none[1])
		}
	}
}

// TestIntegerOverflow compares int8 arithmetic with exact arithmetic.
func TestIntegerOverflow(t *testing.T) {
	c := testContext(t)
	value := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-4, 4), rapid.Map(rapid.Int64Range(0, 4), func(v int64) int64 { return -1<<63 + v }))
	exact := map[string]func(z, x, y *big.Int) *big.Int{
		"+": (*big.Int).Add, "-": (*big.Int).Sub, "*": (*big.Int).Mul,
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := value.Draw(t, "a"), value.Draw(t, "b")
		for name, op := range exact {
			fn := OperatorFor(name, types.Int8, types.Int8).Fn
			d, err := fn.RunDatum(c, Signature{}, []types.Datum{types.NewInt8(a), types.NewInt8(b)})
			want := op(new(big.Int), big.NewInt(a), big.NewInt(b))
			if want.IsInt64() != (err == nil) || err == nil && want.Int64() != d.I {
				t.Fatalf("%d %s %d: %d, %v; want %s", a, name, b, d.I, err, want)
			}
		}
	})
}

// TestLikeShapes holds the fast shapes of LIKE to the general matcher.
func TestLikeShapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.RuneFrom([]rune("abä")), 0, 8, -1).Draw(t, "s")
		p := rapid.StringOfN(rapid.RuneFrom([]rune(rapid.SampledFrom([]string{"abä%_", "ab%%", `aä%%\`}).Draw(t, "of"))), 0, 8, -1).Draw(t, "p")
		want, wantErr := likeMatch(s, p, false)
		if got, err := compileLike(p, likeText).Match(s); got != want || err != wantErr {
			t.Fatalf("%q LIKE %q: %v, %v, want %v, %v", s, p, got, err, want, wantErr)
		}
	})
}
