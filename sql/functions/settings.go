package functions

import (
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func readSetting(c *Context, name string, missingOK bool) (types.Datum, error) {
	s, err := asSession[SettingsSession](c, "current_setting")
	if err != nil {
		return types.Null, err
	}
	value, ok := s.Setting(name)
	switch {
	case ok:
		return types.NewString(value), nil
	case missingOK:
		return types.Null, nil
	}
	return types.Null, pgerror.New(pgerror.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

var (
	_ = define("current_setting(text)", "Gives the value of a setting as SHOW does.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) { return readSetting(c, args[0].S, false) }),
		ex("current_setting('server_encoding')", "UTF8"))
	_ = define("current_setting(text,bool)", "Gives the value of a setting, or NULL instead of an error if there is none of that name.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			return readSetting(c, args[0].S, args[1].Bool())
		}),
		ex("current_setting('nope.nope', true)", "NULL"))
	_ = define("set_config(text,text,bool)", "Changes a setting for the session or, with true, for the transaction, and gives the new value.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			if args[0].IsNull() {
				return types.Null, pgerror.New(pgerror.NullValueNotAllowed, "SET requires parameter name")
			}
			s, err := asSession[SettingsSession](c, "set_config")
			if err != nil {
				return types.Null, err
			}
			var value *string
			if !args[1].IsNull() {
				value = &args[1].S
			}
			return datumOr(s.SetSetting(args[0].S, value, args[2].Bool()))
		}),
		ex("set_config('application_name', 'tides', false)", "tides"))
)
