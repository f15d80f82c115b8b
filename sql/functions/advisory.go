package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// void is the value of functions that return nothing.
var void = types.NewString("")

func advisoryKey(args []types.Datum) AdvisoryKey {
	if len(args) == 1 {
		return AdvisoryKey{Key: args[0].I}
	}
	return AdvisoryKey{Key: args[0].I<<32 | args[1].I&0xffffffff, Pair: true}
}

func advisoryLock(name, doc string, mode AdvisoryMode) *Scalar {
	example := ex(name+"(NULL)", "NULL")
	return define(name+"(int8) "+name+"(int4,int4)", doc,
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			s, err := asSession[AdvisorySession](c, "advisory locks")
			if err != nil {
				return types.Null, err
			}
			ok, err := s.AdvisoryLock(c.Ctx, advisoryKey(args), mode)
			switch {
			case err != nil:
				return types.Null, err
			case mode.NoWait:
				return types.NewBool(ok), nil
			}
			return void, nil
		}), example)
}

var _ = func() (last *Scalar) {
	for _, shared := range []bool{false, true} {
		for _, xact := range []bool{false, true} {
			kind, until := "an exclusive", "the end of the session or pg_advisory_unlock"
			suffix, infix := "", ""
			if shared {
				kind, suffix = "a shared", "_shared"
			}
			if xact {
				until, infix = "the end of the transaction", "xact_"
			}
			doc := kind + " lock on a number of the application until " + until
			advisoryLock("pg_advisory_"+infix+"lock"+suffix, "Takes "+doc+".", AdvisoryMode{Shared: shared, Transaction: xact})
			last = advisoryLock("pg_try_advisory_"+infix+"lock"+suffix, "Takes "+doc+" if it is free.", AdvisoryMode{Shared: shared, Transaction: xact, NoWait: true})
		}
	}
	return last
}()

func advisoryUnlock(name string) *Scalar {
	shared := strings.HasSuffix(name, "_shared")
	return define(name+"(int8) "+name+"(int4,int4)", "Releases an advisory lock of the session; false if it is not held.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			s, err := asSession[AdvisorySession](c, "advisory locks")
			if err != nil {
				return types.Null, err
			}
			return datumOr(s.AdvisoryUnlock(c.Ctx, advisoryKey(args), shared))
		}), ex(name+"(NULL)", "NULL"))
}

var (
	_ = advisoryUnlock("pg_advisory_unlock")
	_ = advisoryUnlock("pg_advisory_unlock_shared")
	_ = define("pg_advisory_unlock_all()", "Releases all advisory locks of the session.",
		evalRow(func(c *Context, _ []types.Datum) (types.Datum, error) {
			s, ok := c.Session.(AdvisorySession)
			if !ok {
				return void, nil // nothing can be locked
			}
			return void, s.AdvisoryUnlockAll(c.Ctx)
		}), ex("pg_advisory_unlock_all()", ""))
)
