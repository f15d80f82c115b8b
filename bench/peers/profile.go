package peers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// Profiler has Tidemark profiled (--profile-addr). Without an address it does nothing.
type Profiler struct {
	Addr string // host:port
	Dir  string // where the profiles go
}

// Run calls once again and again while a CPU profile and one of allocations are taken,
// five seconds each, which it writes to name.cpu and name.alloc.
func (p Profiler) Run(ctx context.Context, name string, once func() error) error {
	if p.Addr == "" {
		return nil
	}
	if err := os.MkdirAll(p.Dir, 0o755); err != nil {
		return err
	}
	kinds := []struct{ path, suffix string }{{"profile", "cpu"}, {"allocs", "alloc"}}
	fetched := make(chan error, len(kinds))
	for _, k := range kinds {
		go func() {
			fetched <- p.fetch(ctx, k.path, filepath.Join(p.Dir, name+"."+k.suffix))
		}()
	}
	var all error
	for n := 0; n < len(kinds); {
		select {
		case err := <-fetched:
			all = errors.Join(all, err)
			n++
		default:
			if err := once(); err != nil {
				return errors.Join(all, err)
			}
		}
	}
	return all
}

func (p Profiler) fetch(ctx context.Context, path, file string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/%s?seconds=5", p.Addr, path), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", req.URL, resp.Status)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	return errors.Join(err, f.Close())
}
