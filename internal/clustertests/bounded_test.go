package clustertests

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds each step of a test: all take seconds when all is well.
const patience = 90 * time.Second

// bounded runs a step that waits for a cluster. One that does not end fails the
// test and shows where everybody is.
func bounded(t *testing.T, what string, step func(ctx context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := step(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		hung(t, what)
	}
	return err
}

// boundedWait is bounded for a step that takes no context: it is left behind.
func boundedWait(t *testing.T, what string, step func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		step()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		hung(t, what)
	}
}

var dumps sync.Mutex

// hung fails the test: it logs the stacks, those alike once, and keeps them all
// in a file.
func hung(t *testing.T, what string) {
	t.Helper()
	t.Errorf("%s: not done after %s", what, patience)
	dumps.Lock()
	defer dumps.Unlock()
	var b bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&b, 1) // a buffer takes everything
	t.Log(b.String())
	f, err := os.CreateTemp("", "tidemark-hung-*.txt")
	if err != nil {
		t.Log(err)
		return
	}
	if err := errors.Join(pprof.Lookup("goroutine").WriteTo(f, 2), f.Close()); err != nil {
		t.Log(err)
	}
	t.Logf("all goroutines are in %s", f.Name())
}

// try runs a statement that may fail.
func try(t *testing.T, conn *pgx.Conn, sql string, args ...any) error {
	t.Helper()
	return bounded(t, sql, func(ctx context.Context) error {
		_, err := conn.Exec(ctx, sql, args...)
		return err
	})
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if err := try(t, conn, sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func queryInt(t *testing.T, conn *pgx.Conn, sql string, args ...any) int64 {
	t.Helper()
	var n int64
	err := bounded(t, sql, func(ctx context.Context) error { return conn.QueryRow(ctx, sql, args...).Scan(&n) })
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func queryTexts(t *testing.T, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	var out []string
	err := bounded(t, sql, func(ctx context.Context) error {
		rows, err := conn.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}
