// Package logical is the bound query as a tree of relational operators: names
// and types are resolved, algorithms are not chosen yet.
//
// Columns are expr.Column ids that are unique in a statement: a node defines
// ids (a scan its table's columns, a projection its computed items) and
// everything above refers to them, however far the node is moved. An id that
// is used below a subquery or a lateral join but not defined there is a
// reference to the outer row, so correlation needs no bookkeeping of levels.
//
// A tree belongs to one statement being planned and is changed in place by
// package rules; nothing of it stays in the physical plan.
package logical
