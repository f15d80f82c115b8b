package sqltests

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Target gives out empty databases. Open may be called from many goroutines;
// release is called once when the file is done.
type Target interface {
	Open(ctx context.Context) (url string, release func(), err error)
}

// Binary starts a server process with a store in memory for each file, so
// that a file starts from nothing and a crash hurts one file only.
type Binary struct {
	Path string
}

// Open starts a server.
func (b Binary) Open(ctx context.Context) (string, func(), error) {
	for try := 0; ; try++ {
		port, err := freePort()
		if err != nil {
			return "", nil, err
		}
		address, release, err := b.start(ctx, port)
		if err == nil || try == 4 { // somebody else may have taken the port
			return address, release, err
		}
	}
}

func (b Binary) start(ctx context.Context, port int) (string, func(), error) {
	cmd := exec.Command(b.Path, "start", "--store", "memory", "--port-base", strconv.Itoa(port), "--log-level", "error")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	release := func() {
		_ = cmd.Process.Signal(syscall.SIGKILL) // the data is in memory
		_ = cmd.Wait()
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if !stop() || err != nil || !strings.HasPrefix(line, "ready") {
		release()
		return "", nil, fmt.Errorf("%s did not start on port %d: %q", b.Path, port, line)
	}
	return fmt.Sprintf("postgres://tidemark@127.0.0.1:%d/tidemark?sslmode=disable", port), release, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close() //nolint:errcheck // nobody uses it
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Databases creates a database for each file on a running server and drops it after.
type Databases struct {
	URL string
	// Options follow CREATE DATABASE name.
	Options string
	count   atomic.Int64
}

// PostgreSQLOptions make databases that compare text by bytes, as the corpora expect.
const PostgreSQLOptions = ` TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'`

// Open creates a database.
func (d *Databases) Open(ctx context.Context) (string, func(), error) {
	u, err := url.Parse(d.URL)
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("sqltests_%d_%d", os.Getpid(), d.count.Add(1))
	if err := d.exec(ctx, "CREATE DATABASE "+name+d.Options); err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() {
		dropping, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		if err := d.exec(dropping, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			fmt.Fprintln(os.Stderr, "sqltests: drop database:", err)
		}
	}, nil
}

func (d *Databases) exec(ctx context.Context, sql string) error {
	c, err := pgconn.Connect(ctx, d.URL)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx)) //nolint:errcheck // done with it
	_, err = c.Exec(ctx, sql).ReadAll()
	return err
}
