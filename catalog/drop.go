package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// ObjectClass says which catalog an ObjectRef points into.
type ObjectClass uint8

// The classes of droppable objects.
const (
	ObjectRelation   ObjectClass = iota + 1 // table, view, sequence, ... or index; a column if Sub is set
	ObjectConstraint                        // of a table
	ObjectDefault                           // of the column Sub of the relation ID
	ObjectType
	ObjectSchema
	ObjectFunction
)

// ObjectRef names an object: ID as in its catalog; Sub is an attnum or 0.
type ObjectRef struct {
	Class ObjectClass
	ID    OID
	Sub   int16
}

// Drop is what a DROP statement removes: the named objects and what depends on
// them, dependents first.
type Drop struct {
	Objects []ObjectRef
	// Notice is CASCADE's "drop cascades to ...", nil if nothing was added.
	Notice *pgerror.Error
}

// PlanDrop finds everything that dropping refs removes. Without cascade it
// fails with 2BP01 if an object that is not named depends on one of them. path
// is the search path under which messages print names.
func (s *Snapshot) PlanDrop(path []string, refs []ObjectRef, cascade bool) (*Drop, error) {
	p := &dropPlan{
		s: s, path: path, named: map[ObjectRef]bool{}, seen: map[ObjectRef]bool{},
		silent: map[ObjectRef]bool{}, parent: map[ObjectRef]ObjectRef{},
	}
	for _, r := range refs {
		p.named[r] = true
	}
	for _, r := range refs {
		if err := p.checkOwner(r); err != nil {
			return nil, err
		}
		p.visit(r)
	}
	blocked := p.blocked()
	if len(blocked) > 0 && !cascade {
		return nil, p.refuse(refs, blocked)
	}
	return &Drop{Objects: p.order, Notice: p.notice(blocked)}, nil
}

// dropPlan walks the dependency graph depth first, as PostgreSQL's
// findDependentObjects: dependents newest first, each object after what
// depends on it.
type dropPlan struct {
	s      *Snapshot
	path   []string
	named  map[ObjectRef]bool
	seen   map[ObjectRef]bool
	silent map[ObjectRef]bool      // reached by an automatic or internal dependency
	parent map[ObjectRef]ObjectRef // the object whose dependent it was found as
	order  []ObjectRef
}

func (p *dropPlan) visit(ref ObjectRef) {
	if p.seen[ref] {
		return
	}
	p.seen[ref] = true
	deps := p.s.Dependents(ref)
	slices.SortStableFunc(deps, func(a, b Dependent) int {
		return cmp.Or(cmp.Compare(p.s.sortOID(b.ObjectRef), p.s.sortOID(a.ObjectRef)), cmp.Compare(a.Sub, b.Sub))
	})
	for _, d := range deps {
		if d.Kind != 'n' {
			p.silent[d.ObjectRef] = true
		}
		if !p.seen[d.ObjectRef] {
			p.parent[d.ObjectRef] = ref
		}
		p.visit(d.ObjectRef)
	}
	p.order = append(p.order, ref)
}

// blocked lists the dependents that only CASCADE drops, in the order of
// PostgreSQL's reports.
func (p *dropPlan) blocked() []ObjectRef {
	var out []ObjectRef
	for _, ref := range slices.Backward(p.order) {
		whole := ObjectRef{Class: ref.Class, ID: ref.ID}
		if !p.named[ref] && !p.silent[ref] && (ref.Class != ObjectRelation || ref.Sub == 0 || !p.seen[whole]) {
			out = append(out, ref)
		}
	}
	return out
}

// sortOID is the OID of the pg_depend entry of an object.
func (s *Snapshot) sortOID(ref ObjectRef) OID {
	if t := s.TableByID(ref.ID); t != nil && (ref.Class == ObjectDefault || ref.Class == ObjectRelation && ref.Sub > 0 && t.Columns[ref.Sub-1].Generated) {
		return t.Columns[ref.Sub-1].DefaultID
	}
	return types.CounterOID(ref.ID) // in the order of creation
}

// maxReportedDrops bounds DETAIL.
const maxReportedDrops = 100

func reportLines(refs []ObjectRef, line func(ObjectRef) string) string {
	var lines []string
	for i, ref := range refs {
		if i == maxReportedDrops {
			lines = append(lines, fmt.Sprintf("and %d other objects (see server log for list)", len(refs)-i))
			break
		}
		lines = append(lines, line(ref))
	}
	return strings.Join(lines, "\n")
}

