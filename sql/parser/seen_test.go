package parser

import (
	"fmt"
	"testing"
)

func TestSeen(t *testing.T) {
	s := NewSeen()
	if s.Again("") || s.Again("SELECT 1") || !s.Again("SELECT 1") || !s.Again("") {
		t.Error("a text is new once")
	}
	for i := range 100_000 {
		s.Again(fmt.Sprint("SELECT ", i))
	}
	if s.Again("SELECT 1.5") {
		t.Error("taken for seen")
	}
	if n := testing.AllocsPerRun(100, func() { s.Again("SELECT 2") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
