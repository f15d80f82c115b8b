package testcluster

import (
	"net"
	"sync"
	"time"
)

// proxy stands before a store at the address by which PD and clients know it.
// Cut, it is a network that swallows everything: connections stay open and
// nothing comes through. With a delay, what is sent arrives later.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	open  chan struct{} // closed while data may pass
	delay time.Duration
	conns map[net.Conn]struct{}
	done  bool
	wait  sync.WaitGroup
}

func newProxy(address, target string) (*proxy, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return serveProxy(l, target), nil
}

func serveProxy(l net.Listener, target string) *proxy {
	p := &proxy{listener: l, target: target, open: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(p.open)
	p.wait.Go(p.serve)
	return p
}

func (p *proxy) serve() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = in.Close()
			continue
		}
		if !p.add(in, out) {
			continue
		}
		p.wait.Go(func() { p.copy(out, in) })
		p.wait.Go(func() { p.copy(in, out) })
	}
}

func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.done {
			_ = c.Close()
			continue
		}
		p.conns[c] = struct{}{}
	}
	return !p.done
}

// copy moves bytes one way until either side ends.
func (p *proxy) copy(to, from net.Conn) {
	defer func() {
		for _, c := range []net.Conn{to, from} {
			_ = c.Close()
			p.mu.Lock()
			delete(p.conns, c)
			p.mu.Unlock()
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			open, delay := p.state()
			time.Sleep(delay)
			<-open
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) state() (open chan struct{}, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open, p.delay
}

func (p *proxy) setDelay(d time.Duration) {
	p.mu.Lock()
	p.delay = d
	p.mu.Unlock()
}

// cut stops all traffic; heal lets it go on.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open:
		p.open = make(chan struct{})
	default:
	}
}

func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open:
	default:
		close(p.open)
	}
}

func (p *proxy) close() {
	p.heal()
	p.mu.Lock()
	p.done = true
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	_ = p.listener.Close()
	p.wait.Wait()
}
