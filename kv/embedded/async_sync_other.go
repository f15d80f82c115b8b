//go:build !linux

package embedded

// asyncSync is Linux's; elsewhere files are synced the ordinary way.
type asyncSync struct{}

func newAsyncSync() *asyncSync { return nil }

func (*asyncSync) sync(uintptr) error { panic("no asynchronous sync on this system") }

func (*asyncSync) close() error { return nil }
