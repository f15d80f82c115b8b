package catalog

import (
	"strconv"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

func init() {
	infoSchemaEnv("columns", func(v VirtualEnv, emit emitFunc) error {
		s := v.Snapshot
		return s.relationsOf("rv", func(t *Table) error {
			for i := range t.Columns {
				if t.Columns[i].Dropped {
					continue
				}
				if err := emit(infoColumnRow(v, t, &t.Columns[i])); err != nil {
					return err
				}
			}
			return nil
		})
	})
	infoSchema("attributes", func(s *Snapshot, emit emitFunc) error {
		for _, t := range s.Types() {
			for i := range t.Fields {
				c := &t.Fields[i]
				d := s.describeType(c.Declared())
				row := []types.Datum{
					s.catalogName(), s.schemaName(t.Schema), dText(t.Name), dText(c.Name), dInt4(i + 1), types.Null, yesNo(true),
					d.dataType, d.charLength, d.octetLength, types.Null, types.Null, types.Null,
				}
				row = append(row, s.infoCollation(s.columnCollation(c))...)
				row = append(row, d.precision, d.radix, d.scale, d.datetime, d.intervalType, types.Null,
					s.catalogName(), d.udtSchema, d.udtName, types.Null, types.Null, types.Null, types.Null, dText(itoa(i+1)), yesNo(false))
				if err := emit(row); err != nil {
					return err
				}
			}
		}
		return nil
	})
	infoSchema("domains", func(s *Snapshot, emit emitFunc) error {
		return s.domains(func(t *UserType) error {
			d := s.describeType(t.Base)
			row := []types.Datum{
				s.catalogName(), s.schemaName(t.Schema), dText(t.Name), d.dataType, d.charLength, d.octetLength, types.Null, types.Null, types.Null,
			}
			row = append(row, s.infoCollation(s.facts(t.ID).collation)...)
			row = append(row, d.precision, d.radix, d.scale, d.datetime, d.intervalType, types.Null, dNullText(t.Default),
				s.catalogName(), d.udtSchema, d.udtName, types.Null, types.Null, types.Null, types.Null, dText("1"))
			return emit(row)
		})
	})
	infoSchema("domain_constraints", func(s *Snapshot, emit emitFunc) error {
		return s.domains(func(t *UserType) error {
			for i := range t.Checks {
				err := emit([]types.Datum{
					s.catalogName(), s.schemaName(t.Schema), dText(t.Checks[i].Name), s.catalogName(), s.schemaName(t.Schema), dText(t.Name), yesNo(false), yesNo(false),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
	infoSchema("column_domain_usage", func(s *Snapshot, emit emitFunc) error {
		return s.relationsOf("rv", func(t *Table) error {
			for i := range t.Columns {
				c := &t.Columns[i]
				u := s.Type(c.Declared().OID)
				if c.Dropped || u == nil || u.Kind != 'd' {
					continue
				}
				err := emit([]types.Datum{
					s.catalogName(), s.schemaName(u.Schema), dText(u.Name), s.catalogName(), s.schemaName(t.Schema), dText(t.Name), dText(c.Name),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
	infoSchema("element_types", func(s *Snapshot, emit emitFunc) error {
		return s.relationsOf("rv", func(t *Table) error {
			for i := range t.Columns {
				c := &t.Columns[i]
				if c.Dropped || !s.isArray(c.Type.OID) {
					continue
				}
				if err := emit(elementTypeRow(s, t, c)); err != nil {
					return err
				}
			}
			return nil
		})
	})
	infoSchema("user_defined_types", func(s *Snapshot, emit emitFunc) error {
		for _, t := range s.Types() {
			if t.Kind != 'c' {
				continue
			}
			row := make([]types.Datum, 29)
			row[0], row[1], row[2], row[3], row[4] = s.catalogName(), s.schemaName(t.Schema), dText(t.Name), dText("STRUCTURED"), yesNo(true)
			if err := emit(row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Snapshot) domains(fn func(t *UserType) error) error {
	for _, t := range s.Types() {
		if t.Kind == 'd' {
			if err := fn(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// infoType is what information_schema says of a type; domains are described by
// the type they are made of.
type infoType struct {
	dataType, charLength, octetLength, precision, radix, scale, datetime, intervalType, udtSchema, udtName types.Datum
}

func (s *Snapshot) describeType(t types.Type) infoType {
	if u := s.types.get(t.OID); u != nil && u.Kind == 'd' {
		t = u.Base // one level only, as PostgreSQL's view does
	}
	d := infoType{precision: numericPrecision(t)}
	d.radix, d.scale = numericRadixScale(t)
	switch t.OID {
	case types.Text:
		d.octetLength = dInt4(1 << 30)
	case types.Bpchar, types.Varchar:
		const maxCharBytes = 4
		d.octetLength = dInt4(1 << 30)
		if t.Mod >= 4 {
			d.charLength, d.octetLength = dInt4(int(t.Mod-4)), dInt4(int(t.Mod-4)*maxCharBytes)
		}
	case types.Bit, types.Varbit:
		if t.Mod >= 0 {
			d.charLength = dInt4(int(t.Mod))
		}
	case types.Date:
		d.datetime = dInt4(0)
	case types.Time, types.Timetz, types.Timestamp, types.Timestamptz:
		d.datetime = dInt4(6)
		if t.Mod >= 0 {
			d.datetime = dInt4(int(t.Mod))
		}
	case types.Interval:
		d.datetime = dInt4(6)
		if t.Mod >= 0 && t.Mod&0xFFFF != 0xFFFF {
			d.datetime = dInt4(int(t.Mod & 0xFFFF))
		}
		if fields := strings.TrimPrefix(types.Format(t), "interval"); t.Mod >= 0 && fields != "" && fields[0] != '(' {
			d.intervalType = dText(strings.ToUpper(strings.TrimSpace(fields)))
		}
	}
	if info := types.Lookup(t.OID); info != nil {
		d.udtSchema, d.udtName = dText("pg_catalog"), dText(info.Name)
		d.dataType = dText(info.SQLName)
		if s.isArray(t.OID) {
			d.dataType = dText("ARRAY")
		}
		return d
	}
	d.dataType = dText("USER-DEFINED")
	if u := s.typeByID(t.OID); u != nil {
		d.udtSchema, d.udtName = s.schemaName(u.Schema), dText(u.Name)
		if t.OID == u.ArrayID {
			d.dataType, d.udtName = dText("ARRAY"), dText(ArrayTypeName(u.Name))
		}
	}
	return d
}

func numericPrecision(t types.Type) types.Datum {
	switch t.OID {
	case types.Int2:
		return dInt4(16)
	case types.Int4:
		return dInt4(32)
	case types.Int8:
		return dInt4(64)
	case types.Float4:
		return dInt4(24)
	case types.Float8:
		return dInt4(53)
	case types.Numeric:
		if p, _, ok := types.NumericPrecision(t.Mod); ok {
			return dInt4(p)
		}
	}
	return types.Null
}

func numericRadixScale(t types.Type) (radix, scale types.Datum) {
	switch t.OID {
	case types.Int2, types.Int4, types.Int8:
		return dInt4(2), dInt4(0)
	case types.Float4, types.Float8:
		return dInt4(2), types.Null
	case types.Numeric:
		if _, s, ok := types.NumericPrecision(t.Mod); ok {
			return dInt4(10), dInt4(s)
		}
		return dInt4(10), types.Null
	}
	return types.Null, types.Null
}

// infoCollation is catalog, schema and name of a collation other than the default.
func (s *Snapshot) infoCollation(id OID) []types.Datum {
	for name, c := range collationIDs {
		if c == id && id != collationDefault {
			return []types.Datum{s.catalogName(), dText("pg_catalog"), dText(name)}
		}
	}
	return []types.Datum{types.Null, types.Null, types.Null}
}

func dInt8Text(v int64) types.Datum { return dText(strconv.FormatInt(v, 10)) }

func infoColumnRow(v VirtualEnv, t *Table, c *Column) []types.Datum {
	s := v.Snapshot
	d := s.describeType(c.Declared())
	domain := []types.Datum{types.Null, types.Null, types.Null}
	nullable := !c.NotNull
	if u := s.Type(c.Declared().OID); u != nil && u.Kind == 'd' {
		domain = []types.Datum{s.catalogName(), s.schemaName(u.Schema), dText(u.Name)}
		nullable = nullable && !u.NotNull
	}
	def, generation, generated := dNullText(v.display(c.Default)), types.Null, "NEVER"
	if c.Generated {
		def, generation, generated = types.Null, dText(v.display(c.Default)), "ALWAYS"
	}
	row := []types.Datum{
		s.catalogName(), s.schemaName(t.Schema), dText(t.Name), dText(c.Name), dInt4(int(c.Num)), def, yesNo(nullable),
		d.dataType, d.charLength, d.octetLength, d.precision, d.radix, d.scale, d.datetime, d.intervalType, types.Null,
		types.Null, types.Null, types.Null,
	}
	row = append(row, s.infoCollation(s.columnCollation(c))...)
	row = append(row, domain...)
	row = append(row, s.catalogName(), d.udtSchema, d.udtName, types.Null, types.Null, types.Null, types.Null, dText(itoa(int(c.Num))), yesNo(false))
	row = append(row, identityColumns(s, c)...)
	return append(row, dText(generated), generation, yesNo(t.ColumnUpdatable(c.Num)))
}

func identityColumns(s *Snapshot, c *Column) []types.Datum {
	row := []types.Datum{yesNo(c.Identity != 0), types.Null, types.Null, types.Null, types.Null, types.Null, yesNo(false)}
	switch c.Identity {
	case 'a':
		row[1] = dText("ALWAYS")
	case 'd':
		row[1] = dText("BY DEFAULT")
	default:
		return row
	}
	if seq := s.TableByID(c.Sequence); seq != nil && seq.Sequence != nil {
		q := seq.Sequence
		row[2], row[3], row[4], row[5], row[6] = dInt8Text(q.Start), dInt8Text(q.Increment), dInt8Text(q.Max), dInt8Text(q.Min), yesNo(q.Cycle)
	}
	return row
}

func elementTypeRow(s *Snapshot, t *Table, c *Column) []types.Datum {
	elem := c.Type.Elem()
	if u, isArray := s.TypeOrRow(c.Type.OID); isArray {
		elem = types.Of(u.ID)
	}
	d := s.describeType(elem)
	kind := "TABLE"
	if systemKind(t) == KindView {
		kind = "VIEW"
	}
	row := []types.Datum{
		s.catalogName(), s.schemaName(t.Schema), dText(t.Name), dText(kind), dText(itoa(int(c.Num))), d.dataType,
	}
	for range 15 { // element modifiers are not shown, as in PostgreSQL
		row = append(row, types.Null)
	}
	return append(row, s.catalogName(), d.udtSchema, d.udtName, types.Null, types.Null, types.Null, types.Null, dText("a"+itoa(int(c.Num))))
}
