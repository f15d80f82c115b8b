// Package sqlfuzz makes random schemas, data and SQL statements, and tests
// servers with them.
//
// A [Case] is text only: setup statements and statements to run. Three kinds
// of tests read it:
//
//   - differential: the case runs on Tidemark and on PostgreSQL, which must
//     give the same rows, types and SQLSTATEs (see [Compare]);
//   - plan space: one query under many settings and indexes has one answer;
//   - algebraic: an identity of SQL relates the answers of several queries.
//     Ternary logic partitioning (Rigger and Su, OOPSLA 2020): a query's rows
//     are those where p, NOT p and p IS NULL. NoREC (Rigger and Su, ESEC/FSE
//     2020): the rows that pass WHERE p are those for which p prints true.
//
// The statements are typed: expressions grow from the table of operators and
// functions in operators.txt, so that nearly all of them bind. What SQL leaves
// open is kept out of the text or of the comparison: LIMIT comes with an order
// over every column, rows without one compare as multisets, sums of floats are
// over multiples of a quarter.
//
// The choices are drawn from rapid, which shrinks a failing case; the rest is
// written as an SQL test (see [Case.SQLTest]).
package sqlfuzz
