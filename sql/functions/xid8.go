package functions

var (
	_ = behind("xid8toxid", fn1(func(v int64) uint32 { return uint32(v) }))
	_ = define("xid8cmp(xid8,xid8)", "Compares two transaction ids: -1, 0 or 1.",
		fn2(func(a, b int64) int32 { return int32(compareUnsigned(a, b)) }), ex("xid8cmp('1', '2')", "-1"))
)
