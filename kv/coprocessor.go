package kv

import "context"

// CoprocessorStore is what a Store offers that consists of processes which can
// run parts of plans where the data is.
type CoprocessorStore interface {
	Store
	// Coprocesses reports whether Readers of the store are Coprocessors whose
	// requests are worth making.
	Coprocesses() bool
}

// Coprocessor is what a Reader of such a store offers. What is run is a
// tipb.DAGRequest, which this package does not look into.
type Coprocessor interface {
	// Coprocess has the stores run a program over what the Reader's snapshot has
	// in spans. Nothing may have been written in between by the Reader's user
	// until the replies are closed.
	Coprocess(ctx context.Context, req CoprocessorRequest) (CoprocessorReplies, error)
}

// CoprocessorRequest is a program and what it runs over.
type CoprocessorRequest struct {
	Program []byte
	// Spans are worked on in this order; with Reverse each from its end, as the
	// program does. With Points each is one key, Start, and they ascend.
	Spans           []Span
	Reverse, Points bool
	// Rows: the program answers as many rows as it finds, so that it may be asked
	// for some at a time.
	Rows bool
	// Few: whoever reads the replies is likely to stop early.
	Few bool
	// Reserve is told how many more bytes of replies wait to be read (fewer, if
	// negative); an error of it is Next's. It is called from several goroutines.
	Reserve func(bytes int64) error
}

// CoprocessorReplies are the answers, in the order of the spans. They are used
// by one goroutine.
type CoprocessorReplies interface {
	// Next returns the next answer and io.EOF after the last.
	Next(ctx context.Context) (CoprocessorReply, error)
	// Close ends the request; it may be called at any time, repeatedly.
	Close()
}

// CoprocessorReply answers for a part of the spans.
type CoprocessorReply struct {
	// Spans are the part. It is read as it is by Scan if Data is nil: the
	// transaction wrote there, or the store did not do it, for a reason that may
	// be one of the data (Refusal).
	Spans   []Span
	Data    []byte // a tipb.SelectResponse
	Refusal string
}
