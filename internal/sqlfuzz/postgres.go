package sqlfuzz

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres is a PostgreSQL server to compare with.
type Postgres struct {
	URL string
	cmd *exec.Cmd
	dir string
}

// binDirs are where the server's programs may be.
var binDirs = []string{"/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin", "/usr/local/pgsql/bin"}

// findPostgres returns the directory of PostgreSQL's programs, or "".
func findPostgres() string {
	dirs := binDirs
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir
		}
	}
	return ""
}

// StartPostgres starts a server of its own in a temporary directory, or
// connects to the one that TIDEMARK_POSTGRES names by host:port. It returns
// nil where PostgreSQL is not installed.
func StartPostgres(ctx context.Context) (*Postgres, error) {
	if addr := os.Getenv("TIDEMARK_POSTGRES"); addr != "" {
		return &Postgres{URL: "postgres://postgres@" + addr + "/postgres?sslmode=disable"}, nil
	}
	bin := findPostgres()
	if bin == "" {
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "sqlfuzz")
	if err != nil {
		return nil, err
	}
	p := &Postgres{dir: dir}
	if err := p.start(ctx, bin); err != nil {
		p.Close()
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return p, nil
}

// unprivileged returns the credentials of the user postgres when we are root,
// whom PostgreSQL does not run for.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func (p *Postgres) start(ctx context.Context, bin string) error {
	attr, err := unprivileged(p.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(p.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
	initdb.SysProcAttr = attr
	initdb.Dir = p.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close() // the server takes the port
	p.URL = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	p.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port), "-k", p.dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "autovacuum=off", "-c", "shared_buffers=32MB",
		"-c", "max_parallel_workers_per_gather=0", "-c", "jit=off", "-c", "logging_collector=off", "-c", "log_min_messages=panic")
	p.cmd.SysProcAttr = attr
	p.cmd.Dir = p.dir
	if err := p.cmd.Start(); err != nil {
		p.cmd = nil
		return err
	}
	return p.wait(ctx)
}

// wait returns when the server takes connections.
func (p *Postgres) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		conn, err := pgconn.Connect(ctx, p.URL)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Close ends the server if it is ours, and removes its data.
func (p *Postgres) Close() {
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(syscall.SIGINT) // a fast shutdown
		_ = p.cmd.Wait()
	}
	if p.dir != "" {
		_ = os.RemoveAll(p.dir)
	}
}
