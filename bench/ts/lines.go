package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tidemarkdb/tidemark/bench/peers"
)

// lineDatabase is the name of the database in InfluxDB.
const lineDatabase = "bench"

// linePeer is a peer that takes points in InfluxDB's line protocol over HTTP and
// is asked by GET; a query is a path. Answers are read but not taken apart.
type linePeer struct {
	name, url, dir string
	client         http.Client
}

func (p *linePeer) Name() string { return p.name }

func (p *linePeer) Close() { p.client.CloseIdleConnections() }

// Exec posts to a path.
func (p *linePeer) Exec(ctx context.Context, path string) error {
	_, err := p.do(ctx, http.MethodPost, path, nil)
	return err
}

func (p *linePeer) Query(ctx context.Context, path string) (peers.Answer, error) {
	b, err := p.do(ctx, http.MethodGet, path, nil)
	return func() [][]string { return [][]string{{string(b)}} }, err
}

// Read implements peers.Peer.
func (p *linePeer) Read(ctx context.Context, path string) error {
	_, err := p.do(ctx, http.MethodGet, path, nil)
	return err
}

// Load implements peers.Peer.
func (p *linePeer) Load(context.Context, string, string) error {
	return errors.New("lines are written, not loaded from a file")
}

func (p *linePeer) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: %s", resp.Status, b[:min(len(b), 500)])
	}
	return b, err
}

// size is how many bytes its files have.
func (p *linePeer) size() (n int64, err error) {
	err = filepath.WalkDir(p.dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // files come and go while the server works
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n, err
}

// loadLines is load for a linePeer.
func (c *config) loadLines(ctx context.Context, t *target, p *linePeer) error {
	if p.name == "influxdb" {
		if err := p.Exec(ctx, "/query?q=CREATE+DATABASE+"+lineDatabase); err != nil {
			return err
		}
	}
	tags := lineTags(tagRows(c.shape, c.seed))
	begin := time.Now()
	w := newWalk(c.shape, c.seed)
	err := c.copyPoints(ctx, func(n int) ([]byte, int) { return w.lines(tags, n) }, func(ctx context.Context, batches <-chan []byte) error {
		for b := range batches {
			if _, err := p.do(ctx, http.MethodPost, "/write?precision=s&db="+lineDatabase, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	took := time.Since(begin)
	if p.name == "victoria" {
		if _, err := p.do(ctx, http.MethodGet, "/internal/force_flush", nil); err != nil {
			return err
		}
	}
	bytes, err := p.settle(ctx)
	if err != nil {
		return err
	}
	c.loaded(t, took, time.Since(begin)-took, float64(bytes))
	return nil
}

// settle waits, half a minute at most, until the files do not change any more.
func (p *linePeer) settle(ctx context.Context) (size int64, err error) {
	for range 10 {
		before := size
		if size, err = p.size(); err != nil || size == before {
			return size, err
		}
		select {
		case <-time.After(3 * time.Second):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return size, nil
}

// lineTags are the measurement and the tags of each host's lines.
func lineTags(rows [][]string) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		b.WriteString("cpu")
		for k, v := range row {
			b.WriteString("," + tagNames[k] + "=" + v)
		}
		out[i] = b.String()
	}
	return out
}

// lines encodes up to n points in the line protocol; nil at the end.
func (w *walk) lines(tags []string, n int) (data []byte, rows int) {
	var p point
	for rows < n && w.next(&p) {
		data = append(append(data, tags[p.host]...), ' ')
		for i, v := range p.values {
			if i > 0 {
				data = append(data, ',')
			}
			data = append(append(data, metrics[i]...), '=')
			data = strconv.AppendFloat(data, v, 'f', -1, 64)
		}
		data = strconv.AppendInt(append(data, ' '), p.time.Unix(), 10)
		data = append(data, '\n')
		rows++
	}
	return data, rows
}
