package kv

// Figure is a number that a part of the server tells of itself, for whoever
// watches it.
type Figure struct {
	// Name is Prometheus's form: tidemark_..., with the unit, and _total if it counts.
	Name, Help string
	// Counter figures never fall while the process lives; others are as they are now.
	Counter bool
	// Label and Of, if not empty, tell apart figures of one name.
	Label, Of string
	Value     float64
}

// Metered is what a Store offers that tells figures. They are asked for every
// few seconds at most, and cost no request.
type Metered interface {
	Figures() []Figure
}
