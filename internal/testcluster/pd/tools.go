//go:build tools

// Package pd pins the Placement Driver of the test cluster: `go build` of its pd-server in this module makes the binary.
package pd

import _ "github.com/tikv/pd/cmd/pd-server"
