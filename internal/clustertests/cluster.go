// Package clustertests runs whole servers over a TiKV-protocol cluster: several
// nodes in this process, SQL through the wire, and faults of the stores.
// `make check-cluster` runs it; without a cluster its tests are skipped.
package clustertests
