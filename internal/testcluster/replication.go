package testcluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// WaitReplicated waits until every region has three voters that keep up. A test
// of a fault proves nothing before that. When it gives up it says what the
// region has and what PD is about to do; a process that died ends the wait.
func (c *Cluster) WaitReplicated(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var died error
	err := poll(ctx, "three voters in every region", func() error {
		for _, p := range c.processes() {
			if died = p.died(); died != nil {
				cancel()
				return died
			}
		}
		if err := c.forgetKeyspaces(ctx); err != nil {
			return err
		}
		return c.replicated(ctx)
	})
	if err == nil || died != nil {
		return err
	}
	return fmt.Errorf("%w; PD's operators: %s", err, c.operators(context.WithoutCancel(ctx)))
}

// replicated says which region lacks what.
func (c *Cluster) replicated(ctx context.Context) error {
	regions, err := c.Regions(ctx)
	if err != nil {
		return err
	}
	if len(regions) == 0 {
		return errors.New("no regions")
	}
	var lacking []error
	for i := range regions {
		if !regions[i].replicated(min(3, len(c.stores))) {
			lacking = append(lacking, errors.New(regions[i].String()))
		}
	}
	return errors.Join(lacking...)
}

func (r *Region) replicated(voters int) bool {
	for _, p := range r.Peers {
		if p.Role == "Voter" {
			voters--
		}
	}
	return voters <= 0 && len(r.Pending) == 0 && len(r.Down) == 0 && r.Leader.Store != 0
}

// String has the region's replicas by store, with what they are.
func (r *Region) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "region %d:", r.ID)
	for _, p := range r.Peers {
		fmt.Fprintf(&b, " store %d %s", p.Store, strings.ToLower(p.Role))
		if p.Store == r.Leader.Store {
			b.WriteString(" (leader)")
		}
		for _, pending := range r.Pending {
			if pending.ID == p.ID {
				b.WriteString(" (pending)")
			}
		}
		b.WriteByte(',')
	}
	fmt.Fprintf(&b, " %d down", len(r.Down))
	return b.String()
}

// keyspaceRules begins the labels by which PD splits regions at the bounds of
// keyspaces. It makes that of the first whenever it becomes leader.
const keyspaceRules = "keyspaces/"

// forgetKeyspaces removes these labels, and the splits PD began for it: they go by
// a command that these stores ignore, and PD does not repair a region for which
// it has something else to do.
func (c *Cluster) forgetKeyspaces(ctx context.Context) error {
	var rules []struct {
		ID string `json:"id"`
	}
	if err := c.call(ctx, http.MethodGet, "config/region-label/rules", nil, &rules); err != nil {
		return err
	}
	for _, r := range rules {
		if !strings.HasPrefix(r.ID, keyspaceRules) {
			continue
		}
		err := c.call(ctx, http.MethodDelete, "config/region-label/rule/"+strings.ReplaceAll(r.ID, "/", "%2F"), nil, nil)
		if err != nil {
			return err
		}
	}
	var splits []struct {
		Region uint64 `json:"region_id"`
		Desc   string `json:"desc"`
	}
	if err := c.call(ctx, http.MethodGet, "operators?object=1", nil, &splits); err != nil {
		return err
	}
	for _, s := range splits {
		if !strings.Contains(s.Desc, "split") {
			continue
		}
		if err := c.call(ctx, http.MethodDelete, fmt.Sprintf("operators/%d", s.Region), nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// operators is what PD says it is about to do.
func (c *Cluster) operators(ctx context.Context) string {
	var all []string
	if err := c.call(ctx, http.MethodGet, "operators", nil, &all); err != nil {
		return err.Error()
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, "; ")
}

// CreateKeyspace makes a keyspace (API v2).
func (c *Cluster) CreateKeyspace(ctx context.Context, name string) error {
	err := c.call(ctx, http.MethodPost, "/pd/api/v2/keyspaces", map[string]string{"name": name}, nil)
	if err != nil {
		return err
	}
	return c.forgetKeyspaces(ctx)
}
