package types

// ApplyMod applies a type's modifier to a value of that type, as its length
// coercion function does. An explicit cast cuts what is too long; an
// assignment fails (22001) unless only blanks are lost.
func ApplyMod(t Type, d Datum, explicit bool) (Datum, error) {
	if d.P == PhysNull || t.Mod < 0 {
		return d, nil
	}
	var err error
	switch t.OID {
	case Varchar:
		d.S, err = coerceVarchar(d.S, t.Mod, explicit)
	case Bpchar:
		d.S, err = coerceBpchar(d.S, t.Mod, explicit)
	case Timestamp, Timestamptz:
		d.I = roundTimestamp(d.I, t.Mod)
	case Time:
		d.I = RoundMicros(d.I, t.Mod)
	case Interval:
		v, _ := DecodeInterval(d.S).ApplyMod(t.Mod)
		d = v.Datum()
	case Timetz:
		v, off := d.Timetz()
		d = NewTimetz(RoundMicros(v, t.Mod), off)
	case Numeric:
		v := DecodeNumeric(d.S)
		if v.kind == decimalSmall && v.fitsMod(t.Mod) {
			return d, nil
		}
		if v, err = v.ApplyMod(t.Mod); err == nil {
			return v.Datum(), nil
		}
	case Bit, Varbit:
		return coerceBits(t, d, explicit)
	default:
		if t.IsArray() {
			elem := t.Elem()
			return DecodeArray(d.S).mapElements(func(e Datum) (Datum, error) { return ApplyMod(elem, e, explicit) })
		}
	}
	if err != nil {
		return Datum{}, err
	}
	return d, nil
}
