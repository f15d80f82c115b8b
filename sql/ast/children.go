package ast

import "reflect"

// Children calls f for each part of a tree that stands directly below n, in the
// order of the fields that hold them: the pointers to this package's structs
// that n's fields, the elements of its lists and what these have inside lead to.
// It looks at types by reflection, for what is done seldom.
func Children(n any, f func(child any)) {
	v := reflect.ValueOf(n)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return
	}
	fields(v.Elem(), f)
}

func fields(v reflect.Value, f func(any)) {
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			parts(v.Field(i), f)
		}
	}
}

func parts(v reflect.Value, f func(any)) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			parts(v.Elem(), f)
		}
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Kind() == reflect.Struct {
			f(v.Interface())
		}
	case reflect.Slice:
		for i := range v.Len() {
			parts(v.Index(i), f)
		}
	case reflect.Struct:
		fields(v, f)
	}
}
