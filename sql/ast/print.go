package ast

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Sexpr prints a tree as one s-expression: node names, then the fields that
// are not zero, positions as @offset. It is for tests and for looking at trees.
func Sexpr(node any) string {
	var b strings.Builder
	printValue(&b, reflect.ValueOf(node))
	return b.String()
}

func printValue(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid:
		b.WriteString("nil")
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		printValue(b, v.Elem())
	case reflect.Struct:
		printStruct(b, v)
	case reflect.Slice:
		printSlice(b, v)
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	case reflect.Uint8:
		if v.Uint() > 32 {
			fmt.Fprintf(b, "%q", rune(v.Uint()))
			return
		}
		fmt.Fprint(b, v.Uint())
	default:
		fmt.Fprint(b, v.Interface())
	}
}

func printStruct(b *strings.Builder, v reflect.Value) {
	if c, ok := v.Interface().(Const); ok {
		printConst(b, &c)
		return
	}
	t := v.Type()
	b.WriteString("(" + t.Name())
	for i := range t.NumField() {
		f := v.Field(i)
		if f.IsZero() {
			continue
		}
		if p, ok := f.Interface().(Pos); ok {
			fmt.Fprintf(b, "@%d", p.Loc())
			continue
		}
		b.WriteString(" " + t.Field(i).Name)
		if f.Kind() != reflect.Bool {
			b.WriteByte('=')
			printValue(b, f)
		}
	}
	b.WriteByte(')')
}

func printConst(b *strings.Builder, c *Const) {
	switch c.Kind {
	case ConstNull:
		b.WriteString("NULL")
	case ConstString, ConstBitString:
		fmt.Fprintf(b, "%q", c.Text)
	default:
		b.WriteString(c.Text)
	}
	if c.Kind == ConstFloat {
		b.WriteByte('f')
	}
	if c.Loc() >= 0 {
		fmt.Fprintf(b, "@%d", c.Loc())
	}
	if c.TokenLen > 0 {
		fmt.Fprintf(b, "+%d", c.TokenLen)
	}
}

func printSlice(b *strings.Builder, v reflect.Value) {
	b.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			b.WriteByte(' ')
		}
		printValue(b, v.Index(i))
	}
	b.WriteByte(']')
}
