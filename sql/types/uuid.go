package types

// appendUUID appends the usual form of 16 bytes.
func appendUUID(dst []byte, s string) []byte {
	if len(s) != 16 {
		return dst
	}
	dst = append(appendHex(dst, s[:4]), '-')
	dst = append(appendHex(dst, s[4:6]), '-')
	dst = append(appendHex(dst, s[6:8]), '-')
	dst = append(appendHex(dst, s[8:10]), '-')
	return appendHex(dst, s[10:])
}

// parseUUID reads 32 hexadecimal digits with hyphens after any group of four
// and braces around if wanted.
func parseUUID(s string) (Datum, error) {
	var b [16]byte
	t := s
	braces := t != "" && t[0] == '{'
	if braces {
		t = t[1:]
	}
	for i := range b {
		if len(t) < 2 {
			return Datum{}, invalidSyntax(UUID, s)
		}
		hi, ok1 := hexValue(t[0])
		lo, ok2 := hexValue(t[1])
		if !ok1 || !ok2 {
			return Datum{}, invalidSyntax(UUID, s)
		}
		b[i] = hi<<4 | lo
		t = t[2:]
		if i%2 == 1 && i < 15 && t != "" && t[0] == '-' {
			t = t[1:]
		}
	}
	if braces {
		if t == "" || t[0] != '}' {
			return Datum{}, invalidSyntax(UUID, s)
		}
		t = t[1:]
	}
	if t != "" {
		return Datum{}, invalidSyntax(UUID, s)
	}
	return NewBytes(b[:]), nil
}
