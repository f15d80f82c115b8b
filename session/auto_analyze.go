package session

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/tidemarkdb/tidemark/catalog"
	"github.com/tidemarkdb/tidemark/planner/plan"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
	"github.com/tidemarkdb/tidemark/sql/types"
)

// AutoAnalyze are the settings of the background job that refreshes statistics,
// by PostgreSQL's names (PostgreSQL section 25.1.6).
type AutoAnalyze struct {
	// Off is autovacuum = off.
	Off bool
	// Threshold and ScaleFactor: a table is analyzed when more rows than
	// Threshold + ScaleFactor * rows were changed since the last ANALYZE
	// (autovacuum_analyze_threshold, default 50; autovacuum_analyze_scale_factor, default 0.1).
	Threshold   int64
	ScaleFactor float64
	// NapTime is the pause between two looks at the tables (autovacuum_naptime, default 1min).
	NapTime time.Duration
}

func (c *AutoAnalyze) setDefaults() {
	if c.Threshold == 0 {
		c.Threshold = 50
	}
	if c.ScaleFactor == 0 {
		c.ScaleFactor = 0.1
	}
	if c.NapTime == 0 {
		c.NapTime = time.Minute
	}
}

// restShare is how much longer the job rests after a table than it worked on
// it: it takes a fifth of one core at most.
const restShare = 4

// RunAutoAnalyze analyzes tables that have changed much, one at a time, until
// ctx is done. One such job is enough for a node.
func (srv *Server) RunAutoAnalyze(ctx context.Context) {
	config := &srv.config.AutoAnalyze
	if config.Off {
		return
	}
	for sleep(ctx, config.NapTime) {
		for _, db := range srv.catalog.Databases() {
			if err := srv.analyzeChanged(ctx, db); err != nil && ctx.Err() == nil {
				srv.config.Logger.Warn("automatic analyze failed", "database", db.Name, "error", err)
			}
		}
	}
}

// sleep waits, and reports whether ctx still lives.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// analyzeChanged analyzes the tables of a database that have changed much.
func (srv *Server) analyzeChanged(ctx context.Context, db *catalog.Database) error {
	snap, err := srv.catalog.Snapshot(ctx, db.ID)
	if err != nil {
		return err
	}
	for _, t := range snap.Tables() {
		if !srv.changedMuch(snap, t) {
			continue
		}
		start := time.Now()
		if err := srv.analyzeTable(ctx, db, t.ID); err != nil {
			return err
		}
		if !sleep(ctx, restShare*time.Since(start)) {
			return nil
		}
	}
	return nil
}

// changedMuch compares a table's changes with the threshold, which its own
// storage parameters can set.
func (srv *Server) changedMuch(snap *catalog.Snapshot, t *catalog.Table) bool {
	a := srv.activity.find(t.Storage)
	if a == nil || t.Temporary || t.Kind != catalog.KindTable && t.Kind != catalog.KindMaterializedView {
		return false
	}
	if v, ok := parseBool(t.Options["autovacuum_enabled"]); ok && !v {
		return false
	}
	config := &srv.config.AutoAnalyze
	threshold, scale := float64(config.Threshold), config.ScaleFactor
	if v, err := strconv.ParseFloat(t.Options["autovacuum_analyze_threshold"], 64); err == nil {
		threshold = v
	}
	if v, err := strconv.ParseFloat(t.Options["autovacuum_analyze_scale_factor"], 64); err == nil {
		scale = v
	}
	rows := 0.0
	if st := snap.Stats(t.ID); st != nil {
		rows = st.Rows
	}
	return float64(a.modified.Load()) > threshold+scale*rows
}

// analyzeTable runs ANALYZE in a session of its own.
func (srv *Server) analyzeTable(ctx context.Context, db *catalog.Database, id catalog.OID) error {
	snap, err := srv.catalog.Snapshot(ctx, db.ID)
	if err != nil {
		return err
	}
	owner := snap.RoleByID(catalog.BootstrapRoleOID)
	if owner == nil {
		return pgerror.New(pgerror.UndefinedObject, "the role that the store was made with does not exist")
	}
	s, err := srv.Connect(ctx, silentClient{}, Options{User: owner.Name, Database: db.Name})
	if err != nil {
		return err
	}
	defer s.Close()
	t := snap.TableByID(id)
	if t == nil {
		return nil
	}
	name := catalog.QuoteIdent(snap.SchemaByID(t.Schema).Name) + "." + catalog.QuoteIdent(t.Name)
	return s.Query("ANALYZE " + name)
}

// silentClient is the client of the node's own sessions: nobody listens.
type silentClient struct{}

func (silentClient) RowDescription([]plan.Column, []int16) error   { return nil }
func (silentClient) Batch(Rows, arrow.RecordBatch, int, int) error { return nil }
func (silentClient) Row(Rows, []types.Datum) error                 { return nil }
func (silentClient) Complete(string) error                         { return nil }
func (silentClient) EndsRound() bool                               { return false }
func (silentClient) Empty() error                                  { return nil }
func (silentClient) Suspended() error                              { return nil }
func (silentClient) Notice(*pgerror.Error) error                   { return nil }
func (silentClient) ParameterStatus(string, string) error          { return nil }
func (silentClient) CopyIn(context.Context, bool, int) (io.ReadCloser, error) {
	return nil, pgerror.Unsupported("COPY without a client")
}

func (silentClient) CopyOut(bool, int) (io.WriteCloser, error) {
	return nil, pgerror.Unsupported("COPY without a client")
}
