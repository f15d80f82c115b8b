package embedded

import (
	"github.com/cockroachdb/pebble/v2/vfs"
)

// logFile is a log of Pebble open for writing, made cheaper to sync: it is
// filled with zeros ahead of the writing, so that a sync writes data only and
// no new length of the file. A log that ends in zeros reads like one that ends
// there: Pebble's own reused logs end in older bytes.
type logFile struct {
	vfs.File
	offset int64 // where the next byte goes
	filled int64 // the file has bytes up to here
	noFill bool  // filling failed; write on without
}

// logFill is how much is filled at a time. It is written out with the next
// sync, which must not take much longer for it.
const logFill = 1 << 20

var zeros [logFill]byte

func (f *logFile) Write(p []byte) (n int, err error) {
	for end := f.offset + int64(len(p)); end > f.filled && !f.noFill; {
		if _, err := f.File.WriteAt(zeros[:], f.filled); err != nil {
			f.noFill = true // a full disk, say: the write itself will tell
			break
		}
		f.filled += logFill
	}
	n, err = f.File.Write(p)
	f.offset += int64(n)
	return n, err
}
