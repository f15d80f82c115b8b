// Package physical chooses access paths, join orders and algorithms for a
// bound and rewritten tree, and resolves column ids to positions. It makes no
// user errors; what it cannot do well it does plainly.
package physical
