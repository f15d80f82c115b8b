package embedded

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var (
	errReadOnly       = pgerror.New(pgerror.ReadOnlySqlTransaction, "cannot write in a read-only transaction")
	errSnapshotTooOld = pgerror.New(pgerror.SnapshotTooOld, "snapshot too old")
	errFuture         = pgerror.New(pgerror.InvalidParameterValue, "cannot read at a timestamp in the future")
	errEmptyKey       = pgerror.New(pgerror.InternalError, "empty key in a write")
)

// sstFile and walFile find the names of files in Pebble's messages.
var (
	sstFile = regexp.MustCompile(`\b\d{6,}(\.(sst|log|blob))?\b`)
	walFile = regexp.MustCompile(`replaying wal (\d+)`)
)

// storageError turns an error of Pebble or of the file system into one for
// clients.
func storageError(err error) error {
	if err == nil {
		return nil
	}
	var known *pgerror.Error
	switch {
	case errors.As(err, &known):
		return err
	case pebble.IsCorruptionError(err) || strings.Contains(err.Error(), "corruption"):
		// The details, which only %+v prints, name the log.
		file := sstFile.FindString(err.Error())
		if m := walFile.FindStringSubmatch(fmt.Sprintf("%+v", err)); m != nil && file == "" {
			file = fmt.Sprintf("%06s.log", m[1])
		}
		if file == "" {
			return pgerror.Wrap(err, pgerror.DataCorrupted, "data is corrupted: %s", err.Error())
		}
		return pgerror.Wrap(err, pgerror.DataCorrupted, "data is corrupted in file %s: %s", file, err.Error())
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return pgerror.Wrap(err, pgerror.DiskFull, "could not write to the data directory: %s", err.Error()).
			WithHint("Check free disk space.")
	case errors.Is(err, pebble.ErrClosed):
		return kv.ErrClosed
	default:
		return pgerror.Wrap(err, pgerror.IoError, "storage error: %s", err.Error())
	}
}

// corruptVersion reports a stored version that cannot be one.
func corruptVersion(stored []byte) error {
	return pgerror.New(pgerror.DataCorrupted, "data is corrupted: malformed version at key %x", stored)
}
