package catalog

import "maps"

// layered is a map for immutable snapshots: a base that many snapshots share
// under a small delta of this one. Cloning copies the delta only, which is
// folded into a new base when it has outgrown it, so a change costs little
// however many objects there are. Deleted keys are in the delta as nil values.
type layered[K comparable, V any] struct {
	base  map[K]*V
	delta map[K]*V
	count int
}

func (m *layered[K, V]) get(k K) *V {
	if len(m.delta) > 0 {
		if v, ok := m.delta[k]; ok {
			return v
		}
	}
	return m.base[k]
}

// clone returns a copy that may be changed without changing m.
func (m *layered[K, V]) clone() layered[K, V] {
	c := layered[K, V]{base: m.base, count: m.count}
	if len(m.delta) <= 32+len(m.base)/64 {
		c.delta = maps.Clone(m.delta)
		return c
	}
	c.base = make(map[K]*V, m.count)
	m.all(func(k K, v *V) { c.base[k] = v })
	return c
}

// set stores v under k; a nil v deletes k. Only for maps no snapshot shares yet.
func (m *layered[K, V]) set(k K, v *V) {
	old := m.get(k)
	switch {
	case old == nil && v != nil:
		m.count++
	case old != nil && v == nil:
		m.count--
	}
	if m.delta == nil {
		m.delta = make(map[K]*V)
	}
	if _, inBase := m.base[k]; v == nil && !inBase {
		delete(m.delta, k)
		return
	}
	m.delta[k] = v
}

// all calls fn for every entry, in no order.
func (m *layered[K, V]) all(fn func(K, *V)) {
	for k, v := range m.base {
		if d, ok := m.delta[k]; ok {
			v = d
		}
		if v != nil {
			fn(k, v)
		}
	}
	for k, v := range m.delta {
		if _, ok := m.base[k]; !ok && v != nil {
			fn(k, v)
		}
	}
}
