package main

import (
	"bytes"
	"context"
	"sync"

	"github.com/ngaut/unistore/tikv"
	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/pingcap/kvproto/pkg/tikvpb"
)

// correctedServer answers scans of locks with those of the range that was asked
// for.
type correctedServer struct{ *tikv.Server }

// KvScanLock implements tikvpb.TikvServer. The store itself answers with all locks
// of the region, whatever range was asked for.
func (s correctedServer) KvScanLock(ctx context.Context, req *kvrpcpb.ScanLockRequest) (*kvrpcpb.ScanLockResponse, error) {
	resp, err := s.Server.KvScanLock(ctx, req)
	if err != nil {
		return resp, err
	}
	within := resp.Locks[:0]
	for _, l := range resp.Locks {
		if bytes.Compare(l.Key, req.StartKey) >= 0 && (len(req.EndKey) == 0 || bytes.Compare(l.Key, req.EndKey) < 0) {
			within = append(within, l)
		}
	}
	resp.Locks = within
	return resp, nil
}

// BatchCommands implements tikvpb.TikvServer: clients send most requests through
// this stream.
func (s correctedServer) BatchCommands(stream tikvpb.Tikv_BatchCommandsServer) error {
	return s.Server.BatchCommands(&correctedStream{Tikv_BatchCommandsServer: stream, server: s})
}

// correctedStream takes scans of locks out of what the store receives.
type correctedStream struct {
	tikvpb.Tikv_BatchCommandsServer
	server correctedServer
	mu     sync.Mutex // one Send at a time
}

func (c *correctedStream) Send(resp *tikvpb.BatchCommandsResponse) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Tikv_BatchCommandsServer.Send(resp)
}

func (c *correctedStream) Recv() (*tikvpb.BatchCommandsRequest, error) {
	req, err := c.Tikv_BatchCommandsServer.Recv()
	if err != nil {
		return nil, err
	}
	rest := &tikvpb.BatchCommandsRequest{}
	for i, r := range req.Requests {
		if locks := r.GetScanLock(); locks != nil {
			go c.answerLocks(req.RequestIds[i], locks)
			continue
		}
		rest.Requests = append(rest.Requests, r)
		rest.RequestIds = append(rest.RequestIds, req.RequestIds[i])
	}
	return rest, nil
}

func (c *correctedStream) answerLocks(id uint64, scan *kvrpcpb.ScanLockRequest) {
	resp, err := c.server.KvScanLock(c.Context(), scan)
	if err == nil {
		c.send(id, &tikvpb.BatchCommandsResponse_Response{Cmd: &tikvpb.BatchCommandsResponse_Response_ScanLock{ScanLock: resp}})
	}
}

// send answers a request. A client without an answer asks again when it has
// waited long enough.
func (c *correctedStream) send(id uint64, resp *tikvpb.BatchCommandsResponse_Response) {
	_ = c.Send(&tikvpb.BatchCommandsResponse{RequestIds: []uint64{id}, Responses: []*tikvpb.BatchCommandsResponse_Response{resp}})
}
