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
	for k := 0; k*limit < other.groups; k++ {
		n := min(limit, other.groups-k*limit)
		if s.table != nil {
			s.insert(env, other.chunks[k], n)
		}
		for i, st := range s.states {
			for g := range n {
				to := 0
				if s.table != nil {
					to = int(s.ids[g])
				}
				if err := st.acc.Merge(env.Functions, other.states[i].acc, k*limit+g, to); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
