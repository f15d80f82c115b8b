package sqltests

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// FamilyReport is a family's share of the report.
type FamilyReport struct {
	Family   string       `json:"family"`
	Files    int          `json:"files"`
	Passed   int          `json:"passed"`
	Failed   int          `json:"failed"`
	Excluded int          `json:"excluded"`
	Internal int          `json:"internal"`
	Seconds  float64      `json:"seconds"`
	Results  []FileResult `json:"results"`
}

// Add counts a file.
func (f *FamilyReport) Add(r FileResult) {
	f.Files++
	f.Passed += r.Passed
	f.Failed += r.Failed
	f.Excluded += r.Excluded
	f.Internal += r.Internal
	f.Seconds += r.Seconds
	f.Results = append(f.Results, r)
}

// OK tells whether every record passed and none met an internal error.
func (f *FamilyReport) OK() bool { return f.Failed == 0 && f.Internal == 0 }

// Summary is one line on the family.
func (f *FamilyReport) Summary() string {
	rate := 100.0
	if n := f.Passed + f.Failed; n > 0 {
		rate = 100 * float64(f.Passed) / float64(n)
	}
	return fmt.Sprintf("sqltests %s: %d files, %d passed, %d failed (%.3f%%), %d excluded, %d internal errors, %.1f s",
		f.Family, f.Files, f.Passed, f.Failed, rate, f.Excluded, f.Internal, f.Seconds)
}

// WriteFailures prints at most limit failures of a file.
func WriteFailures(w io.Writer, r FileResult, limit int) {
	for i, f := range r.Failures {
		if i == limit {
			_, _ = fmt.Fprintf(w, "%s: %d more failures\n", r.File, len(r.Failures)-limit)
			return
		}
		_, _ = fmt.Fprintf(w, "%s:%d: %s\n    %s\n", f.File, f.Line, indent(clip(f.Why, 600)), indent(clip(f.SQL, 600)))
		if f.Want != "" {
			_, _ = fmt.Fprintf(w, "    want:\n    %s\n", indent(clip(f.Want, 600)))
		}
	}
}

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n    ") }

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "..."
}

// WriteJSON writes the reports to a file.
func WriteJSON(path string, reports []*FamilyReport) error {
	text, err := json.MarshalIndent(reports, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
