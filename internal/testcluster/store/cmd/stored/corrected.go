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
// for, and reverse scans by forward ones. The store's own reverse iterator leaves
// out keys, and returns versions that are too new, where a key has several
// versions and the scan reads at an old timestamp. This takes time in proportion
// to the span and not to the answer: fit for tests.
type correctedServer struct{ *tikv.Server }

// scanStep is how many pairs are read at a time.
const scanStep = 4096

// KvScan implements tikvpb.TikvServer. In a reverse request StartKey is the
// upper bound and EndKey the lower.
func (s correctedServer) KvScan(ctx context.Context, req *kvrpcpb.ScanRequest) (*kvrpcpb.ScanResponse, error) {
	if !req.Reverse {
		return s.Server.KvScan(ctx, req)
	}
	forward := &kvrpcpb.ScanRequest{
		Context: req.Context, StartKey: req.EndKey, EndKey: req.StartKey,
		Limit: scanStep, Version: req.Version, KeyOnly: req.KeyOnly,
	}
	limit := int(req.Limit)
	var last []*kvrpcpb.KvPair
	for {
		resp, err := s.Server.KvScan(ctx, forward)
		if err != nil || resp.RegionError != nil || resp.Error != nil {
			return resp, err
		}
		last = append(last, resp.Pairs...)
		if len(last) > limit {
			last = append([]*kvrpcpb.KvPair(nil), last[len(last)-limit:]...)
		}
		if len(resp.Pairs) < scanStep {
			break
		}
		end := resp.Pairs[len(resp.Pairs)-1]
		key := end.Key
		if lock := end.GetError().GetLocked(); lock != nil {
			key = lock.Key
		}
		forward.StartKey = append(append([]byte(nil), key...), 0)
	}
	for i, j := 0, len(last)-1; i < j; i, j = i+1, j-1 {
		last[i], last[j] = last[j], last[i]
	}
	return &kvrpcpb.ScanResponse{Pairs: last}, nil
}

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

// correctedStream takes reverse scans and scans of locks out of what the store receives.
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
		if scan := r.GetScan(); scan != nil && scan.Reverse {
			go c.answer(req.RequestIds[i], scan)
			continue
		}
		if locks := r.GetScanLock(); locks != nil {
			go c.answerLocks(req.RequestIds[i], locks)
			continue
		}
		rest.Requests = append(rest.Requests, r)
		rest.RequestIds = append(rest.RequestIds, req.RequestIds[i])
	}
	return rest, nil
}

func (c *correctedStream) answer(id uint64, scan *kvrpcpb.ScanRequest) {
	resp, err := c.server.KvScan(c.Context(), scan)
	if err == nil {
		c.send(id, &tikvpb.BatchCommandsResponse_Response{Cmd: &tikvpb.BatchCommandsResponse_Response_Scan{Scan: resp}})
	}
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
