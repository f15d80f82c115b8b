// Package rules rewrites a bound tree into a better one that means the same:
// each rule is a function in a file of its own whose comment says what it
// matches, what it becomes, why that is always right, and when it must not
// fire. Rules make no user errors.
package rules
