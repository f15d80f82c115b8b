package functions

import (
	"sync"

	"github.com/tidemarkdb/tidemark/sql/types"
)

//go:generate sh -c "go run ../../internal/gen/pgcatalog \"$ORACLE_URL\" > pgcatalog_gen.go"

type oids = []types.OID

// pgProc is a row of PostgreSQL's pg_proc.
type pgProc struct {
	oid        types.OID
	name       string
	src        string // the C function, "" if it is called like the function
	kind       byte   // f function, a aggregate, w window, p procedure
	args       oids
	returns    types.OID
	variadic   types.OID // element type of a variadic last argument
	defaults   int
	strict     bool
	setof      bool
	volatility Volatility
}

// pgOperator is a row of pg_operator.
type pgOperator struct {
	oid                       types.OID
	name                      string
	left, right, result, code types.OID
	commutator, negator       string
}

// pgCast is a row of pg_cast.
type pgCast struct {
	from, to types.OID
	context  CastContext
	method   byte // f function, b binary coercible, i text I/O
	fn       types.OID
}

func (p *pgProc) source() string {
	if p.src != "" {
		return p.src
	}
	return p.name
}

// procIndex finds rows of pgProcs.
type procIndex struct {
	byName   map[string][]*pgProc
	bySource map[string][]*pgProc
	byOID    map[types.OID]*pgProc
	// internal are the functions that stand behind an operator or a cast.
	internal map[types.OID]bool
}

var procs = sync.OnceValue(func() *procIndex {
	x := &procIndex{
		byName:   make(map[string][]*pgProc, len(pgProcs)),
		bySource: make(map[string][]*pgProc, len(pgProcs)),
		byOID:    make(map[types.OID]*pgProc, len(pgProcs)),
		internal: make(map[types.OID]bool, len(pgOperators)+len(pgCasts)),
	}
	for i := range pgProcs {
		p := &pgProcs[i]
		x.byName[p.name] = append(x.byName[p.name], p)
		x.bySource[p.source()] = append(x.bySource[p.source()], p)
		x.byOID[p.oid] = p
	}
	for i := range pgOperators {
		x.internal[pgOperators[i].code] = true
	}
	for i := range pgCasts {
		x.internal[pgCasts[i].fn] = true
	}
	return x
})

// find returns PostgreSQL's function of this name and these arguments, nil if it has none.
func (x *procIndex) find(name string, args []types.Type) *pgProc {
next:
	for _, p := range x.byName[name] {
		if len(p.args) != len(args) {
			continue
		}
		for i, a := range args {
			if p.args[i] != a.OID {
				continue next
			}
		}
		return p
	}
	return nil
}

func typesOf(list oids) []types.Type {
	out := make([]types.Type, len(list))
	for i, o := range list {
		out[i] = types.Of(o)
	}
	return out
}
