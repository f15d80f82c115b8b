package executor

// merge adds the groups of other, which has read another part of the input and
// whose calls neither wait for an order nor look for duplicates, and releases
// them: how partial aggregation by several workers ends. Neither is finished yet.
func (a *aggregate) merge(other *aggregate) error {
	for i, s := range a.sets {
		o := other.sets[i]
		if err := s.merge(a.env, o); err != nil {
			return err
		}
		if s.parts == nil && o.parts == nil {
			continue
		}
		// What the one wrote away may belong to groups of the other.
		written := []*partitions{s.parts, o.parts}
		a.spillTo(s)
		for _, p := range written {
			if err := a.readAgain(s, p); err != nil {
				return err
			}
		}
	}
	a.files, other.files = append(a.files, other.files...), nil
	other.close()
	return a.reserve()
}

// readAgain gives the rows of a set's partitions to the set.
func (a *aggregate) readAgain(s *groupSet, p *partitions) error {
	passes, err := p.plan(nil, s.pass.level)
	if err != nil {
		return err
	}
	all := a.sets
	defer func() { a.sets = all }()
	a.sets = []*groupSet{s}
	for _, pass := range passes {
		if err := drain(a.env.Functions.Ctx, pass.rows, a.addSpilled); err != nil {
			return err
		}
		if err := pass.rows.Close(); err != nil {
			return err
		}
	}
	return nil
}

// merge adds the groups of other, a set of the same keys and calls.
func (s *groupSet) merge(env *Env, other *groupSet) error {
	other.endKeys()
	limit := env.batchRows()
	to := make([]uint32, 0, other.groups)
	for k := 0; k*limit < other.groups; k++ {
		n := min(limit, other.groups-k*limit)
		if s.table == nil {
			to = append(to, 0)
			continue
		}
		s.insert(env, other.chunks[k], n)
		to = append(to, s.ids[:n]...)
	}
	for i, st := range s.states {
		if err := st.merge(env, other.states[i], s.groups, to); err != nil {
			return err
		}
	}
	return nil
}

// merge adds the states of other, whose group g is group to[g] of the groups here.
func (s *aggState) merge(env *Env, other *aggState, groups int, to []uint32) error {
	if s.acc != nil && other.acc != nil {
		for g := range to {
			if err := s.acc.Merge(env.Functions, other.acc, g, int(to[g])); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.postpone(env, groups); err != nil {
		return err
	}
	if err := other.postpone(env, len(to)); err != nil {
		return err
	}
	return s.ordered.addAll(env, other.ordered, to)
}
