// Package deps keeps in go.mod the version of a module that is decided but not
// used yet: client-go for the TiKV driver of kv. Nothing imports this package,
// so that it is in no binary; it goes away with the code that uses it.
package deps

import (
	_ "github.com/tikv/client-go/v2/txnkv"
)
