package ast

import (
	"fmt"
	"testing"
)

func TestChildren(t *testing.T) {
	arg := &ColumnRef{Names: []string{"a"}}
	n := &Indirection{Arg: arg, Steps: []Step{{Upper: &Const{Int: 1}}, {Field: "f"}}}
	sel := &Select{Targets: []*Target{{Expr: n}}, Values: [][]Expr{{&Const{Int: 2}, nil}}, From: []TableExpr{&RangeVar{Name: "t"}}}
	got := ""
	var walk func(x any)
	walk = func(x any) {
		got += fmt.Sprintf("%T ", x)
		Children(x, walk)
	}
	walk(sel)
	want := "*ast.Select *ast.Target *ast.Indirection *ast.ColumnRef *ast.Const *ast.RangeVar *ast.Const "
	if got != want {
		t.Errorf("visited %s, want %s", got, want)
	}
	Children((*Select)(nil), func(any) { t.Error("a child of nil") })
}
