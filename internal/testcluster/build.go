package testcluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Binaries are the two programs of a cluster.
type Binaries struct{ PD, Store string }

// program is one of them: a module of its own, because PD, the store and the
// client each need another version of the same protocol package.
type program struct {
	module string // below this package
	output string
	env    []string
	args   []string
	inputs []string // what a change of asks for a new build
	// patched names a module that it is built from with patches.
	patched string
	patches []patch
}

var (
	pdProgram = program{
		module: "pd", output: "pd-server", env: []string{"CGO_ENABLED=0"},
		args:   []string{"-tags", "without_dashboard", "github.com/tikv/pd/cmd/pd-server"},
		inputs: []string{"go.mod", "go.sum"},
	}
	storeProgram = program{
		module: "store", output: "stored",
		args:    []string{"-ldflags=-checklinkname=0", "./cmd/stored"},
		inputs:  []string{"go.mod", "go.sum", "cmd/stored/main.go", "cmd/stored/corrected.go"},
		patched: "github.com/ngaut/unistore", patches: unistorePatches,
	}
)

// Build returns the programs, built if they are not in the user's cache yet
// (about three minutes on two idle cores).
func Build(ctx context.Context) (Binaries, error) {
	root, err := moduleRoot()
	if err != nil {
		return Binaries{}, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return Binaries{}, err
	}
	cache = filepath.Join(cache, "tidemark-testcluster")
	var b Binaries
	if b.PD, err = pdProgram.build(ctx, root, cache); err != nil {
		return b, err
	}
	b.Store, err = storeProgram.build(ctx, root, cache)
	return b, err
}

// build returns the path of the program, whose name has a hash of what it was
// built from, so that an old one is never taken for a new one.
func (p program) build(ctx context.Context, root, cache string) (string, error) {
	dir := filepath.Join(root, "internal", "testcluster", p.module)
	sum := sha256.New()
	for _, name := range p.inputs {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(data), data)
	}
	for _, c := range p.patches {
		fmt.Fprintf(sum, "%s %q %q\n", c.file, c.old, c.with)
	}
	path := filepath.Join(cache, p.output+"-"+hex.EncodeToString(sum.Sum(nil)[:8]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	// Written aside and renamed: two builds at once do not harm each other.
	work, err := os.MkdirTemp(cache, p.output+"-build-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work) //nolint:errcheck // what is left of it is in the way of nobody
	if err := p.compile(ctx, dir, work); err != nil {
		return "", fmt.Errorf("build %s of the test cluster: %w", p.output, err)
	}
	return path, os.Rename(filepath.Join(work, p.output), path)
}

// compile builds the program, whose module is in dir, into work.
func (p program) compile(ctx context.Context, dir, work string) error {
	args := []string{"build", "-trimpath", "-o", filepath.Join(work, p.output)}
	if p.patched != "" {
		mod, err := p.patchedModFile(ctx, dir, work)
		if err != nil {
			return err
		}
		args = append(args, "-modfile="+mod)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, p.args...)...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off"), p.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}

// moduleRoot is the directory of the main module's go.mod, upwards of the
// working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(data, []byte("module github.com/tidemarkdb/tidemark\n")) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("not in Tidemark's source tree: the test cluster is built from it")
		}
		dir = parent
	}
}
