package plan

// Stream yields batches that come from outside of the plan (COPY FROM):
// executor.Env.Stream gives them, with the types of Cols.
type Stream struct {
	Base
}
