package functions

import (
	"math/bits"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

func indexError(i, max int64) error {
	return pgerror.New(pgerror.ArraySubscriptError, "index %d out of valid range, 0..%d", i, max)
}

func setByte(b []byte, i, v int32) ([]byte, error) {
	if i < 0 || int(i) >= len(b) {
		return nil, indexError(int64(i), int64(len(b))-1)
	}
	out := append([]byte(nil), b...)
	out[i] = byte(v)
	return out, nil
}

func getBit(b []byte, i int64) (int32, error) {
	if i < 0 || i >= int64(len(b))*8 {
		return 0, indexError(i, int64(len(b))*8-1)
	}
	return int32(b[i/8] >> (i % 8) & 1), nil
}

func setBit(b []byte, i int64, v int32) ([]byte, error) {
	if i < 0 || i >= int64(len(b))*8 {
		return nil, indexError(i, int64(len(b))*8-1)
	}
	if v != 0 && v != 1 {
		return nil, pgerror.New(pgerror.InvalidParameterValue, "new bit must be 0 or 1")
	}
	out := append([]byte(nil), b...)
	out[i/8] = out[i/8]&^(1<<(i%8)) | byte(v)<<(i%8)
	return out, nil
}

func countBits(b []byte) (n int64) {
	for _, c := range b {
		n += int64(bits.OnesCount8(c))
	}
	return n
}

var (
	_ = define("get_byte(bytea,int4)", "The n-th byte, from 0.", fn2E(func(b []byte, i int32) (int32, error) {
		if i < 0 || int(i) >= len(b) {
			return 0, indexError(int64(i), int64(len(b))-1)
		}
		return int32(b[i]), nil
	}), ex(`get_byte('\x1234567890'::bytea, 4)`, "144"))
	_ = define("set_byte(bytea,int4,int4)", "Changes the n-th byte, from 0.", fn3E(setByte), ex(`set_byte('\x1234567890'::bytea, 4, 64)`, `\x1234567840`))
	_ = define("get_bit(bytea,int8)", "The n-th bit, from 0, the lowest of each byte first.", fn2E(getBit), ex(`get_bit('\x1234567890'::bytea, 30)`, "1"))
	_ = define("set_bit(bytea,int8,int4)", "Changes the n-th bit, from 0.", fn3E(setBit), ex(`set_bit('\x1234567890'::bytea, 30, 0)`, `\x1234563890`))
	_ = define("bit_count(bytea)", "How many bits are set.", fn1(countBits), ex(`bit_count('\x1234567890'::bytea)`, "15"))
)

// charsets are the encodings besides UTF8 that texts can be converted to.
var charsets = map[string]encoding.Encoding{
	"LATIN1": charmap.ISO8859_1, "LATIN2": charmap.ISO8859_2, "LATIN3": charmap.ISO8859_3, "LATIN4": charmap.ISO8859_4,
	"LATIN5": charmap.ISO8859_9, "LATIN6": charmap.ISO8859_10, "LATIN7": charmap.ISO8859_13, "LATIN8": charmap.ISO8859_14,
	"LATIN9": charmap.ISO8859_15, "LATIN10": charmap.ISO8859_16, "ISO_8859_5": charmap.ISO8859_5, "ISO_8859_6": charmap.ISO8859_6,
	"ISO_8859_7": charmap.ISO8859_7, "ISO_8859_8": charmap.ISO8859_8, "KOI8R": charmap.KOI8R, "KOI8U": charmap.KOI8U,
	"WIN866": charmap.CodePage866, "WIN874": charmap.Windows874, "WIN1250": charmap.Windows1250, "WIN1251": charmap.Windows1251,
	"WIN1252": charmap.Windows1252, "WIN1253": charmap.Windows1253, "WIN1254": charmap.Windows1254, "WIN1255": charmap.Windows1255,
	"WIN1256": charmap.Windows1256, "WIN1257": charmap.Windows1257, "WIN1258": charmap.Windows1258,
}

// charset finds an encoding by name; nil is UTF8 or SQL_ASCII.
func charset(name, role string) (encoding.Encoding, string, error) {
	n := findEncoding(name)
	if n < 0 {
		return nil, "", pgerror.New(pgerror.InvalidParameterValue, "invalid %s encoding name \"%s\"", role, name)
	}
	canonical := encodingNames[n]
	if canonical == "UTF8" || canonical == "SQL_ASCII" {
		return nil, canonical, nil
	}
	e, ok := charsets[canonical]
	if !ok {
		return nil, "", pgerror.Unsupported("encoding %s", canonical)
	}
	return e, canonical, nil
}

func convertFrom(b []byte, name string) (string, error) {
	e, _, err := charset(name, "source")
	if err != nil {
		return "", err
	}
	if e == nil {
		return string(b), types.CheckUTF8(string(b))
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return "", err
	}
	return string(out), types.CheckUTF8(string(out))
}

func convertTo(s, name string) ([]byte, error) {
	e, canonical, err := charset(name, "destination")
	if err != nil || e == nil {
		return []byte(s), err
	}
	enc := e.NewEncoder()
	out := make([]byte, 0, len(s))
	for i, r := range s {
		b, err := enc.Bytes([]byte(string(r)))
		if err != nil {
			hex := make([]string, utf8.RuneLen(r))
			for k := range hex {
				hex[k] = "0x" + encodeHexByte(s[i+k])
			}
			return nil, pgerror.New(pgerror.UntranslatableCharacter,
				"character with byte sequence %s in encoding \"UTF8\" has no equivalent in encoding \"%s\"", strings.Join(hex, " "), canonical)
		}
		out = append(out, b...)
	}
	return out, nil
}

func encodeHexByte(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

var normForms = map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}

func normForm(name string) (norm.Form, error) {
	f, ok := normForms[strings.ToUpper(name)]
	if !ok {
		return 0, pgerror.New(pgerror.InvalidParameterValue, "invalid normalization form: %s", name)
	}
	return f, nil
}

// formArgument reads the optional second argument.
func formArgument(args []types.Datum) (norm.Form, error) {
	if len(args) < 2 {
		return norm.NFC, nil
	}
	return normForm(args[1].S)
}

var (
	_ = define("convert_from(bytea,name)", "Reads text from bytes in an encoding.", fn2E(convertFrom), ex(`convert_from('\xe6'::bytea, 'LATIN1')`, "æ"))
	_ = define("convert_to(text,name)", "Writes text as bytes in an encoding.", fn2E(convertTo), ex("convert_to('æ', 'LATIN1')", `\xe6`))
	_ = define("convert(bytea,name,name)", "Converts bytes from an encoding to another.",
		fn3E(func(b []byte, from, to string) ([]byte, error) {
			s, err := convertFrom(b, from)
			if err != nil {
				return nil, err
			}
			return convertTo(s, to)
		}), ex(`convert('\xc3a6'::bytea, 'UTF8', 'LATIN1')`, `\xe6`))
	_ = define("length(bytea,name)", "The number of characters of bytes in an encoding.",
		fn2E(func(b []byte, name string) (int32, error) {
			s, err := convertFrom(b, name)
			return int32(utf8.RuneCountInString(s)), err
		}), ex("length('jose', 'UTF8')", "4"))
	_ = define("normalize(text,text)", "Brings text to a Unicode normalization form.",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			f, err := formArgument(args)
			if err != nil {
				return types.Null, err
			}
			return types.NewString(f.String(args[0].S)), nil
		}), ex("normalize('a' || chr(776), NFC)", "ä"))
	_ = define("is_normalized(text,text)", "Says whether text is in a Unicode normalization form.",
		evalRow(func(_ *Context, args []types.Datum) (types.Datum, error) {
			f, err := formArgument(args)
			if err != nil {
				return types.Null, err
			}
			return types.NewBool(f.IsNormalString(args[0].S)), nil
		}), ex("is_normalized('ä')", "t"))
)
