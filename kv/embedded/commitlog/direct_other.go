//go:build !linux

package commitlog

import "github.com/cockroachdb/pebble/v2/vfs"

// direct is for Linux only.
type direct struct{ queue *queue }

func openDirect(vfs.File) *direct           { return nil }
func (d *direct) write([]byte, int64) error { return nil }
func (d *direct) leave(int64) error         { return nil }
func (d *direct) close() error              { return nil }
func (d *direct) cannot(error) bool         { return true }

// queue is for Linux only.
type queue struct{}

func openQueue() *queue       { return nil }
func (q *queue) close() error { return nil }
