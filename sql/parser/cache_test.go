package parser

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestCache(t *testing.T) {
	c := NewCache(1 << 20)
	if _, err := c.Parse("select 1"); err != nil || c.Bytes() > 0 {
		t.Fatalf("%v, %d bytes for a text that came once", err, c.Bytes())
	}
	first, err := c.Parse("select 1")
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Parse("select 1")
	if err != nil {
		t.Fatal(err)
	}
	if &first[0] != &second[0] {
		t.Error("the third parse made a tree of its own")
	}
	if _, err := c.Parse("selec 1"); err == nil {
		t.Error("no error")
	}
}

// TestCacheBound fills a cache many times over: it stays within its bound and
// keeps what is used.
func TestCacheBound(t *testing.T) {
	const limit = 1 << 20
	c := NewCache(limit)
	c.seen.Again("select 'hot'")
	hot, err := c.Parse("select 'hot'")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		for range 2 {
			if _, err := c.Parse(fmt.Sprintf("select %d", i)); err != nil {
				t.Fatal(err)
			}
		}
		again, err := c.Parse("select 'hot'")
		if err != nil {
			t.Fatal(err)
		}
		if &again[0] != &hot[0] {
			t.Fatalf("the used entry left after %d others", i)
		}
		if c.Bytes() > limit {
			t.Fatalf("%d bytes", c.Bytes())
		}
	}
	big := "select '" + strings.Repeat("x", limit) + "'"
	if _, err := c.Parse(big); err != nil {
		t.Fatal(err)
	}
	if c.Bytes() > limit {
		t.Errorf("%d bytes with a text that is too large", c.Bytes())
	}
}

func TestCacheConcurrent(t *testing.T) {
	c := NewCache(64 << 10)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				stmts, err := c.Parse(fmt.Sprintf("select %d", (i*7+g)%200))
				if err != nil || len(stmts) != 1 {
					t.Errorf("%v, %d statements", err, len(stmts))
					return
				}
			}
		})
	}
	wg.Wait()
}
