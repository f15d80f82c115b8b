package pgwire_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv/embedded"
	"github.com/tidemarkdb/tidemark/session"
)

// FuzzWire sends arbitrary bytes, with and without a start-up message before
// them. The server must hang up when the client does, and serve others.
func FuzzWire(f *testing.F) {
	started := "\x00\x00\x00\x25\x00\x03\x00\x00user\x00tidemark\x00database\x00tidemark\x00\x00\x00"
	for _, seed := range []string{
		"", "Q\x00\x00\x00\x0dselect 1\x00", "Q\x00\x00\x00\x04", "P\x00\x00\x00\x10\x00select 1\x00\x00\x00B\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00\x00\x00E\x00\x00\x00\x09\x00\x00\x00\x00\x00S\x00\x00\x00\x04",
		"D\x00\x00\x00\x06S\x00C\x00\x00\x00\x06P\x00H\x00\x00\x00\x04X\x00\x00\x00\x04", "B\x00\x00\x00\x10\x00\x00\x00\x00\x00\x01\xff\xff\xff\xfe", "d\x00\x00\x00\x05xc\x00\x00\x00\x04f\x00\x00\x00\x06x\x00",
		"Q\x00\x00\x00\x2bcreate temp table t (a int); copy t from stdin\x00d\x00\x00\x00\x061\nc\x00\x00\x00\x04",
	} {
		f.Add(true, []byte(seed))
		f.Add(false, []byte(seed))
	}
	ts := startServer(f, func(o *serverOptions) {
		o.store = embedded.Config{Logger: o.store.Logger, MemTableBytes: 1 << 20}
		o.session = session.Config{Alloc: o.session.Alloc, Logger: o.session.Logger, QueryMemoryLimit: 16 << 20, MemoryLimit: 64 << 20}
	})
	f.Fuzz(func(t *testing.T, start bool, data []byte) {
		nc, err := net.Dial("tcp", ts.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close() //nolint:errcheck // the end of the test
		_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
		if start {
			if _, err := io.WriteString(nc, started); err != nil {
				t.Fatal(err)
			}
		}
		go func() {
			_, _ = nc.Write(data)
			_ = nc.(*net.TCPConn).CloseWrite()
		}()
		if _, err := io.Copy(io.Discard, nc); err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() { //nolint:errorlint // as the net package returns it
				t.Fatalf("the connection hangs after %q", data)
			}
		}
	})
}
