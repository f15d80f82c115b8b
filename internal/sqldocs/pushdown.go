package sqldocs

import "github.com/tidemarkdb/tidemark/sql/pushdown"

const pushdownIntro = `# What the stores of a cluster compute

Over a cluster (` + "`--store tikv://`" + `) the stores filter, group, sort and limit the rows that they have, and send the rest: as
coprocessor requests of TiKV, one for each region, eight at once. EXPLAIN shows what they run below a ` + "`Store Gather`" + `, and as
` + "`Not Pushed`" + ` what they do not and why. What a store answers for a region is the same that the plan below the ` + "`Store Gather`" + ` would
give for its rows; so it is run here instead for regions in which the transaction wrote, for answers with an error (a bigint out
of range in the store may be none here), and for those with a value of more than 64 KiB, which the store does not see.

` + "`tidemark.pushdown = off`" + ` has everything computed here, ` + "`on`" + ` plans as for a cluster over any store (the embedded store runs such a plan
itself), ` + "`tidemark.pushdown_blocklist`" + ` names what the stores are not to compute. Cursors, and statements that write or lock, read rows as they are.

Pushed are scans, forwards and backwards: the columns that are needed; conditions; and, if all conditions are pushed, an aggregation
(with two rows a group or more, by the statistics), a sort with a LIMIT, or a LIMIT. NULLs and their order, NaN and -0 are PostgreSQL's.

| scan | in the stores |
|---|---|
| of rows, in whole or by ranges of the primary key | yes; not of single keys |
| of an index that has all that is wanted | its entries, if the columns are integers, text or varchar, as far as they are needed ascending, and either NOT NULL, bounded by the condition, or NULLS FIRST; no expressions, no INCLUDE |
| of another index | the rows that its entries name, a batch of entries at a time, if the primary key is an integer or there is none, and 32 rows or more are expected. What comes out has the index's order; a LIMIT is not pushed |

` + "`TestPushDown`" + ` (in ` + "`make check-cluster`" + `) compares random statements with and without on odd values, for ten seconds; ` + "`TIDEMARK_TEST_PUSHDOWN=1h`" + `
for longer. Nothing was tried on TiKV itself.

`

// PushDown is docs/pushdown.md.
func PushDown() string { return pushdownIntro + pushdown.Document() }
