// Package binder turns a syntax tree into a bound logical tree: it resolves
// names and types exactly as PostgreSQL's parse analysis (src/backend/parser)
// and is the only stage of planning that makes user errors.
package binder
