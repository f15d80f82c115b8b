package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ingestSuffix is what files are called that are about to become tables.
const ingestSuffix = ".ingest"

// writeTable writes the run of a bulk as a file that Pebble can take as a table.
func (b *bulk) writeTable() (path string, err error) {
	s := b.store
	path = s.fs.PathJoin(s.cfg.Dir, fmt.Sprintf("%d%s", s.ingested.Add(1), ingestSuffix))
	f, err := s.fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return "", storageError(err)
	}
	opts := pebbleOptions(s.cfg, s.fs, nil, s.logger, nil)
	opts.EnsureDefaults()
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(f), opts.MakeWriterOptions(0, s.db.TableFormat()))
	err = b.setAll(w)
	if err = errors.Join(err, w.Close()); err != nil { // it syncs the file
		_ = s.fs.Remove(path)
		return "", storageError(err)
	}
	return path, nil
}

func (b *bulk) setAll(w *sstable.Writer) error {
	for _, r := range b.run.sort(&b.arena) {
		e := b.arena.entry(r.offset)
		binary.BigEndian.PutUint64(e.stored[len(e.stored)-suffixLen:], uint64(b.ts))
		e.value[0] &^= flagMask
		if err := w.Set(e.stored, e.value); err != nil {
			return err
		}
	}
	return nil
}

// ingest makes a file a table of the tree. That is durable at once, although the
// log knows nothing of it: should the log be applied anew, it has no older
// versions, and no deletion, of these keys. A span that was destroyed since the
// store was opened is the exception; it takes the way of commits. The caller holds destroying.
func (b *bulk) ingest(path string) (err error) {
	s := b.store
	if f := s.failure.Load(); f != nil {
		return errors.Join(f, s.fs.Remove(path))
	}
	first, last := b.run.entries[0], b.run.entries[len(b.run.entries)-1]
	if s.destroyed.overlaps(b.arena.entry(first.offset).stored, b.arena.entry(last.offset).stored) {
		if err := s.fs.Remove(path); err != nil {
			return storageError(err)
		}
		return b.write()
	}
	defer s.wedge(&err)
	if err := s.db.Ingest(context.Background(), []string{path}); err != nil {
		_ = s.fs.Remove(path)
		return storageError(err)
	}
	if s.failure.Load() != nil {
		return s.unknownOutcome()
	}
	return nil
}

// removeUningested removes the files that a crash left.
func (s *Store) removeUningested() error {
	names, err := s.fs.List(s.cfg.Dir)
	for _, name := range names {
		if filepath.Ext(name) == ingestSuffix {
			err = errors.Join(err, s.fs.Remove(s.fs.PathJoin(s.cfg.Dir, name)))
		}
	}
	return err
}

// destroyedSpans are the spans that were deleted since the store was opened, by
// records that the log may still have. Store.destroying guards it.
type destroyedSpans struct{ spans [][2][]byte }

// maxDestroyedSpans bounds the list. Beyond, one span stands for all.
const maxDestroyedSpans = 4096

func (d *destroyedSpans) add(start, end []byte) {
	d.spans = append(d.spans, [2][]byte{start, end})
	if len(d.spans) <= maxDestroyedSpans {
		return
	}
	all := d.spans[0]
	for _, s := range d.spans[1:] {
		if bytes.Compare(s[0], all[0]) < 0 {
			all[0] = s[0]
		}
		if bytes.Compare(s[1], all[1]) > 0 {
			all[1] = s[1]
		}
	}
	d.spans = append(d.spans[:0], all)
}

// overlaps reports whether a key from first to last may have been deleted.
func (d *destroyedSpans) overlaps(first, last []byte) bool {
	for _, s := range d.spans {
		if bytes.Compare(s[0], last) <= 0 && bytes.Compare(first, s[1]) < 0 {
			return true
		}
	}
	return false
}
