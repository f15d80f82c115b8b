package isolation

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// registerOp is one statement on one row.
type registerOp struct {
	kind     byte // r, w, c
	key      int
	old, new int
}

// registerResult is what it answered.
type registerResult struct {
	value   int  // of a read
	changed bool // by a compare-and-set
	unknown bool // nobody knows whether it was done
}

// register is the model: a row takes one statement at a time, at some moment
// between its begin and its end.
var register = porcupine.Model{
	Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[int][]porcupine.Operation{}
		for _, op := range all {
			key := op.Input.(registerOp).key
			byKey[key] = append(byKey[key], op)
		}
		var out [][]porcupine.Operation
		for _, ops := range byKey {
			out = append(out, ops)
		}
		return out
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		value, in, out := state.(int), input.(registerOp), output.(registerResult)
		switch in.kind {
		case 'r':
			return out.value == value, value
		case 'w':
			return true, in.new
		}
		fits := value == in.old
		if fits {
			value = in.new
		}
		return out.unknown || out.changed == fits, value
	},
}

const registerKeys = 3

// Registers runs single statements that read, write, or compare and set rows,
// and checks that they are linearizable.
func Registers(t *testing.T, load Load) {
	setup := load.connect(t, 0)
	mustExec(t, setup, "CREATE TABLE IF NOT EXISTS registers (k int PRIMARY KEY, v int NOT NULL)")
	mustExec(t, setup, "DELETE FROM registers")
	mustExec(t, setup, fmt.Sprintf("INSERT INTO registers SELECT g, 0 FROM generate_series(1, %d) g", registerKeys))
	begin := time.Now()
	var mu sync.Mutex
	var history []porcupine.Operation
	load.run(func(client int) {
		w := &listClient{t: t, conn: load.connect(t, client), since: begin, client: client, lossy: load.Lossy}
		for range load.Each {
			if op := w.register(); op != nil {
				mu.Lock()
				history = append(history, *op)
				mu.Unlock()
			}
			if t.Failed() {
				return
			}
			if w.conn.IsClosed() {
				w.conn = load.connect(t, client)
			}
		}
	})
	if len(history) < load.Clients*load.Each/4 {
		t.Errorf("%d statements answered, too few to tell anything", len(history))
	}
	if r := porcupine.CheckOperationsTimeout(register, history, time.Minute); r != porcupine.Ok {
		t.Errorf("%d statements on rows are not linearizable: %s", len(history), r)
	}
}

// register runs one statement. It returns nil for one that certainly did nothing.
func (w *listClient) register() *porcupine.Operation {
	in := registerOp{kind: "rrwc"[rand.IntN(4)], key: 1 + rand.IntN(registerKeys), old: rand.IntN(4), new: rand.IntN(4)}
	op := &porcupine.Operation{ClientId: w.client, Input: in, Call: int64(time.Since(w.since))}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out registerResult
	var err error
	switch in.kind {
	case 'r':
		err = w.conn.QueryRow(ctx, "SELECT v FROM registers WHERE k = $1", in.key).Scan(&out.value)
	case 'w':
		_, err = w.conn.Exec(ctx, "UPDATE registers SET v = $2 WHERE k = $1", in.key, in.new)
	case 'c':
		tag, execErr := w.conn.Exec(ctx, "UPDATE registers SET v = $3 WHERE k = $1 AND v = $2", in.key, in.old, in.new)
		out.changed, err = tag.RowsAffected() == 1, execErr
	}
	op.Return = int64(time.Since(w.since))
	switch w.outcome(true, err) {
	case aborted:
		return nil
	case unknown:
		if in.kind == 'r' {
			return nil
		}
		out.unknown, op.Return = true, math.MaxInt64
	}
	op.Output = out
	return op
}
