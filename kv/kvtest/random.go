package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
)

var randomTests = map[string]func(*testing.T, *suite){
	"against a model": func(t *testing.T, s *suite) {
		for range 20 {
			runRandom(t, &suite{t: t, openStore: s.openStore}, rand.Uint64(), 400)
		}
	},
}

// model is the plain store the random test compares with: all versions of all
// keys, in memory.
type model struct {
	commits []map[string]*string // nil: deleted
	stamps  []kv.Timestamp
}

func (m *model) at(ts kv.Timestamp) map[string]string {
	state := map[string]string{}
	for i, c := range m.commits {
		if m.stamps[i] > ts {
			break
		}
		apply(state, c)
	}
	return state
}

func apply(state map[string]string, writes map[string]*string) {
	for k, v := range writes {
		if v == nil {
			delete(state, k)
		} else {
			state[k] = *v
		}
	}
}

func (m *model) newest(key string) kv.Timestamp {
	for i := len(m.commits) - 1; i >= 0; i-- {
		if _, ok := m.commits[i][key]; ok {
			return m.stamps[i]
		}
	}
	return 0
}

// modelTxn is a transaction of the model.
type modelTxn struct {
	kv.Txn
	writes     map[string]*string
	checked    map[string]kv.Timestamp // first checked write, by read timestamp
	first      map[string]kv.Timestamp // first write at all
	savepoints []modelTxn
}

func (m *modelTxn) copy() modelTxn {
	return modelTxn{writes: maps.Clone(m.writes), checked: maps.Clone(m.checked), first: maps.Clone(m.first)}
}

// iterating is a scan in progress and what it should return.
type iterating struct {
	it   kv.Iterator
	txn  *modelTxn
	want []string
	skip map[string]bool // keys written since, which may or may not be seen
	got  []string
}

