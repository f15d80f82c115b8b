package ddl

import (
	"strings"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/sql/ast"
	"github.com/tidemarkdb/tidemark/sql/parser"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// like copies columns of another table (LIKE) and what INCLUDING asks for.
func (b *tableBuilder) like(l *ast.LikeClause) error {
	src := findTable(b.env, l.Table)
	if src == nil {
		return undefinedRelation(b.env, l.Table).At(l.Table.Loc())
	}
	if src.Kind == catalog.KindSequence {
		return pgerror.New(pgerror.WrongObjectType, "relation %q is invalid in LIKE clause", src.Name).
			WithDetail("This operation is not supported for sequences.").At(l.Table.Loc())
	}
	for i := range src.Columns {
		if c := &src.Columns[i]; !c.Dropped {
			if err := b.likeColumn(l, c); err != nil {
				return err
			}
		}
	}
	if l.Options&ast.LikeConstraints != 0 {
		for i := range src.Checks {
			c := &src.Checks[i]
			e, err := parser.ParseExpr(c.Expr)
			if err != nil {
				return err
			}
			b.constraints = append(b.constraints, pendingConstraint{def: &ast.Constraint{
				Kind: ast.ConstraintCheck, Name: c.Name, Expr: e, NoInherit: c.NoInherit,
			}})
		}
	}
	if l.Options&ast.LikeIndexes != 0 {
		for i := range src.Indexes {
			b.likeIndex(src, &src.Indexes[i])
		}
	}
	return nil
}

func (b *tableBuilder) likeColumn(l *ast.LikeClause, c *catalog.Column) error {
	if columnByName(b.table, c.Name) != nil {
		return pgerror.New(pgerror.DuplicateColumn, "column %q specified more than once", c.Name)
	}
	next := catalog.Column{Num: int16(len(b.table.Columns) + 1), Name: c.Name, Type: c.Type, NotNull: c.NotNull, Collation: c.Collation}
	if l.Options&ast.LikeDefaults != 0 && !c.Generated {
		next.Default, next.DependsOn = c.Default, c.DependsOn
		if c.Default != "" && len(c.DependsOn) == 0 && c.Sequence != 0 {
			next.DependsOn = []catalog.OID{c.Sequence}
		}
	}
	if l.Options&ast.LikeComments != 0 {
		next.Comment = c.Comment
	}
	if c.Generated && l.Options&ast.LikeGenerated != 0 {
		e, err := parser.ParseExpr(c.Default)
		if err != nil {
			return err
		}
		next.Generated = true
		b.constraints = append(b.constraints, pendingConstraint{column: c.Name, def: &ast.Constraint{Kind: ast.ConstraintGenerated, Expr: e}})
	}
	b.table.Columns = append(b.table.Columns, next)
	if c.Identity == 0 || l.Options&ast.LikeIdentity == 0 {
		return nil
	}
	at := &b.table.Columns[len(b.table.Columns)-1]
	at.Identity = c.Identity
	if err := b.addSequence(at, nil, ""); err != nil {
		return err
	}
	if seq := b.env.Editor.Snapshot().TableByID(c.Sequence); seq != nil { // with the source's options
		own := b.env.Editor.Snapshot().TableByID(at.Sequence).Clone()
		def := *seq.Sequence
		def.OwnerTable, def.OwnerColumn, def.Initial, def.InitialCalled = 0, 0, def.Start, false
		own.Sequence = &def
		return b.env.Editor.UpdateTable(own)
	}
	return nil
}

// likeIndex copies an index; its name is chosen as if it were written here.
func (b *tableBuilder) likeIndex(src *catalog.Table, ix *catalog.Index) {
	var names, include []string
	for _, c := range ix.Columns {
		if c.Num != 0 {
			names = append(names, src.Columns[c.Num-1].Name)
		}
	}
	for _, n := range ix.Include {
		include = append(include, src.Columns[n-1].Name)
	}
	if ix.Constraint == 0 {
		b.indexes = append(b.indexes, likeIndex{src: src, ix: ix})
		return
	}
	kind := ast.ConstraintUnique
	if ix.Primary {
		kind = ast.ConstraintPrimary
	}
	b.constraints = append(b.constraints, pendingConstraint{def: &ast.Constraint{
		Kind: kind, Keys: names, Include: include, NullsNotDistinct: ix.NullsNotDistinct,
	}})
}

// likeIndex is an index to copy when the columns are known.
type likeIndex struct {
	src *catalog.Table
	ix  *catalog.Index
}

func (b *tableBuilder) addLikeIndexes() {
	for _, l := range b.indexes {
		next := *l.ix
		next.ID, next.Storage, next.State, next.Comment = 0, 0, catalog.IndexPublic, ""
		num := func(old int16) int16 { return columnByName(b.table, l.src.Columns[old-1].Name).Num }
		next.Columns, next.Include = nil, nil
		var parts []string
		for _, c := range l.ix.Columns {
			part := "expr"
			if c.Num != 0 {
				part = l.src.Columns[c.Num-1].Name
				c.Num = num(c.Num)
			} else if i := strings.IndexByte(c.Expr, '('); i > 0 && identEnd(c.Expr, 0) == i {
				part = c.Expr[:i]
			}
			parts = append(parts, part)
			next.Columns = append(next.Columns, c)
		}
		for _, n := range l.ix.Include {
			parts = append(parts, l.src.Columns[n-1].Name)
			next.Include = append(next.Include, num(n))
		}
		next.Name = chooseName(b.table.Name, strings.Join(parts, "_"), "idx", relationTaken(b.env, b.table.Schema, b.table))
		b.table.Indexes = append(b.table.Indexes, next)
	}
}
