// Command tidemark is the whole database: one binary that serves SQL over
// PostgreSQL's wire protocol. It only parses flags and wires packages together.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := newRootCommand().Execute(); err != nil {
		var quiet quietError
		if !errors.As(err, &quiet) {
			fmt.Fprintln(os.Stderr, "tidemark:", err)
		}
		os.Exit(1)
	}
}

// quietError ends the process with code 1 without another word.
type quietError struct{ error }
