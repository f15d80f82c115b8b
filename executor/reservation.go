package executor

// reservation is one operator's share of the query's account, adjusted to what
// it holds.
type reservation struct {
	env  *Env
	held int64
	peak int64
}

// set makes the reservation n bytes, or fails with 53200 and keeps what it was.
func (r *reservation) set(n int64) error { return r.change(n, r.env.grow) }

func (r *reservation) change(n int64, grow func(int64) error) error {
	switch {
	case n > r.held:
		if err := grow(n - r.held); err != nil {
			return err
		}
	case n < r.held:
		r.env.shrink(r.held - n)
	}
	r.held = n
	r.peak = max(r.peak, n)
	return nil
}

// within makes the reservation n bytes if that is no more than limit (0: any
// number) and the account grants it; if not, the caller spills.
func (r *reservation) within(n, limit int64) bool {
	return (limit <= 0 || n <= limit) && r.change(n, r.env.growSparing) == nil
}

// close gives everything back.
func (r *reservation) close() {
	if r.held != 0 {
		r.env.shrink(r.held)
		r.held = 0
	}
}
