package testcluster

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
)

// Spread passes each connection of a listener on to one of the targets, by chance,
// as a load balancer before several nodes does. A target that does not answer
// leaves it to another. It ends when the listener is closed.
func Spread(l net.Listener, targets []string) error {
	for {
		in, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go spreadOne(in, targets)
	}
}

func spreadOne(in net.Conn, targets []string) {
	defer in.Close() //nolint:errcheck // the other side may have ended it
	for _, i := range rand.Perm(len(targets)) {
		out, err := net.Dial("tcp", targets[i])
		if err != nil {
			continue
		}
		go func() {
			_, _ = io.Copy(out, in)
			_ = out.Close() // ends the copy below
		}()
		_, _ = io.Copy(in, out)
		_ = out.Close()
		return
	}
}
