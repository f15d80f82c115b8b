package catalog

import (
	"slices"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// CreateFunction adds a function (42723 if there is one of its name and argument types).
func (e *Editor) CreateFunction(f *Function) error {
	if err := e.checkSchema(f.Schema); err != nil {
		return err
	}
	if err := e.checkFunctionName(f); err != nil {
		return err
	}
	return e.putFunction(f)
}

// UpdateFunction replaces a function: f is a changed copy.
func (e *Editor) UpdateFunction(f *Function) error {
	old := e.cur.functions.get(f.ID)
	if old == nil {
		return pgerror.New(pgerror.UndefinedFunction, "function with OID %d does not exist", f.ID)
	}
	if old.Name != f.Name || old.Schema != f.Schema {
		if err := e.checkSchema(f.Schema); err != nil {
			return err
		}
		if err := e.checkFunctionName(f); err != nil {
			return err
		}
	}
	return e.putFunction(f)
}

func (e *Editor) checkFunctionName(f *Function) error {
	args := f.ArgTypes()
	for _, other := range e.cur.FunctionsNamed(f.Schema, f.Name) {
		if other.ID != f.ID && slices.Equal(other.ArgTypes(), args) {
			return pgerror.New(pgerror.DuplicateFunction, "function %q already exists with same argument types", f.Name)
		}
	}
	return nil
}

func (e *Editor) putFunction(f *Function) error {
	s, err := e.change()
	if err != nil {
		return err
	}
	if f.ID == 0 {
		if f.ID, err = e.NewOID(); err != nil {
			return err
		}
	}
	s.putFunction(f)
	if err := e.put(kindFunction, f.ID, f); err != nil {
		return err
	}
	return e.touchUsers(s, f.ID)
}

// touchUsers ends an edit of an object whose users must be seen as changed.
func (e *Editor) touchUsers(s *Snapshot, id OID) error {
	if deps := s.dependents.get(id); deps != nil {
		for _, user := range slices.Clone(*deps) {
			if err := e.touchTable(s, user); err != nil {
				return err
			}
		}
	}
	return e.done(s)
}

// DropFunction removes a function; PlanDrop finds what uses it.
func (e *Editor) DropFunction(id OID) error {
	s, err := e.change()
	if err != nil {
		return err
	}
	if s.functions.get(id) == nil {
		return pgerror.New(pgerror.UndefinedFunction, "function with OID %d does not exist", id)
	}
	s.removeFunction(id)
	if err := e.remove(kindFunction, id); err != nil {
		return err
	}
	return e.done(s)
}
