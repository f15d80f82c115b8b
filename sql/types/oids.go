package types

// OIDs of the built-in types (pg_type.dat). Array types are in arrayOf (info.go).
const (
	Bool          OID = 16
	Bytea         OID = 17
	Char          OID = 18 // "char", one byte
	Name          OID = 19
	Int8          OID = 20
	Int2          OID = 21
	Int2Vector    OID = 22
	Int4          OID = 23
	Regproc       OID = 24
	Text          OID = 25
	Oid           OID = 26
	Tid           OID = 27
	Xid           OID = 28
	Cid           OID = 29
	OidVector     OID = 30
	JSON          OID = 114
	XML           OID = 142
	PgNodeTree    OID = 194
	Float4        OID = 700
	Float8        OID = 701
	Unknown       OID = 705
	Money         OID = 790
	Macaddr       OID = 829
	Cidr          OID = 650
	Inet          OID = 869
	ACLItem       OID = 1033
	Bpchar        OID = 1042
	Varchar       OID = 1043
	Date          OID = 1082
	Time          OID = 1083
	Timestamp     OID = 1114
	Timestamptz   OID = 1184
	Interval      OID = 1186
	Timetz        OID = 1266
	Bit           OID = 1560
	Varbit        OID = 1562
	Numeric       OID = 1700
	Refcursor     OID = 1790
	Regprocedure  OID = 2202
	Regoper       OID = 2203
	Regoperator   OID = 2204
	Regclass      OID = 2205
	Regtype       OID = 2206
	Regrole       OID = 4096
	Regnamespace  OID = 4089
	Regcollation  OID = 4191
	Regconfig     OID = 3734
	Regdictionary OID = 3769
	UUID          OID = 2950
	PgLsn         OID = 3220
	JSONB         OID = 3802
	JSONPath      OID = 4072
	Xid8          OID = 5069

	// Pseudo-types.
	Record                OID = 2249
	RecordArray           OID = 2287
	Cstring               OID = 2275
	Any                   OID = 2276
	AnyArray              OID = 2277
	Void                  OID = 2278
	Trigger               OID = 2279
	Internal              OID = 2281
	AnyElement            OID = 2283
	AnyNonArray           OID = 2776
	AnyEnum               OID = 3500
	AnyRange              OID = 3831
	AnyMultirange         OID = 4537
	AnyCompatible         OID = 5077
	AnyCompatibleArray    OID = 5078
	AnyCompatibleNonArray OID = 5079

	// Array types that code names.
	BoolArray        OID = 1000
	ByteaArray       OID = 1001
	CharArray        OID = 1002
	NameArray        OID = 1003
	Int2Array        OID = 1005
	Int4Array        OID = 1007
	TextArray        OID = 1009
	BpcharArray      OID = 1014
	VarcharArray     OID = 1015
	Int8Array        OID = 1016
	Float4Array      OID = 1021
	Float8Array      OID = 1022
	OidArray         OID = 1028
	ACLItemArray     OID = 1034
	TimestampArray   OID = 1115
	DateArray        OID = 1182
	TimeArray        OID = 1183
	TimestamptzArray OID = 1185
	IntervalArray    OID = 1187
	NumericArray     OID = 1231
	CstringArray     OID = 1263
	UUIDArray        OID = 2951
	JSONArray        OID = 199
	JSONBArray       OID = 3807
	RegtypeArray     OID = 2211
	RegclassArray    OID = 2210
	RegprocArray     OID = 1008
)

// FirstUserOID is the first object identifier given to user objects.
const FirstUserOID = 16384
