package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestMain is the binary itself when it is started with a command.
func TestMain(m *testing.M) {
	if os.Getenv("TIDEMARK_TEST_RUN") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "TIDEMARK_TEST_RUN=1")
	return cmd
}

// run runs a command to its end.
func run(t *testing.T, cmd *exec.Cmd) (out string, code int) {
	t.Helper()
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// process is a running server.
type process struct {
	cmd    *exec.Cmd
	port   int
	stderr bytes.Buffer
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // only its number is wanted
	return l.Addr().(*net.TCPAddr).Port
}

// startProcess starts a server and waits until it is ready.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	for attempt := 0; ; attempt++ {
		p, line := tryProcess(t, args)
		want := fmt.Sprintf("ready for psql: psql -h 127.0.0.1 -p %d -U tidemark\n", p.port)
		if line == want {
			return p
		}
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // its output is complete
		if attempt < 5 && strings.Contains(p.stderr.String(), "is taken by another process") {
			continue // somebody was faster
		}
		t.Fatalf("got %q, want %q; %s", line, want, p.stderr.String())
	}
}

// tryProcess starts a server on a port that was free just now, and returns its
// first line.
func tryProcess(t *testing.T, args []string) (p *process, line string) {
	t.Helper()
	p = &process{port: freePort(t)}
	p.cmd = command(append([]string{"start", "--port-base", fmt.Sprint(p.port)}, args...)...)
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	line, _ = bufio.NewReader(stdout).ReadString('\n') // "" at its end
	return p, line
}

func (p *process) connect() (*pgx.Conn, error) {
	return pgx.Connect(context.Background(), fmt.Sprintf("postgres://tidemark@127.0.0.1:%d/tidemark?sslmode=disable", p.port))
}

func (p *process) mustConnect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := p.connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func mustExec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

// TestRefusals: what cannot start says why in one line, with exit code 1.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("nosuch = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // the test is over
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	free := fmt.Sprint(freePort(t))
	newer := filepath.Join(dir, "newer")
	if err := os.Mkdir(newer, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(newer, "TIDEMARK"), []byte("tidemark embedded store, format 999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, "--data-dir", filepath.Join(dir, "data"))
	for _, c := range []struct {
		name string
		args []string
		env  string
		want string
	}{
		{"second process", []string{"start", "--data-dir", filepath.Join(dir, "data"), "--port-base", free}, "", "data"},
		{"newer format", []string{"start", "--data-dir", newer, "--port-base", free}, "", "newer"},
		{"taken port", []string{"start", "--data-dir", filepath.Join(dir, "other"), "--port-base", port}, "", "taken"},
		{"a file as directory", []string{"start", "--data-dir", file, "--port-base", free}, "", "file"},
		{"unwritable", []string{"start", "--data-dir", "/proc/nosuch", "--port-base", free}, "", "/proc"},
		{"unknown flag", []string{"start", "--nosuch"}, "", "nosuch"},
		{"bad port", []string{"start", "--port-base", "70000"}, "", "port-base"},
		{"bad number", []string{"start", "--port-base", "x"}, "", "port-base"},
		{"bad size", []string{"start", "--cache-size", "lots"}, "", "cache-size"},
		{"bad store", []string{"start", "--store", "nosuch"}, "", "nosuch"},
		{"tikv", []string{"start", "--store", "tikv://127.0.0.1:1"}, "", "placement drivers at [127.0.0.1:1]"},
		{"bad log format", []string{"start", "--log-format", "xml"}, "", "xml"},
		{"bad environment", []string{"start"}, "TIDEMARK_PORT_BASE=x", "TIDEMARK_PORT_BASE"},
		{"bad config file", []string{"start", "--config", file}, "", "nosuch"},
		{"no config file", []string{"start", "--config", filepath.Join(dir, "none")}, "", "none"},
		{"arguments", []string{"start", "now"}, "", "now"},
		{"unknown command", []string{"nosuch"}, "", "nosuch"},
		{"inspect nothing", []string{"inspect", "key"}, "", "arg"},
		{"inspect text", []string{"inspect", "key", "xyz"}, "", "xyz"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := command(c.args...)
			if c.env != "" {
				cmd.Env = append(cmd.Env, c.env)
			}
			out, code := run(t, cmd)
			if code != 1 || !strings.HasPrefix(out, "tidemark: ") || strings.Count(strings.TrimSpace(out), "\n") != 0 || !strings.Contains(out, c.want) {
				t.Errorf("exit code %d, %q", code, out)
			}
		})
	}
	mustExec(t, p.mustConnect(t), "select 1")
}

