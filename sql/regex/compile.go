// Package regex compiles PostgreSQL's advanced regular expressions by
// translating them into RE2's syntax. It imports nothing of Tidemark's but pgerror.
package regex

import (
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
)

// maxCompiled bounds the cache of compiled expressions.
const maxCompiled = 256

var compiled struct {
	sync.RWMutex
	m map[string]*regexp.Regexp
}

var compilations atomic.Int64

// Compilations is how many expressions were compiled.
func Compilations() int64 { return compilations.Load() }

// Compile compiles PostgreSQL's regular expression with its flags (of
// regexp_match and the like: i, n, s, x, q; g is the caller's). Compiled
// expressions are cached.
func Compile(pattern, flags string) (*regexp.Regexp, error) {
	key := flags + "\x00" + pattern
	compiled.RLock()
	re := compiled.m[key]
	compiled.RUnlock()
	if re != nil {
		return re, nil
	}
	compilations.Add(1)
	re, err := translate(pattern, flags)
	if err != nil {
		return nil, err
	}
	compiled.Lock()
	defer compiled.Unlock()
	if len(compiled.m) >= maxCompiled || compiled.m == nil {
		compiled.m = make(map[string]*regexp.Regexp, maxCompiled)
	}
	compiled.m[strings.Clone(key)] = re
	return re, nil
}
