package binder

import (
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/expr"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// bindColumnRef resolves a column name as PostgreSQL's transformColumnRef.
func (b *Binder) bindColumnRef(s *scope, c *ast.ColumnRef) (expr.Expr, error) {
	if c.Star {
		return b.starRow(s, c)
	}
	if s.kind == kindDefault {
		return nil, at(c, pgerror.FeatureNotSupported, "cannot use column reference in DEFAULT expression")
	}
	switch len(c.Names) {
	case 1:
		e, err := b.colByName(s, c.Names[0], c.Loc())
		if e != nil || err != nil {
			return e, err
		}
		item, err := b.findRelation(s, "", c.Names[0], c.Loc())
		if err != nil {
			return nil, err
		}
		if item != nil {
			return b.wholeRow(item, c.Loc()), nil
		}
		if e, err := b.routineColumn(c); e != nil || err != nil {
			return e, err
		}
		return nil, b.missingColumn(s, "", c.Names[0], c.Loc())
	case 2, 3, 4:
		return b.qualifiedColumn(s, c)
	}
	return nil, at(c, pgerror.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(c.Names, "."))
}

// starRow is t.* where no list takes its columns: the whole row.
func (b *Binder) starRow(s *scope, c *ast.ColumnRef) (expr.Expr, error) {
	n := len(c.Names)
	if n == 0 || n > 3 {
		return nil, at(c, pgerror.SyntaxError, "row expansion via \"*\" is not supported here")
	}
	schema, rel := "", c.Names[n-1]
	if n > 1 {
		schema = c.Names[n-2]
	}
	item, err := b.findRelation(s, schema, rel, c.Loc())
	if err != nil {
		return nil, err
	}
	if item == nil {
		return nil, b.missingRelation(s, schema, rel, c.Loc())
	}
	return b.wholeRow(item, c.Loc()), nil
}

func (b *Binder) qualifiedColumn(s *scope, c *ast.ColumnRef) (expr.Expr, error) {
	names := c.Names
	if len(names) == 4 {
		if names[0] != b.opts.Database {
			return nil, at(c, pgerror.FeatureNotSupported, "cross-database references are not implemented: %s", strings.Join(names, "."))
		}
		names = names[1:]
	}
	schema, rel, col := "", names[len(names)-2], names[len(names)-1]
	if len(names) == 3 {
		schema = names[0]
	}
	item, err := b.findRelation(s, schema, rel, c.Loc())
	if err != nil {
		return nil, err
	}
	if item == nil {
		if e, err := b.routineColumn(c); e != nil || err != nil {
			return e, err
		}
		return nil, b.missingRelation(s, schema, rel, c.Loc())
	}
	switch i := item.find(col); {
	case i >= 0:
		return b.columnOf(item, i, c.Loc()), nil
	case i == -2:
		return nil, at(c, pgerror.AmbiguousColumn, "column reference %q is ambiguous", col)
	}
	if e, err := b.systemColumn(item, col, c.Loc()); e != nil || err != nil {
		return e, err
	}
	if e, err := b.routineColumn(c); e != nil || err != nil {
		return e, err
	}
	if e, err := b.functionColumn(s, item, col, c); e != nil || err != nil {
		return e, err
	}
	return nil, b.missingColumn(s, rel, col, c.Loc())
}

// columnOf makes the reference to column i of an item.
func (b *Binder) columnOf(item *nsItem, i, loc int) expr.Expr {
	b.traceColumn(item, i)
	if item.cols == nil && item.table != nil {
		t := &item.table.Columns[i]
		return b.ref(item.first+expr.ColumnID(i), t.Name, t.Type, loc)
	}
	c := &item.cols[i]
	if c.value != nil {
		return c.value
	}
	return b.ref(c.id, c.name, c.typ, loc)
}

func (b *Binder) ref(id expr.ColumnID, name string, t types.Type, loc int) expr.Expr {
	c := &expr.Column{ID: id, Name: name, Typ: t}
	if b.record {
		b.locs[c] = loc
	}
	return c
}

// colByName looks a bare column name up, from the innermost query outwards
// (colNameToVar); nil if there is none.
func (b *Binder) colByName(s *scope, name string, loc int) (expr.Expr, error) {
	for q := s; q != nil; q = q.parent {
		var item *nsItem
		pos := -1
		for _, it := range q.items {
			if !it.colsVisible || it.lateralOnly && !q.lateralActive {
				continue
			}
			i := it.find(name)
			if i == -1 {
				continue
			}
			if i == -2 || item != nil {
				return nil, pgerror.New(pgerror.AmbiguousColumn, "column reference %q is ambiguous", name).At(loc)
			}
			if err := checkLateral(it, loc); err != nil {
				return nil, err
			}
			item, pos = it, i
		}
		if item != nil {
			return b.columnOf(item, pos, loc), nil
		}
		for _, it := range q.items {
			if it.colsVisible && it.table != nil && (!it.lateralOnly || q.lateralActive) {
				if e, err := b.systemColumn(it, name, loc); e != nil || err != nil {
					return e, err
				}
			}
		}
	}
	return nil, nil
}

func checkLateral(it *nsItem, loc int) error {
	if it.lateralOnly && !it.lateralOK {
		if it.target {
			return pgerror.New(pgerror.InvalidColumnReference, "invalid reference to FROM-clause entry for table %q", it.alias).
				WithHint("There is an entry for table %q, but it cannot be referenced from this part of the query.", it.alias).At(loc)
		}
		return pgerror.New(pgerror.InvalidColumnReference, "invalid reference to FROM-clause entry for table %q", it.alias).
			WithDetail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.").At(loc)
	}
	return nil
}

// findRelation finds a relation by its name or alias (refnameNamespaceItem).
func (b *Binder) findRelation(s *scope, schema, name string, loc int) (*nsItem, error) {
	var schemaID catalog.OID
	if schema != "" {
		sch := b.cat.Schema(schema)
		if sch == nil {
			return nil, nil
		}
		schemaID = sch.ID
	}
	for q := s; q != nil; q = q.parent {
		var found *nsItem
		for _, it := range q.items {
			if !it.relVisible || it.alias != name || it.lateralOnly && !q.lateralActive {
				continue
			}
			if schema != "" && it.schema != schemaID {
				continue
			}
			if found != nil {
				return nil, pgerror.New(pgerror.AmbiguousAlias, "table reference %q is ambiguous", name).At(loc)
			}
			if err := checkLateral(it, loc); err != nil {
				return nil, err
			}
			found = it
		}
		if found != nil {
			return found, nil
		}
	}
	return nil, nil
}

// wholeRow is a reference to a relation as a record.
func (b *Binder) wholeRow(item *nsItem, loc int) expr.Expr {
	row := &expr.Row{Typ: types.Of(types.Record)}
	for i, n := 0, item.numCols(); i < n; i++ {
		if name := item.colName(i); name != "" {
			row.Args = append(row.Args, b.columnOf(item, i, loc))
			row.Names = append(row.Names, name)
		}
	}
	return row
}

// systemColumn resolves the system columns; nil if the name is none.
func (b *Binder) systemColumn(item *nsItem, name string, loc int) (expr.Expr, error) {
	if item.table == nil {
		return nil, nil
	}
	switch name {
	case "tableoid":
		if item.table.Kind == catalog.KindView {
			return nil, nil
		}
		return &expr.Const{Value: types.NewOid(uint32(item.table.ID)), Typ: types.Of(types.Oid)}, nil
	case "ctid", "xmin", "xmax", "cmin", "cmax":
		if item.table.Kind == catalog.KindView || item.table.Kind == catalog.KindVirtual && name == "ctid" {
			return nil, nil
		}
		if item.table.Kind == catalog.KindVirtual && name != "ctid" {
			// Catalog rows have no transaction of their own: all are frozen.
			oid := types.Xid
			if name[0] == 'c' {
				oid = types.Cid
			}
			v := uint32(0)
			if name == "xmin" {
				v = 2
			}
			return &expr.Const{Value: types.NewOid(v), Typ: types.Of(oid)}, nil
		}
		return nil, pgerror.Unsupported("system column %q", name).At(loc)
	}
	return nil, nil
}
