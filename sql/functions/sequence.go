package functions

import (
	"github.com/tidemarkdb/tidemark/sql/types"
)

func sequenceBody(f func(c *Context, s SequenceSession, args []types.Datum) (int64, bool, error)) body {
	return evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
		s, err := asSession[SequenceSession](c, "sequences")
		if err != nil {
			return types.Null, err
		}
		return datumOrNull(f(c, s, args))
	})
}

var (
	_ = define("nextval(regclass)", "Advances a sequence and gives its new value; a rollback does not take it back.",
		sequenceBody(func(c *Context, s SequenceSession, args []types.Datum) (int64, bool, error) {
			v, err := s.NextVal(c.Ctx, uint32(args[0].I))
			return v, true, err
		}), ex("nextval(NULL)", "NULL"))
	_ = define("currval(regclass)", "The value that nextval gave last in this session.",
		sequenceBody(func(c *Context, s SequenceSession, args []types.Datum) (int64, bool, error) {
			v, err := s.CurrVal(c.Ctx, uint32(args[0].I))
			return v, true, err
		}), ex("currval(NULL)", "NULL"))
	_ = define("lastval()", "The value that nextval gave last in this session, of any sequence.",
		sequenceBody(func(c *Context, s SequenceSession, _ []types.Datum) (int64, bool, error) {
			v, err := s.LastVal(c.Ctx)
			return v, true, err
		}), ex("lastval()", "ERROR 55000: lastval is not yet defined in this session"))
	_ = define("setval(regclass,int8)", "Sets a sequence's last value.",
		sequenceBody(func(c *Context, s SequenceSession, args []types.Datum) (int64, bool, error) {
			return args[1].I, true, s.SetVal(c.Ctx, uint32(args[0].I), args[1].I, true)
		}), ex("setval(NULL, 1)", "NULL"))
	_ = define("setval(regclass,int8,bool)", "Sets a sequence's last value; with false the next nextval gives just it.",
		sequenceBody(func(c *Context, s SequenceSession, args []types.Datum) (int64, bool, error) {
			return args[1].I, true, s.SetVal(c.Ctx, uint32(args[0].I), args[1].I, args[2].Bool())
		}), ex("setval(NULL, 1, false)", "NULL"))
	_ = define("pg_sequence_last_value(regclass)", "The last value of a sequence; NULL if it has not been used.",
		sequenceBody(func(c *Context, s SequenceSession, args []types.Datum) (int64, bool, error) {
			return s.SequenceLast(c.Ctx, uint32(args[0].I))
		}), ex("pg_sequence_last_value(NULL)", "NULL"))
)
