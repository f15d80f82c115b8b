// Package lint tests the tree itself: its layers, its file names.
package lint

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

const module = "github.com/tidemarkdb/tidemark/"

// row matches a row of ARCHITECTURE.md's table: | `folder` | `a`, `b` | why |.
var (
	row  = regexp.MustCompile("^\\| `([a-z0-9/]+)` \\| ([^|]*) \\|")
	name = regexp.MustCompile("`([a-z0-9/]+)`")
)

// allowed reads the import table of ARCHITECTURE.md: folder -> what it may import.
func allowed(t *testing.T, root string) map[string][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	out := map[string][]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		m := row.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		out[m[1]] = []string{}
		for _, n := range name.FindAllStringSubmatch(m[2], -1) {
			out[m[1]] = append(out[m[1]], n[1])
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

type listedPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func list(t *testing.T, root string) []listedPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []listedPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listedPackage
		if err := dec.Decode(&p); err == io.EOF {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// layer finds the longest folder of the table that holds the package.
func layer(table map[string][]string, pkg string) string {
	best := ""
	for folder := range table {
		if (pkg == folder || strings.HasPrefix(pkg, folder+"/")) && len(folder) > len(best) {
			best = folder
		}
	}
	return best
}

// TestLayers checks every import between our packages against the table in
// ARCHITECTURE.md. Packages of one folder may import each other.
func TestLayers(t *testing.T) {
	root := "../.."
	table := allowed(t, root)
	if len(table) < 10 {
		t.Fatalf("ARCHITECTURE.md's import table has %d rows only", len(table))
	}
	for _, p := range list(t, root) {
		pkg, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			continue
		}
		from := layer(table, pkg)
		if from == "" {
			t.Errorf("%s is in no folder of ARCHITECTURE.md's table", pkg)
			continue
		}
		for _, imp := range p.Imports {
			dep, ours := strings.CutPrefix(imp, module)
			if !ours {
				continue
			}
			to := layer(table, dep)
			if to != from && !covers(table[from], dep) {
				may := append([]string(nil), table[from]...)
				sort.Strings(may)
				t.Errorf("%s imports %s; folder %s may import %s only", pkg, dep, from, strings.Join(may, ", "))
			}
		}
	}
}

func covers(folders []string, pkg string) bool {
	for _, f := range folders {
		if pkg == f || strings.HasPrefix(pkg, f+"/") {
			return true
		}
	}
	return false
}
