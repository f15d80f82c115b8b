package functions

import (
	"crypto/md5" //nolint:gosec // SQL's md5()
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
)

func md5Hex[T ~string | ~[]byte](s T) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // md5() is MD5
	return hex.EncodeToString(sum[:])
}

var (
	_ = define("md5(text)", "The MD5 hash in hexadecimal.", fn1(md5Hex[string]), ex("md5('abc')", "900150983cd24fb0d6963f7d28e17f72"))
	_ = define("md5(bytea)", "The MD5 hash in hexadecimal.", fn1(md5Hex[[]byte]), ex(`md5('\x616263'::bytea)`, "900150983cd24fb0d6963f7d28e17f72"))
	_ = define("sha224(bytea)", "The SHA-224 hash.", fn1(func(b []byte) []byte { h := sha256.Sum224(b); return h[:] }),
		ex("sha224('a')", `\xabd37534c7d9a2efb9465de931cd7055ffdb8879563ae98078d6d6d5`))
	_ = define("sha256(bytea)", "The SHA-256 hash.", fn1(func(b []byte) []byte { h := sha256.Sum256(b); return h[:] }),
		ex("sha256('abc')", `\xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad`))
	_ = define("sha384(bytea)", "The SHA-384 hash.", fn1(func(b []byte) []byte { h := sha512.Sum384(b); return h[:] }),
		ex("sha384('a')", `\x54a59b9f22b0b80880d8427e548b7c23abd873486e1f035dce9cd697e85175033caa88e6d57bc35efae0b5afd3145f31`))
	_ = define("sha512(bytea)", "The SHA-512 hash.", fn1(func(b []byte) []byte { h := sha512.Sum512(b); return h[:] }),
		ex("sha512('a')", `\x1f40fc92da241694750979ee6cf582f2d5d7d28e18335de05abc54d0560e0f5302860c652bf08d560252aa5e74210546f369fbbbce8c12cfc7957b2652fe9a75`))
	_ = define("gen_random_uuid()", "A random (version 4) UUID.",
		fn0(func(*Context) ([]byte, error) {
			b := make([]byte, 16)
			if _, err := rand.Read(b); err != nil {
				return nil, err
			}
			b[6] = b[6]&0x0f | 0x40
			b[8] = b[8]&0x3f | 0x80
			return b, nil
		}), ex("gen_random_uuid() IS NOT NULL", "t"))
)
