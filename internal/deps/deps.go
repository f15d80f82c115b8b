// Package deps keeps in go.mod the versions of two modules that are decided
// but not used yet: client-go for the TiKV driver of kv, TiDB's parser for the
// MySQL dialect and for optimizer hints. Nothing imports this package, so that
// they are in no binary; it goes away with the code that uses them.
package deps

import (
	_ "github.com/pingcap/tidb/pkg/parser"
	_ "github.com/tikv/client-go/v2/txnkv"
)
