package functions

import (
	"net/netip"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// identity is a body that reads one fact of the session.
func identity(name string, f func(s IdentitySession) string) body {
	return fn0(func(c *Context) (string, error) {
		s, err := asSession[IdentitySession](c, name)
		if err != nil {
			return "", err
		}
		return f(s), nil
	})
}

var (
	_ = define("current_user()", "The role whose privileges are in force.",
		identity("current_user", IdentitySession.CurrentUser), ex("pg_typeof(current_user)", "name"))
	_ = define("session_user()", "The role that connected.",
		identity("session_user", IdentitySession.SessionUser), ex("pg_typeof(session_user)", "name"))
	_ = define("current_database()", "The name of the connected database.",
		identity("current_database", IdentitySession.Database), ex("current_database() IS NOT NULL", "t"))
	_ = define("version()", "Names the server and the PostgreSQL version it is compatible with.",
		identity("version", IdentitySession.Version), ex("version() LIKE 'PostgreSQL 15%'", "t"))
	_ = define("current_query()", "The text of the statement as the client sent it.",
		identity("current_query", IdentitySession.Query), ex("current_query() IS NOT NULL", "t"))
	_ = define("pg_backend_pid()", "The number of this connection, for pg_cancel_backend.",
		fn0(func(c *Context) (int32, error) {
			s, err := asSession[IdentitySession](c, "pg_backend_pid")
			if err != nil {
				return 0, err
			}
			return s.BackendPID(), nil
		}), ex("pg_backend_pid() > 0", "t"))
)

var (
	_ = define("current_schema()", "The first schema of the search path that exists; NULL if none does.",
		evalRow(func(c *Context, _ []types.Datum) (types.Datum, error) {
			s, err := asSession[SearchPathSession](c, "current_schema")
			if err != nil {
				return types.Null, err
			}
			path := s.Schemas(false)
			if len(path) == 0 {
				return types.Null, nil
			}
			return types.NewString(path[0]), nil
		}), ex("current_schema()", "public"))
	_ = define("current_schemas(bool)", "The schemas of the search path that exist, with the implicit ones if asked for.",
		evalRow(func(c *Context, args []types.Datum) (types.Datum, error) {
			s, err := asSession[SearchPathSession](c, "current_schemas")
			if err != nil {
				return types.Null, err
			}
			return stringArray(types.Name, s.Schemas(args[0].Bool())), nil
		}), ex("current_schemas(true)", "{pg_catalog,public}"), ex("current_schemas(false)", "{public}"))
)

// stringArray makes an array of a string type.
func stringArray(elem types.OID, list []string) types.Datum {
	vals := make([]types.Datum, len(list))
	for i, s := range list {
		vals[i] = types.NewString(s)
	}
	return types.BuildArray(elem, vals)
}

// endpoint is a body over one end of the connection.
func endpoint(name string, end func(s NetworkSession) netip.AddrPort, port bool) body {
	return evalRow(func(c *Context, _ []types.Datum) (types.Datum, error) {
		s, err := asSession[NetworkSession](c, name)
		if err != nil {
			return types.Null, err
		}
		a := end(s)
		switch {
		case !a.IsValid():
			return types.Null, nil
		case port:
			return types.NewInt4(int32(a.Port())), nil
		}
		return types.NewInet(a.Addr().Unmap(), a.Addr().Unmap().BitLen()), nil
	})
}

var (
	_ = define("inet_client_addr()", "The client's address.",
		endpoint("inet_client_addr", NetworkSession.ClientAddr, false), ex("pg_typeof(inet_client_addr())", "inet"))
	_ = define("inet_client_port()", "The client's port.",
		endpoint("inet_client_port", NetworkSession.ClientAddr, true), ex("pg_typeof(inet_client_port())", "integer"))
	_ = define("inet_server_addr()", "The address the client connected to.",
		endpoint("inet_server_addr", NetworkSession.ServerAddr, false), ex("pg_typeof(inet_server_addr())", "inet"))
	_ = define("inet_server_port()", "The port the client connected to.",
		endpoint("inet_server_port", NetworkSession.ServerAddr, true), ex("pg_typeof(inet_server_port())", "integer"))
)
