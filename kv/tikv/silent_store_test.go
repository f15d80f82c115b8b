package tikv

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/tikv/client-go/v2/tikv"
	"github.com/tikv/client-go/v2/tikvrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// TestSilentStore has a store accept connections and answer nothing: what waits
// for it ends after silentFor and probeTime, further requests at once, until it
// answers again.
func TestSilentStore(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the end of a test
	addr := listener.Addr().String()
	client := newMock(t)(t)
	stuck := &stuckClient{Client: client.GetTiKVClient(), addr: addr, closed: make(chan struct{})}
	client.SetTiKVClient(stuck)
	cfg := Config{Prefix: t.Name() + "/", GCInterval: -1, Logger: quiet}
	store, err := newStore(ctx, client, cfg.withDefaults(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // the end of a test
	request := func() (time.Duration, error) {
		begun := time.Now()
		_, err := store.client.GetTiKVClient().SendRequest(ctx, addr, &tikvrpc.Request{Type: tikvrpc.CmdGet}, time.Minute)
		return time.Since(begun), err
	}

	took, err := request()
	if status.Code(err) != codes.Canceled || took < silentFor+probeTime || took > silentFor+probeTime+2*time.Second {
		t.Errorf("the first request to a silent store ended after %s: %v", took, err)
	}
	took, err = request()
	if status.Code(err) != codes.Unavailable || took > time.Second {
		t.Errorf("the second request to a silent store ended after %s: %v", took, err)
	}

	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener) //nolint:errcheck // ends with the test
	defer server.Stop()
	for deadline := time.Now().Add(2 * probeTime); ; time.Sleep(silenceEvery) {
		if _, err = request(); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("requests to a store that answers again fail: %v", err)
		}
	}
}

// stuckClient is a client one of whose connections is to a store that is frozen,
// until it is closed.
type stuckClient struct {
	tikv.Client
	addr   string
	once   sync.Once
	closed chan struct{}
}

func (c *stuckClient) SendRequest(ctx context.Context, addr string, req *tikvrpc.Request, timeout time.Duration) (*tikvrpc.Response, error) {
	if addr != c.addr {
		return c.Client.SendRequest(ctx, addr, req, timeout)
	}
	select {
	case <-c.closed:
		return &tikvrpc.Response{}, nil // a new connection
	default:
	}
	<-c.closed
	return nil, status.Error(codes.Canceled, "the connection is closed")
}

func (c *stuckClient) CloseAddr(addr string) error {
	if addr == c.addr {
		c.once.Do(func() { close(c.closed) })
	}
	return c.Client.CloseAddr(addr)
}
