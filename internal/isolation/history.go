package isolation

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// transaction is what a client did and was told. Its reads and appends are of
// lists: an append puts a number at the end of one that no other append uses, so
// that a list tells the order of its writers.
type transaction struct {
	name   string
	begin  time.Duration // since the history's begin
	end    time.Duration // when its outcome was known to the client
	ops    []operation
	result result
}

// operation is an append to one list, or one statement that reads lists.
type operation struct {
	begin  time.Duration
	append *element
	read   map[int][]int // by key
}

type element struct{ key, value int }

// result is what became of a transaction or statement.
type result int

const (
	aborted result = iota
	committed
	unknown // 40003: it may have committed
)

// sorted returns what an error says of the outcome, or the error if clients
// should not get it.
func sorted(err error) (result, error) {
	var e *pgconn.PgError
	if err == nil {
		return committed, nil
	}
	if !errors.As(err, &e) {
		return unknown, err
	}
	switch e.Code {
	case "40001", "40P01", "08006", "55P03", "72000":
		return aborted, nil
	case "40003":
		return unknown, nil
	}
	return aborted, err
}

// parseList reads a list as the workload stores it: ",1,7,3".
func parseList(text string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(strings.TrimPrefix(text, ","), ",") {
		if part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, fmt.Errorf("list %q: %w", text, err)
		}
		out = append(out, n)
	}
	return out, nil
}
