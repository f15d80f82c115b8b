package testcluster

import (
	"crypto/tls"
	"net"
	"time"
)

// Link is one node's network to the cluster: a proxy before each server that
// nobody else uses, so that the node can be cut off from one of them.
type Link struct {
	pd      *proxy
	stores  []*proxy
	address map[string]string // of the proxy, by that of the server
}

// NewLink makes a node's link.
func (c *Cluster) NewLink() (*Link, error) { return c.newLink("127.0.0.1:0", nil) }

// SecureLink makes a link that speaks TLS as Options.Secure has it. There is one.
func (c *Cluster) SecureLink() (*Link, error) { return c.newLink(c.secure, c.opts.Secure) }

func (c *Cluster) newLink(pd string, secure *tls.Config) (*Link, error) {
	l := &Link{address: map[string]string{}}
	var err error
	if l.pd, err = l.add(pd, c.pdAddr, secure); err != nil {
		return nil, err
	}
	for _, s := range c.stores {
		p, err := l.add("127.0.0.1:0", s.addr, secure)
		if err != nil {
			l.Close()
			return nil, err
		}
		l.stores = append(l.stores, p)
	}
	return l, nil
}

func (l *Link) add(address, target string, secure *tls.Config) (*proxy, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	l.address[target] = listener.Addr().String()
	if secure != nil {
		listener = tls.NewListener(listener, secure)
	}
	return serveProxy(listener, target), nil
}

// Route is the address at which the node reaches a server.
func (l *Link) Route(address string) string {
	if a, ok := l.address[address]; ok {
		return a
	}
	return address
}

// Routes are all addresses of proxies, by those of the servers.
func (l *Link) Routes() map[string]string { return l.address }

// Cut cuts the node off from store i; Heal undoes it.
func (l *Link) Cut(i int) { l.stores[i].cut() }

// Heal undoes Cut.
func (l *Link) Heal(i int) { l.stores[i].heal() }

// Delay makes all that the node sends to stores, and all they answer, arrive d later.
func (l *Link) Delay(d time.Duration) {
	for _, p := range l.stores {
		p.setDelay(d)
	}
}

// Close ends the link's connections.
func (l *Link) Close() {
	l.pd.close()
	for _, p := range l.stores {
		p.close()
	}
}
