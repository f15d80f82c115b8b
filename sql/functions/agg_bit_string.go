package functions

import "github.com/tidemarkdb/tidemark/sql/types"

func init() {
	aggregate("bit_and", "Computes the bitwise AND of the bit strings that are not NULL.", types.Bit, types.Bit, foldBytes(bitsAnd))
	aggregate("bit_or", "Computes the bitwise OR of the bit strings that are not NULL.", types.Bit, types.Bit, foldBytes(bitsOr))
	aggregate("bit_xor", "Computes the bitwise exclusive OR of the bit strings that are not NULL.", types.Bit, types.Bit, foldBytes(bitsXor))
}
