package clientstmts

import (
	"fmt"
	"hash/fnv"
	"os"
	"sort"
	"strings"
)

const gapsFile = "testdata/gaps.txt"

const gapsHead = `# Statements of real clients that are not answered as PostgreSQL answers them yet:
# client, hash of the statement | its head | what is different.
# TestClients fails on a statement that fails and is not here, and (beside a
# PostgreSQL) on one that is here and works. TIDEMARK_WRITE_GAPS=1 writes it anew.
`

// gapList is what is known not to work.
type gapList struct {
	lines map[string]string // key -> the rest of its line
	used  map[string]bool
	write bool // take every gap on
}

func loadGaps() (*gapList, error) {
	out := &gapList{lines: map[string]string{}, used: map[string]bool{}}
	text, err := os.ReadFile(gapsFile)
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if key, rest, ok := strings.Cut(line, " | "); ok && !strings.HasPrefix(line, "#") {
			out.lines[key] = rest
		}
	}
	return out, nil
}

// gapKey names a statement: by its text, so that it survives another recording.
func gapKey(b *Block) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(b.Prefix(1 << 20)))
	return fmt.Sprintf("%s %08x", b.Client, h.Sum32())
}

// known reports whether a statement that fails is on the list.
func (g *gapList) known(b *Block, why string) bool {
	key := gapKey(b)
	g.used[key] = true
	if g.write {
		why = strings.Join(strings.Fields(why), " ")
		if len(why) > 160 {
			why = strings.ToValidUTF8(why[:160], "")
		}
		g.lines[key] = strings.ToValidUTF8(b.Prefix(70), "") + " | " + strings.ToValidUTF8(why, "")
	}
	_, ok := g.lines[key]
	return ok
}

// closed lists gaps that no statement fell into, and forgets them.
func (g *gapList) closed() []string {
	var out []string
	for key, rest := range g.lines {
		if !g.used[key] {
			out = append(out, key+" | "+rest)
			delete(g.lines, key)
		}
	}
	sort.Strings(out)
	if g.write {
		return nil
	}
	return out
}

func (g *gapList) save() error {
	var lines []string
	for key, rest := range g.lines {
		lines = append(lines, key+" | "+rest+"\n")
	}
	sort.Strings(lines)
	return os.WriteFile(gapsFile, []byte(gapsHead+strings.Join(lines, "")), 0o644)
}
