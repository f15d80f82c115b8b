package catalog

import (
	"fmt"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func init() {
	infoSchema("table_constraints", func(s *Snapshot, emit emitFunc) error {
		return s.userTables(func(t *Table) error {
			row := func(name, kind string, deferrable, deferred bool, nulls types.Datum) error {
				return emit([]types.Datum{
					s.catalogName(), s.schemaName(t.Schema), dText(name), s.catalogName(), s.schemaName(t.Schema), dText(t.Name), dText(kind),
					yesNo(deferrable), yesNo(deferred), yesNo(true), nulls,
				})
			}
			for _, c := range tableConstraints(t) {
				nulls, deferrable, deferred := types.Null, false, false
				switch {
				case c.ix != nil:
					deferrable, deferred = c.ix.Deferrable, c.ix.Deferred
					if !c.ix.Primary {
						nulls = yesNo(!c.ix.NullsNotDistinct)
					}
				case c.fk != nil:
					deferrable, deferred = c.fk.Deferrable, c.fk.Deferred
				}
				if err := row(c.name, constraintWord(c.typ), deferrable, deferred, nulls); err != nil {
					return err
				}
			}
			return eachNotNull(t, func(name string, _ *Column) error { return row(name, "CHECK", false, false, types.Null) })
		})
	})
	infoSchema("check_constraints", func(s *Snapshot, emit emitFunc) error {
		for _, t := range s.Types() {
			for i := range t.Checks {
				if err := emit([]types.Datum{s.catalogName(), s.schemaName(t.Schema), dText(t.Checks[i].Name), dText("(" + inParens(t.Checks[i].Expr) + ")")}); err != nil {
					return err
				}
			}
		}
		return s.userTables(func(t *Table) error {
			for i := range t.Checks {
				if err := emit([]types.Datum{s.catalogName(), s.schemaName(t.Schema), dText(t.Checks[i].Name), dText("(" + inParens(t.Checks[i].Expr) + ")")}); err != nil {
					return err
				}
			}
			return eachNotNull(t, func(name string, c *Column) error {
				return emit([]types.Datum{s.catalogName(), s.schemaName(t.Schema), dText(name), dText(c.Name + " IS NOT NULL")})
			})
		})
	})
	infoSchema("key_column_usage", func(s *Snapshot, emit emitFunc) error {
		return s.userTables(func(t *Table) error {
			for _, c := range tableConstraints(t) {
				for i, num := range c.columns() {
					if c.chk != nil {
						continue
					}
					position := types.Null
					if c.fk != nil {
						position = s.positionInKey(c.fk, i)
					}
					err := emit([]types.Datum{
						s.catalogName(), s.schemaName(t.Schema), dText(c.name), s.catalogName(), s.schemaName(t.Schema), dText(t.Name),
						dText(t.Columns[num-1].Name), dInt4(i + 1), position,
					})
					if err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
	infoSchema("constraint_column_usage", func(s *Snapshot, emit emitFunc) error {
		return s.userTables(func(t *Table) error {
			for _, c := range tableConstraints(t) {
				of, nums := t, c.columns()
				if c.fk != nil {
					of, nums = s.TableByID(c.fk.RefTable), c.fk.RefColumns
				}
				if of == nil {
					continue
				}
				for _, num := range nums {
					err := emit([]types.Datum{
						s.catalogName(), s.schemaName(of.Schema), dText(of.Name), dText(of.Columns[num-1].Name), s.catalogName(), s.schemaName(t.Schema), dText(c.name),
					})
					if err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
	infoSchema("constraint_table_usage", func(s *Snapshot, emit emitFunc) error {
		return s.userTables(func(t *Table) error {
			for _, c := range tableConstraints(t) {
				of := t
				if c.fk != nil {
					of = s.TableByID(c.fk.RefTable)
				}
				if c.chk != nil || of == nil {
					continue
				}
				err := emit([]types.Datum{s.catalogName(), s.schemaName(of.Schema), dText(of.Name), s.catalogName(), s.schemaName(t.Schema), dText(c.name)})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
	infoSchema("referential_constraints", func(s *Snapshot, emit emitFunc) error {
		return s.userTables(func(t *Table) error {
			for i := range t.ForeignKeys {
				fk := &t.ForeignKeys[i]
				match := "NONE"
				if fk.MatchFull {
					match = "FULL"
				}
				unique := []types.Datum{types.Null, types.Null, types.Null}
				if ref, ix := s.IndexByID(fk.RefIndex); ix != nil && ix.Constraint != 0 {
					unique = []types.Datum{s.catalogName(), s.schemaName(ref.Schema), dText(ix.Name)}
				}
				err := emit([]types.Datum{
					s.catalogName(), s.schemaName(t.Schema), dText(fk.Name), unique[0], unique[1], unique[2],
					dText(match), dText(ruleWord(fk.OnUpdate)), dText(ruleWord(fk.OnDelete)),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// userTables calls fn for the user's tables.
func (s *Snapshot) userTables(fn func(t *Table) error) error {
	for _, t := range s.Tables() {
		if t.Kind == KindTable {
			if err := fn(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachNotNull calls fn for the constraints that the standard sees in NOT NULL columns.
func eachNotNull(t *Table, fn func(name string, c *Column) error) error {
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Dropped || !c.NotNull {
			continue
		}
		if err := fn(fmt.Sprintf("%d_%d_%d_not_null", t.Schema, t.ID, c.Num), c); err != nil {
			return err
		}
	}
	return nil
}

func constraintWord(typ byte) string {
	switch typ {
	case 'p':
		return "PRIMARY KEY"
	case 'u':
		return "UNIQUE"
	case 'f':
		return "FOREIGN KEY"
	}
	return "CHECK"
}

func ruleWord(a FKAction) string {
	switch a {
	case FKRestrict:
		return "RESTRICT"
	case FKCascade:
		return "CASCADE"
	case FKSetNull:
		return "SET NULL"
	case FKSetDefault:
		return "SET DEFAULT"
	}
	return "NO ACTION"
}

// columns lists the columns a constraint is on.
func (c constraintRef) columns() []int16 {
	switch {
	case c.chk != nil:
		return c.chk.Columns
	case c.fk != nil:
		return c.fk.Columns
	}
	out := make([]int16, len(c.ix.Columns))
	for i := range out {
		out[i] = c.ix.Columns[i].Num
	}
	return out
}

// positionInKey is the place of a foreign key's column in the key it references.
func (s *Snapshot) positionInKey(fk *ForeignKey, i int) types.Datum {
	_, ix := s.IndexByID(fk.RefIndex)
	if ix == nil {
		return types.Null
	}
	for j := range ix.Columns {
		if ix.Columns[j].Num == fk.RefColumns[i] {
			return dInt4(j + 1)
		}
	}
	return types.Null
}
