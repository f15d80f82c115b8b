package catalog

import (
	"github.com/tidemarkdb/tidemark/sql/functions"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func init() {
	virtual("pg_namespace", func(v VirtualEnv, emit emitFunc) error {
		for _, sch := range v.Snapshot.Schemas() {
			if err := emit(namespaceRow(v, sch)); err != nil {
				return err
			}
		}
		return nil
	}).byOID(0, func(v VirtualEnv, id OID, emit emitFunc) error {
		if sch := v.Snapshot.SchemaByID(id); sch != nil {
			return emit(namespaceRow(v, sch))
		}
		return nil
	})

	virtual("pg_init_privs", func(v VirtualEnv, emit emitFunc) error {
		for _, sch := range v.Snapshot.Schemas() {
			if acl := initialPrivileges(v, sch); !acl.IsNull() {
				if err := emit([]types.Datum{dOid(sch.ID), dOid(classNamespace), dInt4(0), dChar('i'), acl}); err != nil {
					return err
				}
			}
		}
		return nil
	})

	virtual("pg_sequence", func(v VirtualEnv, emit emitFunc) error {
		for _, t := range v.Snapshot.Tables() {
			if t.Sequence != nil {
				if err := emit(sequenceRow(t)); err != nil {
					return err
				}
			}
		}
		return nil
	}).byOID(0, func(v VirtualEnv, id OID, emit emitFunc) error {
		if t := v.Snapshot.TableByID(id); t != nil && t.Sequence != nil {
			return emit(sequenceRow(t))
		}
		return nil
	})

	virtual("pg_rewrite", func(v VirtualEnv, emit emitFunc) error {
		for _, t := range v.Snapshot.Tables() {
			if t.View == nil {
				continue
			}
			err := emit([]types.Datum{
				dOid(t.ID), dText("_RETURN"), dOid(t.ID), dChar('1'), dChar('O'), dBool(true), dText("<>"), dText(t.View.Query),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})

	virtual("pg_description", func(v VirtualEnv, emit emitFunc) error { return emitComments(v.Snapshot, emit) })

	virtual("pg_shdescription", func(v VirtualEnv, emit emitFunc) error {
		for _, d := range v.Snapshot.Databases() {
			if d.Comment != "" {
				if err := emit([]types.Datum{dOid(d.ID), dOid(classDatabase), dText(d.Comment)}); err != nil {
					return err
				}
			}
		}
		for _, r := range v.Snapshot.Roles() {
			if r.Comment != "" {
				if err := emit([]types.Datum{dOid(r.ID), dOid(classAuthID), dText(r.Comment)}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func namespaceRow(v VirtualEnv, sch *Schema) []types.Datum {
	return []types.Datum{dOid(sch.ID), dText(sch.Name), dOid(sch.Owner), initialPrivileges(v, sch)}
}

// initialPrivileges are those of a schema that a new database has: all may use
// it. NULL for others. Clients that dump take what differs from pg_init_privs
// for a GRANT or a REVOKE.
func initialPrivileges(v VirtualEnv, sch *Schema) types.Datum {
	switch sch.ID {
	case PgCatalogOID, InformationSchemaOID, TidemarkSchemaOID, TimescaleInformationOID, PublicOID:
	default:
		return types.Null
	}
	owner := functions.QuoteRole(RoleName(v.Snapshot, sch.Owner))
	return types.BuildArray(types.ACLItem, []types.Datum{dText(owner + "=UC/" + owner), dText("=U/" + owner)})
}

func sequenceRow(t *Table) []types.Datum {
	q := t.Sequence
	return []types.Datum{
		dOid(t.ID), dOid(q.Type), dInt8(q.Start), dInt8(q.Increment), dInt8(q.Max), dInt8(q.Min), dInt8(q.Cache), dBool(q.Cycle),
	}
}

// emitComments yields pg_description: (objoid, classoid, objsubid, description).
func emitComments(s *Snapshot, emit emitFunc) error {
	var err error
	put := func(id, class OID, sub int, text string) {
		if text != "" && err == nil {
			err = emit([]types.Datum{dOid(id), dOid(class), dInt4(sub), dText(text)})
		}
	}
	for _, sch := range s.Schemas() {
		put(sch.ID, classNamespace, 0, sch.Comment)
	}
	for _, t := range s.Tables() {
		put(t.ID, classClass, 0, t.Comment)
		for i := range t.Columns {
			if !t.Columns[i].Dropped {
				put(t.ID, classClass, int(t.Columns[i].Num), t.Columns[i].Comment)
			}
		}
		for i := range t.Indexes {
			put(t.Indexes[i].ID, classClass, 0, t.Indexes[i].Comment)
		}
		for _, c := range tableConstraints(t) {
			put(c.id, classConstraint, 0, c.comment())
		}
	}
	for _, t := range s.Types() {
		put(t.ID, classType, 0, t.Comment)
		for i := range t.Checks {
			put(t.Checks[i].ID, classConstraint, 0, t.Checks[i].Comment)
		}
		for i := range t.Fields {
			put(t.Relation, classClass, i+1, t.Fields[i].Comment)
		}
	}
	for _, f := range s.Functions() {
		put(f.ID, classProc, 0, f.Comment)
	}
	return err
}

func (c constraintRef) comment() string {
	switch {
	case c.ix != nil:
		return c.ix.ConstraintComment
	case c.chk != nil:
		return c.chk.Comment
	}
	return c.fk.Comment
}
