package testcluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// process is one server of the cluster, which can be started again with the
// same arguments.
type process struct {
	path string
	args []string
	// output gets what the program prints; its log is a file of its own.
	output string
	// detached processes outlive the one that started them.
	detached bool

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
}

func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return fmt.Errorf("%s runs already", filepath.Base(p.path))
	}
	out, err := os.OpenFile(p.output, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // the child has its own
	cmd := exec.Command(p.path, p.args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = attributes(p.detached)
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	p.cmd, p.done = cmd, done
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(done)
	}()
	return nil
}

// end sends a signal that ends the process and waits for that.
func (p *process) end(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(sig) // it may have ended
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	p.cmd = nil
}

// died says that the process ended by itself, with the end of what it printed.
func (p *process) died() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	select {
	case <-p.done:
	default:
		return nil
	}
	out, err := os.ReadFile(p.output)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s ended by itself (%s): %s", filepath.Base(p.output), p.cmd.ProcessState, out[max(0, len(out)-4000):])
}

// signal sends SIGSTOP or SIGCONT.
func (p *process) signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return fmt.Errorf("%s does not run", filepath.Base(p.path))
	}
	return p.cmd.Process.Signal(sig)
}

func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// freeAddresses returns loopback addresses that were free a moment ago, below those that
// outgoing connections get: a process that was killed has to get its own again.
func freeAddresses(n int) ([]string, error) {
	out := make([]string, n)
	for i := range out {
		var l net.Listener
		err := error(nil)
		for range 50 {
			if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))); err == nil {
				break
			}
		}
		if err != nil {
			return nil, err
		}
		defer l.Close() //nolint:errcheck // all at the end, so that they differ
		out[i] = l.Addr().String()
	}
	return out, nil
}
