package ddl

import (
	"strconv"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// createDatabase executes CREATE DATABASE. All databases start empty: the
// templates are.
func createDatabase(env *Env, st *ast.CreateDatabase) error {
	if env.InBlock {
		return pgerror.New(pgerror.ActiveSqlTransaction, "CREATE DATABASE cannot run inside a transaction block")
	}
	d := &catalog.Database{Name: st.Name, Owner: roleID(env, env.User), AllowConnections: true}
	for _, o := range st.Options {
		switch o.Name {
		case "owner":
			r := env.Editor.Snapshot().Role(o.Text())
			if r == nil {
				return pgerror.New(pgerror.UndefinedObject, "role %q does not exist", o.Text())
			}
			d.Owner = r.ID
		case "template":
			if t := o.Text(); t != "template0" && t != "template1" && o.Arg != nil {
				return pgerror.Unsupported("TEMPLATE %s", t)
			}
		case "encoding":
			if e := o.Text(); o.Arg != nil && e != "UTF8" && e != "utf8" && e != "UTF-8" && e != "utf-8" && e != "UNICODE" && e != "6" {
				return pgerror.Unsupported("encoding %s", e)
			}
		case "lc_collate", "lc_ctype", "locale":
			switch v := o.Text(); v {
			case "C", "POSIX", "C.UTF-8", "C.utf8":
			default:
				if o.Arg != nil {
					return pgerror.Unsupported("locale %s", v)
				}
			}
		case "is_template":
			d.Template, _ = o.Bool()
		case "allow_connections":
			d.AllowConnections, _ = o.Bool()
		case "connection_limit":
			if n, err := strconv.Atoi(o.Text()); err != nil || n < -1 {
				return pgerror.New(pgerror.InvalidParameterValue, "invalid connection limit: %s", o.Text())
			}
		case "tablespace":
			if o.Arg != nil && o.Text() != "pg_default" {
				return pgerror.New(pgerror.UndefinedObject, "tablespace %q does not exist", o.Text())
			}
		case "retention", "partition_interval":
			if err := seriesDefault(d, o); err != nil {
				return err
			}
		case "strategy", "oid", "collation_version", "locale_provider":
		default:
			return pgerror.New(pgerror.SyntaxError, "option %q not recognized", o.Name).At(o.Loc())
		}
	}
	return env.Editor.CreateDatabase(d)
}

// seriesDefault sets one of KWDB's parameters of databases: the retention or the
// interval of time-series tables that are made without.
func seriesDefault(d *catalog.Database, o *ast.Option) error {
	if _, err := types.ParseInterval(o.Text(), -1, nil); err != nil {
		return pgerror.From(err).At(o.Loc())
	}
	if o.Name == "retention" {
		d.SeriesRetention = o.Text()
	} else {
		d.SeriesInterval = o.Text()
	}
	return nil
}

// dropDatabase executes DROP DATABASE.
func dropDatabase(env *Env, st *ast.DropDatabase) error {
	if env.InBlock {
		return pgerror.New(pgerror.ActiveSqlTransaction, "DROP DATABASE cannot run inside a transaction block")
	}
	d := env.Editor.Snapshot().DatabaseByName(st.Name)
	if d == nil {
		if st.IfExists {
			env.Notice(pgerror.NewNotice("database %q does not exist, skipping", st.Name))
			return nil
		}
		return pgerror.New(pgerror.UndefinedDatabase, "database %q does not exist", st.Name)
	}
	if n := env.Connected(d.ID); n > 0 && d.ID != env.Editor.Snapshot().Database().ID {
		e := pgerror.New(pgerror.ObjectInUse, "database %q is being accessed by other users", d.Name)
		if n == 1 {
			return e.WithDetail("There is 1 other session using the database.")
		}
		return e.WithDetail("There are %d other sessions using the database.", n)
	}
	return env.Editor.DropDatabase(d.ID)
}

// alterDatabase executes ALTER DATABASE with options.
func alterDatabase(env *Env, st *ast.AlterDatabase) error {
	d := env.Editor.Snapshot().DatabaseByName(st.Name)
	if d == nil {
		return pgerror.New(pgerror.UndefinedDatabase, "database %q does not exist", st.Name)
	}
	if st.Set != nil {
		return pgerror.Unsupported("ALTER DATABASE ... SET")
	}
	next := *d
	for _, o := range st.Options {
		switch o.Name {
		case "is_template":
			next.Template, _ = o.Bool()
		case "allow_connections":
			next.AllowConnections, _ = o.Bool()
		case "connection_limit":
		case "retention", "partition_interval":
			if err := seriesDefault(&next, o); err != nil {
				return err
			}
		default:
			return pgerror.Unsupported("ALTER DATABASE ... %s", o.Name)
		}
	}
	return env.Editor.UpdateDatabase(&next)
}
