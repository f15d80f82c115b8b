package testcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// patch corrects a fault of a module that one of the programs is built from.
type patch struct {
	why       string
	file      string // in the module
	old, with string
}

// unistorePatches are the faults of the store that take it down or make it
// answer what was never written.
var unistorePatches = []patch{{
	// The committed entries that are applied are often the memory of those that
	// were not yet sent to slower peers: emptied, they went out with index and term
	// zero. The peer then acknowledged an entry that it had not, or died of it
	// ("tocommit(8) is out of range [lastIndex(7)]"). Likeliest at a start, where
	// one voter commits alone while PD adds the others.
	why:  "the applier empties raft entries that are still to be sent",
	file: "tikv/raftstore/applier.go",
	old:  "\tfor i := range apply.entries {\n\t\tapply.entries[i] = eraftpb.Entry{}\n\t}\n",
}, {
	// An iterator keeps the timestamp that its transaction has when it is made. The
	// reverse one was made before the request's timestamp was set, so it read the
	// newest versions: too new ones, and none of keys that were deleted since.
	why:  "reverse scans read at no timestamp",
	file: "tikv/dbreader/db_reader.go",
	old:  "\titer := r.getReverseIter()\n\tr.txn.SetReadTS(startTS)\n",
	with: "\tr.txn.SetReadTS(startTS)\n\titer := r.getReverseIter()\n",
}, {
	// A store that stands still takes no more raft messages once two megabytes of them
	// wait for it: a few seconds of heartbeats, where there are some hundred regions. The
	// others' raft workers then waited for it as well, and served no region to anyone
	// until it was back. Raft may lose messages: TiKV drops those of a full queue.
	why:  "raft workers wait for a store that does not read",
	file: "tikv/raftstore/raft_client.go",
	old:  "\tcase <-c.ctx.Done():\n\t\treturn c.ctx.Err()\n\t}\n",
	with: "\tcase <-c.ctx.Done():\n\t\treturn c.ctx.Err()\n\tdefault:\n\t\treturn errors.New(\"the queue of raft messages is full\")\n\t}\n",
}, {
	// Locks are kept in memory, written to a file every 10 to 15 s, and after a kill
	// brought up to date from the raft log, of whose files three were kept: who was killed
	// after 192 MiB within that time did not start again ("Unable to find log file").
	why:  "files of the raft log are deleted that a start reads",
	file: "server/server.go",
	old:  "\topts.ValueLogMaxNumFiles = 3\n",
	with: "\topts.ValueLogMaxNumFiles = 3\n\tif subPath == subPathRaft {\n\t\topts.ValueLogMaxNumFiles = 64\n\t}\n",
}}

// patchedModFile writes a go.mod file for program p, whose module is in dir,
// that replaces the patched module by a corrected copy below work.
func (p program) patchedModFile(ctx context.Context, dir, work string) (string, error) {
	source, err := moduleSource(ctx, dir, p.patched)
	if err != nil {
		return "", err
	}
	copied := filepath.Join(work, "module")
	if err := os.CopyFS(copied, os.DirFS(source)); err != nil {
		return "", err
	}
	for _, c := range p.patches {
		if err := c.apply(copied); err != nil {
			return "", err
		}
	}
	if err := ensureModFile(copied, p.patched); err != nil {
		return "", err
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", err
	}
	sum, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil {
		return "", err
	}
	mod = fmt.Appendf(mod, "\nreplace %s => %s\n", p.patched, copied)
	path := filepath.Join(work, "go.mod")
	if err := os.WriteFile(path, mod, 0o644); err != nil {
		return "", err
	}
	return path, os.WriteFile(filepath.Join(work, "go.sum"), sum, 0o644)
}

// moduleSource is where the sources of a dependency of the module in dir are,
// downloaded and checked by its go.sum.
func moduleSource(ctx context.Context, dir, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("download %s: %w\n%s", module, err, bytes.TrimSpace(out))
	}
	var info struct{ Dir string }
	if err := json.Unmarshal(out, &info); err != nil {
		return "", err
	}
	return info.Dir, nil
}

// apply corrects the one place it was written for, or fails.
func (c patch) apply(dir string) error {
	path := filepath.Join(dir, filepath.FromSlash(c.file))
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(data), c.old); n != 1 {
		return fmt.Errorf("patch %s (%s): %d places, want one", c.file, c.why, n)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(data), c.old, c.with, 1)), 0o644)
}

// ensureModFile gives a module that is older than modules the go.mod file that
// a replacement must have.
func ensureModFile(dir, module string) error {
	f, err := os.OpenFile(filepath.Join(dir, "go.mod"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if os.IsExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := io.WriteString(f, "module "+module+"\n\ngo 1.16\n"); err != nil {
		return err
	}
	return f.Close()
}
