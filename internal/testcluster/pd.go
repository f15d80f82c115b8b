package testcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tikv/client-go/v2/util/codec"
)

// Region is what PD says of one region.
type Region struct {
	ID     uint64 `json:"id"`
	Start  string `json:"start_key"` // hexadecimal, as PD encodes keys
	End    string `json:"end_key"`
	Leader struct {
		Store uint64 `json:"store_id"`
	} `json:"leader"`
	Peers   []Peer            `json:"peers"`
	Pending []Peer            `json:"pending_peers"`
	Down    []json.RawMessage `json:"down_peers"`
}

// Peer is a replica of a region.
type Peer struct {
	ID    uint64 `json:"id"`
	Store uint64 `json:"store_id"`
	Role  string `json:"role_name"`
}

// call asks PD's HTTP interface, its version 1 if path is relative; in and out may be nil.
func (c *Cluster) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if !strings.HasPrefix(path, "/") {
		path = "/pd/api/v1/" + path
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.pdAddr+path, body)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("PD: %s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(data))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(data, out)
}

// Regions returns all regions.
func (c *Cluster) Regions(ctx context.Context) ([]Region, error) {
	var answer struct{ Regions []Region }
	err := c.call(ctx, http.MethodGet, "regions", nil, &answer)
	return answer.Regions, err
}

// SafePoint returns the timestamp below which old versions may be gone.
func (c *Cluster) SafePoint(ctx context.Context) (uint64, error) {
	var answer struct {
		SafePoint uint64 `json:"gc_safe_point"`
	}
	err := c.call(ctx, http.MethodGet, "gc/safepoint", nil, &answer)
	return answer.SafePoint, err
}

// storeIDs returns the ids of the stores by their address.
func (c *Cluster) storeIDs(ctx context.Context) (map[string]uint64, error) {
	var answer struct {
		Stores []struct {
			Store struct {
				ID      uint64 `json:"id"`
				Address string `json:"address"`
			} `json:"store"`
		} `json:"stores"`
	}
	if err := c.call(ctx, http.MethodGet, "stores", nil, &answer); err != nil {
		return nil, err
	}
	out := map[string]uint64{}
	for _, s := range answer.Stores {
		out[s.Store.Address] = s.Store.ID
	}
	return out, nil
}

// TransferLeader moves the leader of a region to store i and returns when it is
// there.
func (c *Cluster) TransferLeader(ctx context.Context, region uint64, i int) error {
	ids, err := c.storeIDs(ctx)
	if err != nil {
		return err
	}
	to := ids[c.stores[i].addr]
	return poll(ctx, "the leader to move", func() error {
		var r Region
		if err := c.call(ctx, http.MethodGet, fmt.Sprintf("region/id/%d", region), nil, &r); err != nil {
			return err
		}
		if r.Leader.Store == to {
			return nil
		}
		err := c.call(ctx, http.MethodPost, "operators", map[string]any{
			"name": "transfer-leader", "region_id": region, "to_store_id": to,
		}, nil)
		if err == nil {
			err = fmt.Errorf("store %d leads region %d", r.Leader.Store, region)
		}
		return err
	})
}

// PauseLeaderBalance keeps the placement driver from moving leaders between stores to
// have as many on each, for a time; 0 ends that.
func (c *Cluster) PauseLeaderBalance(ctx context.Context, d time.Duration) error {
	return c.call(ctx, http.MethodPost, "schedulers/balance-leader-scheduler", map[string]any{"delay": int(d.Seconds())}, nil)
}

// LeaderOf returns the store that leads the region of a key.
func (c *Cluster) LeaderOf(ctx context.Context, key []byte) (int, error) {
	regions, err := c.Regions(ctx)
	if err != nil {
		return 0, err
	}
	ids, err := c.storeIDs(ctx)
	if err != nil {
		return 0, err
	}
	at := fmt.Sprintf("%X", codec.EncodeBytes(nil, key))
	for _, r := range regions {
		if r.Start > at || r.End != "" && r.End <= at {
			continue
		}
		for i, s := range c.stores {
			if ids[s.addr] == r.Leader.Store {
				return i, nil
			}
		}
	}
	return 0, fmt.Errorf("nobody leads the region of %q", key)
}
