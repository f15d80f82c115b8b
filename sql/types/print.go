package types

// AppendText appends the text form of a value, as the type's output function
// prints it under the session's settings. d must not be NULL.
func AppendText(dst []byte, t Type, d Datum, io *IO) []byte {
	switch t.OID {
	case Int4, Int8, Int2, Oid, Xid, Cid:
		return appendInt(dst, d.I)
	case Bool:
		if d.I != 0 {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case Text, Varchar, Bpchar, Name, Char, Unknown, JSON, JSONB:
		return append(dst, d.S...)
	case Timestamp:
		return AppendTimestamp(dst, d.I, io)
	case Timestamptz:
		return AppendTimestamptz(dst, d.I, io)
	case Date:
		return AppendDate(dst, d.I, io)
	case Time:
		return AppendTime(dst, d.I)
	case Interval:
		return DecodeInterval(d.S).AppendText(dst, io.orDefault().IntervalStyle)
	case Timetz:
		v, off := d.Timetz()
		return appendZoneOffset(AppendTime(dst, v), off)
	case Numeric:
		return DecodeNumeric(d.S).AppendText(dst)
	}
	return appendOther(dst, t, d, io.orDefault())
}

// appendOther prints the types that need the settings or more work.
func appendOther(dst []byte, t Type, d Datum, io *IO) []byte {
	switch t.OID {
	case Float8:
		return appendFloat(dst, d.Float64(), 64, io.ExtraFloatDigits)
	case Float4:
		return appendFloat(dst, float64(d.Float32()), 32, io.ExtraFloatDigits)
	case Bytea:
		return appendBytea(dst, d.S, io.ByteaOutput)
	case UUID:
		return appendUUID(dst, d.S)
	case Inet, Cidr:
		return appendInet(dst, t, d)
	case Macaddr, Macaddr8:
		return appendMacaddr(dst, d.S)
	case Bit, Varbit:
		return appendBits(dst, d)
	case Money:
		return appendMoney(dst, d.I)
	case Tid:
		return appendTid(dst, d)
	case PgLsn:
		return appendLsn(dst, uint64(d.I))
	case Xid8:
		return appendUint(dst, uint64(d.I))
	case Int2Vector, OidVector:
		return appendVector(dst, d)
	case Record:
		return appendRecord(dst, d, io)
	case Int4Range, NumRange, TsRange, TstzRange, DateRange, Int8Range:
		r := DecodeRange(d.S)
		return appendRange(dst, &r, io)
	case Int4Multirange, NumMultirange, TsMultirange, TstzMultirange, DateMultirange, Int8Multirange:
		m := DecodeMultirange(d.S)
		return appendMultirange(dst, &m, io)
	}
	switch d.P {
	case PhysUint32:
		return appendReg(dst, t, d, io)
	case PhysBinary:
		if info := Lookup(t.OID); info != nil && info.Elem != 0 || t.OID == AnyArray {
			return appendArray(dst, d, io)
		}
		if info := io.userInfo(t.OID); info != nil {
			switch {
			case info.Elem != 0:
				return appendArray(dst, d, io)
			case info.Type == 'c':
				return appendRecord(dst, d, io)
			}
		}
	case PhysInt32:
		if info := io.userInfo(t.OID); info != nil && info.Type == 'e' {
			return appendLabel(dst, info, d)
		}
	}
	if d.P == PhysString || d.P == PhysBinary {
		return append(dst, d.S...)
	}
	return appendInt(dst, d.I)
}

// TextOf returns the text form of a value as a string, "" for NULL.
func TextOf(t Type, d Datum, io *IO) string {
	if d.IsNull() {
		return ""
	}
	if d.P == PhysString {
		return d.S
	}
	return string(AppendText(nil, t, d, io))
}
