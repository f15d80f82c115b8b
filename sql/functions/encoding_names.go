package functions

import (
	"strings"

	"github.com/tidemarkdb/tidemark/sql/types"
)

// encodingNames are PostgreSQL's encodings by number.
var encodingNames = [...]string{
	"SQL_ASCII", "EUC_JP", "EUC_CN", "EUC_KR", "EUC_TW", "EUC_JIS_2004", "UTF8", "MULE_INTERNAL", "LATIN1", "LATIN2", "LATIN3",
	"LATIN4", "LATIN5", "LATIN6", "LATIN7", "LATIN8", "LATIN9", "LATIN10", "WIN1256", "WIN1258", "WIN866", "WIN874", "KOI8R",
	"WIN1251", "WIN1252", "ISO_8859_5", "ISO_8859_6", "ISO_8859_7", "ISO_8859_8", "WIN1250", "WIN1253", "WIN1254", "WIN1255",
	"WIN1257", "KOI8U", "SJIS", "BIG5", "GBK", "UHC", "GB18030", "JOHAB", "SHIFT_JIS_2004",
}

var encodingAliases = map[string]string{
	"unicode": "UTF8", "iso88591": "LATIN1", "iso88592": "LATIN2", "iso88593": "LATIN3", "iso88594": "LATIN4", "iso88599": "LATIN5",
	"iso885910": "LATIN6", "iso885913": "LATIN7", "iso885914": "LATIN8", "iso885915": "LATIN9", "iso885916": "LATIN10",
	"koi8": "KOI8R", "alt": "WIN866", "win": "WIN1251", "windows1250": "WIN1250", "windows1251": "WIN1251", "windows1252": "WIN1252",
	"windows1253": "WIN1253", "windows1254": "WIN1254", "windows1255": "WIN1255", "windows1256": "WIN1256", "windows1257": "WIN1257",
	"windows1258": "WIN1258", "windows866": "WIN866", "windows874": "WIN874", "abc": "WIN1258", "tcvn": "WIN1258", "tcvn5712": "WIN1258",
	"vscii": "WIN1258", "mskanji": "SJIS", "shiftjis": "SJIS", "windows932": "SJIS", "win932": "SJIS", "windows936": "GBK", "win936": "GBK",
	"windows949": "UHC", "win949": "UHC", "windows950": "BIG5", "win950": "BIG5",
}

// findEncoding reads an encoding's name as clients write it; -1 if unknown.
func findEncoding(name string) int {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
	if a, ok := encodingAliases[clean]; ok {
		clean = a
	}
	for i, n := range encodingNames {
		if strings.EqualFold(strings.ReplaceAll(n, "_", ""), strings.ReplaceAll(clean, "_", "")) {
			return i
		}
	}
	return -1
}

var (
	_ = define("pg_encoding_to_char(int4)", "Names an encoding.", fn1(func(n int32) string {
		if n < 0 || int(n) >= len(encodingNames) {
			return ""
		}
		return encodingNames[n]
	}), ex("pg_encoding_to_char(6)", "UTF8"))
	_ = define("pg_char_to_encoding(name)", "Gives the number of an encoding, -1 for an unknown one.",
		fn1(func(s string) int32 { return int32(findEncoding(s)) }), ex("pg_char_to_encoding('utf-8')", "6"))
	_ = define("getdatabaseencoding()", "The encoding of the database.", always(types.NewString("UTF8")), ex("getdatabaseencoding()", "UTF8"))
	_ = define("pg_client_encoding()", "The encoding of the client.", evalRow(func(c *Context, _ []types.Datum) (types.Datum, error) {
		if s, ok := c.Session.(SettingsSession); ok {
			if v, ok := s.Setting("client_encoding"); ok {
				return types.NewString(v), nil
			}
		}
		return types.NewString("UTF8"), nil
	}), ex("pg_client_encoding()", "UTF8"))
)