// TestPrecedence: a flag wins over the environment, which wins over the file.
func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("# settings\nmax-connections = 7\nstore = \"memory\"\nlog-format = json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	show := func(p *process) (n string) {
		if err := p.mustConnect(t).QueryRow(context.Background(), "show max_connections").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	p := startProcess(t, "--config", file)
	if n := show(p); n != "7" {
		t.Errorf("file: %s", n)
	}
	t.Setenv("TIDEMARK_MAX_CONNECTIONS", "8")
	if n := show(startProcess(t, "--config", file)); n != "8" {
		t.Errorf("environment: %s", n)
	}
	if n := show(startProcess(t, "--config", file, "--max-connections", "9")); n != "9" {
		t.Errorf("flag: %s", n)
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(p.stderr.String()), "\n") {
		if !strings.HasPrefix(line, `{"time":`) {
			t.Errorf("not JSON: %q", line)
		}
	}
}

// TestTerm: SIGTERM refuses new sessions, lets statements finish within the
// deadline, ends the others with 57P01, and the data is there afterwards.
func TestTerm(t *testing.T) {
	dir := t.TempDir()
	p := startProcess(t, "--data-dir", dir, "--drain-timeout", "1500ms")
	quick, slow := p.mustConnect(t), p.mustConnect(t)
	mustExec(t, quick, "create table t (a int primary key); create sequence s; insert into t values (nextval('s'))")
	type result struct{ name, state string }
	results := make(chan result, 2)
	for name, sql := range map[string]string{"quick": "insert into t select 2 from pg_sleep(0.7)", "slow": "insert into t select 3 from pg_sleep(60)"} {
		conn := map[string]*pgx.Conn{"quick": quick, "slow": slow}[name]
		go func() {
			_, err := conn.PgConn().Exec(context.Background(), sql).ReadAll()
			results <- result{name, sqlState(err)}
		}()
	}
	time.Sleep(200 * time.Millisecond)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if _, err := p.connect(); sqlState(err) != "57P03" {
		t.Errorf("a new session: %v", err)
	}
	for range 2 {
		r := <-results
		if want := map[string]string{"quick": "<nil>", "slow": "57P01"}[r.name]; r.state != want {
			t.Errorf("%s: %s, want %s", r.name, r.state, want)
		}
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, p.stderr.String())
	}
	again := startProcess(t, "--data-dir", dir).mustConnect(t)
	var rows, next int
	if err := again.QueryRow(context.Background(), "select count(*), nextval('s') from t").Scan(&rows, &next); err != nil || rows != 2 || next != 2 {
		t.Errorf("%d rows, sequence at %d, %v", rows, next, err)
	}
}

// TestKill: kill -9 under load loses nothing that was acknowledged, and no
// transaction is there by halves.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	var acknowledged [4]int
	for round := range 2 {
		p := startProcess(t, "--data-dir", dir)
		conn := p.mustConnect(t)
		mustExec(t, conn, "create table if not exists a (client int, n int, primary key (client, n)); create table if not exists b (client int, n int, primary key (client, n))")
		var wg sync.WaitGroup
		for client := range acknowledged {
			conn := p.mustConnect(t)
			wg.Go(func() {
				for n := acknowledged[client] + 1 + round; ; n++ {
					sql := fmt.Sprintf("begin; insert into a values (%d, %d); insert into b values (%d, %d); commit", client, n, client, n)
					if _, err := conn.PgConn().Exec(context.Background(), sql).ReadAll(); err != nil {
						return
					}
					acknowledged[client] = n
				}
			})
		}
		time.Sleep(time.Second)
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		wg.Wait()
	}
	conn := startProcess(t, "--data-dir", dir).mustConnect(t)
	for client, n := range acknowledged {
		var last int
		if err := conn.QueryRow(context.Background(), "select coalesce(max(n), 0) from a where client = $1", client).Scan(&last); err != nil || last < n || last > n+1 || n == 0 {
			t.Errorf("client %d: %d acknowledged, %d there, %v", client, n, last, err)
		}
	}
	var halves int
	if err := conn.QueryRow(context.Background(), "select count(*) from a full join b using (client, n) where a.n is null or b.n is null").Scan(&halves); err != nil || halves != 0 {
		t.Errorf("%d halves, %v", halves, err)
	}
}

func TestVersionAndInspect(t *testing.T) {
	if out, code := run(t, command("version")); code != 0 || !strings.HasPrefix(out, "tidemark ") {
		t.Errorf("%d %q", code, out)
	}
	// Golden bytes are in rowstore; here it is only that the command reaches them.
	if out, code := run(t, command("inspect", "key", "748000000000004000 5f728000000000000001")); code != 0 || len(strings.TrimSpace(out)) == 0 {
		t.Errorf("%d %q", code, out)
	}
	if out, code := run(t, command("inspect", "row", "0x8000000000")); code != 0 || len(strings.TrimSpace(out)) == 0 {
		t.Errorf("%d %q", code, out)
	}
	if out, code := run(t, command("start", "--help")); code != 0 || !strings.Contains(out, "--data-dir") {
		t.Errorf("%d %q", code, out)
	}
}
