package types

// OIDs of built-in types that are less often named in code.
const (
	Point           OID = 600
	Lseg            OID = 601
	Path            OID = 602
	Box             OID = 603
	Polygon         OID = 604
	Line            OID = 628
	Circle          OID = 718
	Macaddr8        OID = 774
	TxidSnapshot    OID = 2970
	TSVector        OID = 3614
	TSQuery         OID = 3615
	Int4Range       OID = 3904
	NumRange        OID = 3906
	TsRange         OID = 3908
	TstzRange       OID = 3910
	DateRange       OID = 3912
	Int8Range       OID = 3926
	Int4Multirange  OID = 4451
	NumMultirange   OID = 4532
	TsMultirange    OID = 4533
	TstzMultirange  OID = 4534
	DateMultirange  OID = 4535
	Int8Multirange  OID = 4536
	PgSnapshot      OID = 5038
	TimetzArray     OID = 1270
	BitArray        OID = 1561
	VarbitArray     OID = 1563
	InetArray       OID = 1041
	CidrArray       OID = 651
	MoneyArray      OID = 791
	Int2VectorArray OID = 1006
	OidVectorArray  OID = 1013
)