func runRandom(t *testing.T, s *suite, seed uint64, steps int) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	rng := rand.New(rand.NewPCG(seed, 1))
	clock := newFakeClock()
	opts := Options{Name: fmt.Sprint("random", seed), Clock: clock.Now, GCLifetime: time.Duration(rng.IntN(3)) * time.Second}
	s.open(opts)
	m := &model{}
	var txns []*modelTxn
	var scans []*iterating
	key := func() string {
		k := strings.Repeat("k", 1+rng.IntN(3)) + string([]byte{byte(rng.IntN(4)), byte(rng.IntN(2) * 255)})
		return k[:len(k)-rng.IntN(2)]
	}
	visible := func(x *modelTxn) map[string]string {
		state := m.at(x.ReadTS())
		apply(state, x.writes)
		return state
	}
	endScans := func(x *modelTxn) {
		scans = slices.DeleteFunc(scans, func(i *iterating) bool {
			if i.txn == x {
				i.it.Close()
			}
			return i.txn == x
		})
	}
	end := func(i int) {
		endScans(txns[i])
		txns = slices.Delete(txns, i, i+1)
	}
	for range steps {
		clock.advance(time.Duration(rng.IntN(100)) * time.Millisecond)
		if len(txns) == 0 || len(txns) < 4 && rng.IntN(10) == 0 {
			txns = append(txns, &modelTxn{
				Txn: s.begin(), writes: map[string]*string{},
				checked: map[string]kv.Timestamp{}, first: map[string]kv.Timestamp{},
			})
		}
		i := rng.IntN(len(txns))
		x := txns[i]
		switch op := rng.IntN(100); {
		case op < 35: // write
			n := 1
			if rng.IntN(20) == 0 {
				n = 50
			}
			for range n {
				k := key()
				v := strings.Repeat("v", rng.IntN(20)) + fmt.Sprint(rng.IntN(1000))
				checked := rng.IntN(4) > 0
				var err error
				switch del := rng.IntN(4) == 0; {
				case del && checked:
					err = x.Delete([]byte(k))
					x.writes[k] = nil
				case del:
					err = x.DeleteUnchecked([]byte(k))
					x.writes[k] = nil
				case checked:
					err = x.Put([]byte(k), []byte(v))
					x.writes[k] = &v
				default:
					err = x.PutUnchecked([]byte(k), []byte(v))
					x.writes[k] = &v
				}
				s.ok(err)
				if _, ok := x.first[k]; !ok {
					x.first[k] = x.ReadTS()
				}
				if checked {
					x.checked[k] = x.first[k]
				}
				for _, sc := range scans {
					if sc.txn == x {
						sc.skip[k] = true
					}
				}
			}
		case op < 50: // get
			k := key()
			want, ok := visible(x)[k]
			v, found, err := x.Get(ctx, []byte(k))
			s.ok(err)
			if found != ok || string(v) != want {
				t.Fatalf("get %q: %q %v, want %q %v", k, v, found, want, ok)
			}
		case op < 60: // begin a scan
			sp := kv.Span{}
			if rng.IntN(2) == 0 {
				sp.Start = []byte(key())
			}
			if rng.IntN(2) == 0 {
				sp.End = []byte(key())
			}
			o := kv.ScanOptions{Reverse: rng.IntN(2) == 0, BatchSize: rng.IntN(4)}
			it, err := x.Scan(ctx, sp, o)
			s.ok(err)
			var want []string
			state := visible(x)
			for _, k := range slices.Sorted(maps.Keys(state)) {
				if k >= string(sp.Start) && (len(sp.End) == 0 || k < string(sp.End)) {
					want = append(want, k+"="+state[k])
				}
			}
			if o.Reverse {
				slices.Reverse(want)
			}
			scans = append(scans, &iterating{it: it, txn: x, want: want, skip: map[string]bool{}})
		case op < 75: // go on with a scan
			if len(scans) == 0 {
				continue
			}
			j := rng.IntN(len(scans))
			sc := scans[j]
			batch, err := sc.it.NextBatch(ctx)
			for _, p := range batch {
				sc.got = append(sc.got, string(p.Key)+"="+string(p.Value))
			}
			if errors.Is(err, io.EOF) {
				compareScan(t, sc)
				sc.it.Close()
				scans = slices.Delete(scans, j, j+1)
				continue
			}
			s.ok(err)
		case op < 80:
			x.savepoints = append(x.savepoints, x.copy())
			if sp := x.Savepoint(); int(sp) != len(x.savepoints)-1 {
				t.Fatalf("savepoint %d", sp)
			}
		case op < 85:
			if len(x.savepoints) == 0 {
				continue
			}
			j := rng.IntN(len(x.savepoints))
			if rng.IntN(4) == 0 {
				x.Release(kv.Savepoint(j))
				x.savepoints = x.savepoints[:j]
				continue
			}
			endScans(x)
			x.RollbackTo(kv.Savepoint(j), rng.IntN(2) == 0)
			was := x.savepoints[j].copy()
			x.writes, x.checked, x.first = was.writes, was.checked, was.first
			x.savepoints = x.savepoints[:j+1]
		case op < 88:
			s.ok(x.Refresh(ctx))
		case op < 94: // commit
			conflict := false
			for k, ts := range x.checked {
				conflict = conflict || m.newest(k) > ts
			}
			ts, err := x.Commit(ctx, rng.IntN(2) == 0)
			switch {
			case conflict != errors.Is(err, kv.ErrWriteConflict):
				t.Fatalf("commit: %v, want a conflict: %v", err, conflict)
			case err == nil && len(x.writes) > 0:
				if len(m.stamps) > 0 && ts <= m.stamps[len(m.stamps)-1] {
					t.Fatalf("commit at %d after %d", ts, m.stamps[len(m.stamps)-1])
				}
				m.commits, m.stamps = append(m.commits, x.writes), append(m.stamps, ts)
			case !conflict:
				s.ok(err)
			}
			end(i)
		case op < 96:
			x.Rollback()
			end(i)
		case op < 98:
			s.clean()
		default:
			for len(txns) > 0 {
				txns[0].Rollback()
				end(0)
			}
			s.ok(s.Close())
			s.open(opts)
		}
	}
	for len(scans) > 0 {
		endScans(scans[0].txn)
	}
}

// compareScan compares all but the keys written while the scan was open.
func compareScan(t *testing.T, sc *iterating) {
	t.Helper()
	filter := func(pairs []string) []string {
		return slices.DeleteFunc(slices.Clone(pairs), func(p string) bool {
			k, _, _ := bytes.Cut([]byte(p), []byte("="))
			return sc.skip[string(k)]
		})
	}
	if got, want := filter(sc.got), filter(sc.want); !slices.Equal(got, want) {
		t.Fatalf("scan: %q, want %q", got, want)
	}
}
