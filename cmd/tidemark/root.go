package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tidemarkdb/tidemark/session"
)

// version is set by the linker in released builds.
var version = "0.1.0-dev"

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "tidemark",
		Short:         "Tidemark: a distributed SQL and time-series database that speaks PostgreSQL",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newStartCommand(), newVersionCommand(), newInspectCommand())
	return root
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this binary",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "tidemark %s (PostgreSQL %s compatible, %s %s/%s)\n",
				version, session.ServerVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
