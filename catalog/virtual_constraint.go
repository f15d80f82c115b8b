package catalog

import "github.com/tidemarkdb/tidemark/sql/types"

func init() {
	virtual("pg_constraint", func(v VirtualEnv, emit emitFunc) error {
		for _, t := range v.Snapshot.Tables() {
			if err := emitConstraints(v.Snapshot, t, emit); err != nil {
				return err
			}
		}
		for _, t := range v.Snapshot.Types() {
			for i := range t.Checks {
				if err := emit(domainCheckRow(t, &t.Checks[i])); err != nil {
					return err
				}
			}
		}
		return nil
	}).byOID(7, func(v VirtualEnv, id OID, emit emitFunc) error {
		if t := v.Snapshot.TableByID(id); t != nil {
			return emitConstraints(v.Snapshot, t, emit)
		}
		return nil
	})
}

func emitConstraints(s *Snapshot, t *Table, emit emitFunc) error {
	for _, c := range tableConstraints(t) {
		if err := emit(constraintRow(s, t, c)); err != nil {
			return err
		}
	}
	return nil
}

// constraintFields are the columns of pg_constraint that differ.
type constraintFields struct {
	id, schema, rel, typ, index, ref OID
	name                             string
	kind                             byte
	deferrable, deferred             bool
	validated, noInherit             bool
	onUpdate, onDelete, match        byte
	key, refKey, setColumns          []int16
	equal                            []OID
	expr                             string
}

func (f *constraintFields) row() []types.Datum {
	return []types.Datum{
		dOid(f.id), dText(f.name), dOid(f.schema), dChar(f.kind), dBool(f.deferrable), dBool(f.deferred), dBool(f.validated), dOid(f.rel), dOid(f.typ),
		dOid(f.index), dOid(0), dOid(f.ref), dChar(f.onUpdate), dChar(f.onDelete), dChar(f.match), dBool(true), dInt4(0), dBool(f.noInherit),
		numbers(types.Int2, f.key), numbers(types.Int2, f.refKey),
		numbers(types.Oid, f.equal), numbers(types.Oid, f.equal), numbers(types.Oid, f.equal),
		numbers(types.Int2, f.setColumns), types.Null, dNullText(f.expr),
	}
}

func constraintRow(s *Snapshot, t *Table, c constraintRef) []types.Datum {
	f := constraintFields{
		id: c.id, schema: t.Schema, rel: t.ID, name: c.name, kind: c.typ, validated: true,
		noInherit: true, onUpdate: ' ', onDelete: ' ', match: ' ',
	}
	switch {
	case c.ix != nil:
		f.index, f.deferrable, f.deferred = c.ix.ID, c.ix.Deferrable, c.ix.Deferred
		for i := range c.ix.Columns {
			f.key = append(f.key, c.ix.Columns[i].Num)
		}
	case c.chk != nil:
		f.key, f.expr, f.validated, f.noInherit = c.chk.Columns, c.chk.Expr, !c.chk.NotValid, c.chk.NoInherit
	case c.fk != nil:
		f.index, f.ref, f.key, f.refKey, f.setColumns = c.fk.RefIndex, c.fk.RefTable, c.fk.Columns, c.fk.RefColumns, c.fk.SetColumns
		f.deferrable, f.deferred, f.validated = c.fk.Deferrable, c.fk.Deferred, !c.fk.NotValid
		f.onUpdate, f.onDelete, f.match = fkAction(c.fk.OnUpdate), fkAction(c.fk.OnDelete), 's'
		if c.fk.MatchFull {
			f.match = 'f'
		}
		for _, n := range c.fk.Columns {
			f.equal = append(f.equal, opclasses().equal[s.operatorType(t.Columns[n-1].Type.OID)])
		}
	}
	return f.row()
}

func fkAction(a FKAction) byte {
	if a == 0 {
		return byte(FKNoAction)
	}
	return byte(a)
}

func domainCheckRow(t *UserType, c *Check) []types.Datum {
	f := constraintFields{
		id: c.ID, schema: t.Schema, typ: t.ID, name: c.Name, kind: 'c', validated: !c.NotValid,
		onUpdate: ' ', onDelete: ' ', match: ' ', expr: c.Expr,
	}
	return f.row()
}
