package sessiontest

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

var (
	oracleAddress  = flag.String("oracle", "", "address of a PostgreSQL server to run SQL test files against instead; with -rewrite its answers become the golden ones")
	oracleDatabase = flag.String("oracle-database", "postgres", "database on the oracle server, which test files may fill")
)

// RunFiles runs the SQL test files of a directory, each on a node of its own.
// The commands of a file:
//
//	exec [conn=NAME]     executes each statement in the session NAME (made on first use)
//	query [conn=NAME]    executes the text as one simple query
//	start conn=NAME      begins to execute and waits until it has ended or visibly waits
//	wait conn=NAME       waits for the end of start and prints its answer
//	close conn=NAME      ends the session
//	reopen               restarts the node over the same files
//	tidemark [conn=NAME] is exec for what only Tidemark knows
//
// With -oracle the files run on PostgreSQL, all in schemas that they must make
// and drop by themselves; tidemark and reopen commands do nothing then.
func RunFiles(t *testing.T, dir string) {
	datadriven.Walk(t, dir, func(t *testing.T, path string) { RunFile(t, path) })
}

// RunFile runs one SQL test file: see RunFiles.
func RunFile(t *testing.T, path string) {
	r := &runner{t: t, conns: map[string]executor{}, running: map[string]chan string{}}
	if *oracleAddress == "" {
		r.node = Open(t)
	}
	defer func() {
		for _, c := range r.conns {
			c.Close()
		}
	}()
	datadriven.RunTest(t, path, r.command)
}

// executor is a Conn or an Oracle.
type executor interface {
	Exec(sql string) string
	Close()
}

type runner struct {
	t       *testing.T
	node    *Node
	conns   map[string]executor
	running map[string]chan string
}

func (r *runner) conn(d *datadriven.TestData) (string, executor) {
	name, user, database := "main", "postgres", "postgres"
	d.MaybeScanArgs(r.t, "conn", &name)
	d.MaybeScanArgs(r.t, "user", &user)
	if r.node == nil {
		database = *oracleDatabase
	}
	d.MaybeScanArgs(r.t, "database", &database)
	if c := r.conns[name]; c != nil {
		return name, c
	}
	var c executor
	if r.node == nil {
		c = DialOracle(r.t, *oracleAddress, user, database)
	} else {
		conn, err := r.node.ConnectAs(user, database)
		if err != nil {
			d.Fatalf(r.t, "connect: %v", err)
		}
		c = conn
	}
	r.conns[name] = c
	return name, c
}

// patience is how long one command may take.
const patience = 20 * time.Second

// exec executes and fails the test if that does not end.
func (r *runner) exec(d *datadriven.TestData) string {
	name, c := r.conn(d)
	done := make(chan string, 1)
	go func() { done <- c.Exec(d.Input) }()
	select {
	case out := <-done:
		return out
	case <-time.After(patience):
		// A session that waits cannot be closed; the process ends here.
		panic("session " + name + " waits for ever: " + d.Input)
	}
}

func (r *runner) command(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "exec":
		return r.exec(d)
	case "tidemark":
		if r.node == nil {
			return d.Expected
		}
		return r.exec(d)
	case "query":
		_, c := r.conn(d)
		if conn, ok := c.(*Conn); ok {
			return conn.Query(d.Input)
		}
		return d.Expected
	case "start":
		name, c := r.conn(d)
		done := make(chan string, 1)
		r.running[name] = done
		go func() { done <- c.Exec(d.Input) }()
		select {
		case out := <-done:
			done <- out
			return "ended\n"
		case <-time.After(200 * time.Millisecond):
			return "waits\n"
		}
	case "wait":
		name, _ := r.conn(d)
		select {
		case out := <-r.running[name]:
			delete(r.running, name)
			return out
		case <-time.After(patience):
			d.Fatalf(t, "%s still waits", name)
		}
	case "close":
		name, c := r.conn(d)
		c.Close()
		delete(r.conns, name)
		return ""
	case "reopen":
		if r.node == nil {
			return ""
		}
		r.conns = map[string]executor{}
		r.node.Reopen()
		return ""
	}
	d.Fatalf(t, "unknown command %s", d.Cmd)
	return strings.TrimSpace(d.Input)
}