// checkOwner refuses to drop what belongs to another object: an index of a
// constraint, the sequence of an identity column.
func (p *dropPlan) checkOwner(ref ObjectRef) error {
	if ref.Class != ObjectRelation || ref.Sub != 0 {
		return nil
	}
	if t, ix := p.s.IndexByID(ref.ID); ix != nil && ix.Constraint != 0 {
		owner := Describe(p.s, p.path, ObjectRef{Class: ObjectConstraint, ID: ix.Constraint})
		return pgerror.New(pgerror.DependentObjectsStillExist, "cannot drop %s because %s requires it", Describe(p.s, p.path, ref), owner).
			WithHint("You can drop %s instead.", owner).WithTable("", t.Name)
	}
	if t := p.s.TableByID(ref.ID); t != nil && t.Sequence != nil && t.Sequence.OwnerTable != 0 && p.s.ownershipType(t) == 'i' {
		col := ObjectRef{Class: ObjectRelation, ID: t.Sequence.OwnerTable, Sub: t.Sequence.OwnerColumn}
		if p.named[ObjectRef{Class: ObjectRelation, ID: col.ID}] {
			return nil
		}
		owner := Describe(p.s, p.path, col)
		return pgerror.New(pgerror.DependentObjectsStillExist, "cannot drop %s because %s requires it", Describe(p.s, p.path, ref), owner).
			WithHint("You can drop %s instead.", owner)
	}
	return nil
}

func (p *dropPlan) refuse(refs, blocked []ObjectRef) error {
	detail := reportLines(blocked, func(ref ObjectRef) string {
		return Describe(p.s, p.path, ref) + " depends on " + Describe(p.s, p.path, p.parent[ref])
	})
	what, them := "desired object(s)", "them"
	if len(refs) == 1 {
		what, them = Describe(p.s, p.path, refs[0]), "it"
	}
	return pgerror.New(pgerror.DependentObjectsStillExist, "cannot drop %s because other objects depend on %s", what, them).
		WithDetail("%s", detail).WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
}

func (p *dropPlan) notice(blocked []ObjectRef) *pgerror.Error {
	switch len(blocked) {
	case 0:
		return nil
	case 1:
		return pgerror.NewNotice("drop cascades to %s", Describe(p.s, p.path, blocked[0]))
	}
	return pgerror.NewNotice("drop cascades to %d other objects", len(blocked)).
		WithDetail("%s", reportLines(blocked, func(ref ObjectRef) string { return "drop cascades to " + Describe(p.s, p.path, ref) }))
}

// Describe names an object as PostgreSQL's messages do: "table x",
// "constraint c on table t", "column a of table t", "default value for column a
// of table t".
func Describe(s *Snapshot, path []string, ref ObjectRef) string {
	switch ref.Class {
	case ObjectRelation:
		if t, ix := s.IndexByID(ref.ID); ix != nil {
			return "index " + IndexName(s, path, t, ix)
		}
		if t := s.TableByID(ref.ID); t != nil {
			if ref.Sub > 0 {
				return "column " + QuoteIdent(t.Columns[ref.Sub-1].Name) + " of " + describeRelation(s, path, t)
			}
			return describeRelation(s, path, t)
		}
		if t := s.compositeByRelation(ref.ID); t != nil {
			if ref.Sub > 0 {
				return "column " + QuoteIdent(t.Fields[ref.Sub-1].Name) + " of composite type " + typeRefName(s, path, t)
			}
			return "composite type " + typeRefName(s, path, t)
		}
	case ObjectConstraint:
		if r := s.byID.get(ref.ID); r != nil {
			for _, c := range tableConstraints(r.table) {
				if c.id == ref.ID {
					return "constraint " + QuoteIdent(c.name) + " on " + describeRelation(s, path, r.table)
				}
			}
		}
	case ObjectDefault:
		if t := s.TableByID(ref.ID); t != nil {
			return "default value for " + Describe(s, path, ObjectRef{Class: ObjectRelation, ID: ref.ID, Sub: ref.Sub})
		}
	case ObjectType:
		if t, array := s.TypeOrRow(ref.ID); t != nil && array {
			return "type " + typeRefName(s, path, t) + "[]"
		} else if t != nil {
			return "type " + typeRefName(s, path, t)
		}
	case ObjectFunction:
		if f := s.Function(ref.ID); f != nil {
			return f.Word() + " " + FunctionSignature(s, path, f)
		}
	case ObjectSchema:
		if sch := s.SchemaByID(ref.ID); sch != nil {
			return "schema " + QuoteIdent(sch.Name)
		}
	}
	return "object " + itoa(int(ref.ID))
}
