package catalog

import (
	"context"
	"encoding/binary"
	"log/slog"
	"slices"
	"strconv"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

// destroyRecord is a key span that nobody can reach any more, or that nobody
// can reach before a transaction in progress commits (Protect).
type destroyRecord struct{ Start, End []byte }

type destroyItem struct {
	id   uint64
	span kv.Span
}

// destroySpan writes the record of a span that the transaction makes
// unreachable: after the commit the span is destroyed and the record deleted;
// after a crash in between Open does both.
func (e *Editor) destroySpan(span kv.Span) error {
	id, err := e.NewStorage() // unique is all it has to be
	if err != nil {
		return err
	}
	b, err := encodeRecord(destroyRecord{span.Start, span.End})
	if err != nil {
		return err
	}
	if err := e.txn.Put(destroyKey(id), b); err != nil {
		return err
	}
	e.destroy = append(e.destroy, destroyItem{id, span})
	return nil
}

// Protect must be called before a span is written around the transaction
// (kv.Bulk): a rewritten table, an index under construction. If the
// transaction does not commit, be it for a crash, the span is destroyed.
func (e *Editor) Protect(ctx context.Context, span kv.Span) error {
	id, err := e.NewStorage()
	if err != nil {
		return err
	}
	b, err := encodeRecord(destroyRecord{span.Start, span.End})
	if err != nil {
		return err
	}
	err = autonomous(ctx, e.c.store, func(txn kv.Txn) error { return txn.Put(destroyKey(id), b) })
	if err != nil {
		return err
	}
	// The record is newer than the transaction's snapshot and nobody else
	// writes it: no conflict check.
	if err := e.txn.DeleteUnchecked(destroyKey(id)); err != nil {
		return err
	}
	e.protected = append(e.protected, destroyItem{id, span})
	return nil
}

// destroyLater destroys spans in the background. What fails is done again when
// the store is opened next.
func (c *Catalog) destroyLater(items []destroyItem) {
	if len(items) == 0 {
		return
	}
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		if err := c.destroyAll(c.background, items); err != nil && c.background.Err() == nil {
			slog.Warn("dropped storage is not destroyed yet", "spans", len(items), "error", err)
		}
	}()
}

func (c *Catalog) destroyAll(ctx context.Context, items []destroyItem) error {
	for _, it := range items {
		if err := c.store.DestroyRange(ctx, it.span); err != nil {
			return err
		}
	}
	return autonomous(ctx, c.store, func(txn kv.Txn) error {
		for _, it := range items {
			if err := txn.DeleteUnchecked(destroyKey(it.id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// finishDestruction destroys what a crash left.
func (c *Catalog) finishDestruction(ctx context.Context) error {
	var items []destroyItem
	err := c.read(ctx, func(r kv.Reader) error {
		return scan(ctx, r, destroySpan, func(key kv.Key, value []byte) error {
			var rec destroyRecord
			if err := decodeRecord(value, &rec); err != nil {
				return err
			}
			if len(key) != 10 {
				return pgerror.New(pgerror.DataCorrupted, "catalog: malformed key %x", key)
			}
			items = append(items, destroyItem{binary.BigEndian.Uint64(key[2:]), kv.Span{Start: rec.Start, End: rec.End}})
			return nil
		})
	})
	if err != nil || len(items) == 0 {
		return err
	}
	return c.destroyAll(ctx, items)
}

// dropTemporary drops the temporary schemas that a stopped process left.
func (c *Catalog) dropTemporary(ctx context.Context) error {
	for _, db := range c.Databases() {
		snap, err := c.Snapshot(ctx, db.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(snap.Schemas(), func(s *Schema) bool { return tempSchema(s.Name) }) {
			continue
		}
		if err := c.dropTemporaryOf(ctx, db.ID); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) dropTemporaryOf(ctx context.Context, db OID) error {
	txn, err := c.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	e, err := c.BeginEdit(ctx, txn, EditOptions{Database: db, Refresh: true})
	if err != nil {
		return err
	}
	for _, sch := range e.Snapshot().Schemas() {
		if !tempSchema(sch.Name) {
			continue
		}
		for _, t := range e.Snapshot().Tables() {
			if t.Schema == sch.ID {
				if err := e.DropTable(t.ID); err != nil {
					return err
				}
			}
		}
		for _, t := range e.Snapshot().Types() {
			if t.Schema == sch.ID {
				if err := e.DropType(t.ID); err != nil {
					return err
				}
			}
		}
		if err := e.DropSchema(sch.ID); err != nil {
			return err
		}
	}
	_, err = e.Commit(ctx, false)
	return err
}

// read runs fn over the newest snapshot of the store.
func (c *Catalog) read(ctx context.Context, fn func(kv.Reader) error) error {
	txn, err := c.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer txn.Rollback()
	return fn(txn)
}

func itoa(n int) string { return strconv.Itoa(n) }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
