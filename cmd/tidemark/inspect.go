package main

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tidemarkdb/tidemark/rowstore"
)

func newInspectCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "inspect", Short: "Explain stored bytes, given in hexadecimal"}
	cmd.AddCommand(
		inspector("key", "Explain a key", rowstore.DescribeKey),
		inspector("row", "Explain a row's value", rowstore.DescribeRow),
	)
	return cmd
}

func inspector(name, short string, describe func([]byte) string) *cobra.Command {
	return &cobra.Command{
		Use:   name + " HEX",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := hex.DecodeString(strings.TrimPrefix(strings.ReplaceAll(args[0], " ", ""), "0x"))
			if err != nil {
				return fmt.Errorf("%q is not hexadecimal", args[0])
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), describe(b))
			return err
		},
	}
}
