package main

import (
	"os"
	"runtime"
)

// addProc lets one goroutine more run than there are cores, unless the
// environment's GOMAXPROCS says otherwise. One is often in the system call that
// syncs the log: its place would stand still until the runtime's monitor
// notices, which has to wake up every 20 microseconds for it.
func addProc() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
