// Package isolation checks what concurrent transactions see of each other: the
// cases of Hermitage (github.com/ept/hermitage) with PostgreSQL's answers, and
// histories of random transactions searched for what an isolation level rules
// out. The same checks run on the embedded store and over a cluster.
package isolation
