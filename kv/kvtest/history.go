package kvtest

import (
	"testing"
	"time"

	"github.com/tidemarkdb/tidemark/kv"
	"github.com/tidemarkdb/tidemark/sql/pgerror"
)

var historyTests = map[string]func(*testing.T, *suite){
	"read in the past": func(_ *testing.T, s *suite) {
		s.open(Options{GCLifetime: time.Hour})
		first := s.set("a", "1", "b", "1")
		second := s.set("a", "2")
		third := s.unset("a")
		s.clean()
		for _, c := range []struct {
			ts   kv.Timestamp
			want string
		}{{first - 1, ""}, {first, "a=1 b=1"}, {second - 1, "a=1 b=1"}, {second, "a=2 b=1"}, {third, "b=1"}} {
			r, err := s.Snapshot(ctx, c.ts)
			s.ok(err)
			s.scan(r, kv.Span{}, kv.ScanOptions{}, c.want)
			r.Close()
			txn, err := s.Begin(ctx, kv.TxnOptions{ReadTS: c.ts})
			s.ok(err)
			if txn.ReadTS() != c.ts {
				s.t.Fatal(txn.ReadTS())
			}
			s.scan(txn, kv.Span{}, kv.ScanOptions{Reverse: c.want == ""}, c.want)
			s.code(txn.Put([]byte("a"), nil), pgerror.ReadOnlySqlTransaction)
			txn.Rollback()
		}
	},
	"not in the future": func(_ *testing.T, s *suite) {
		clock := newFakeClock()
		s.open(Options{Clock: clock.Now})
		s.set("a", "1")
		_, err := s.Snapshot(ctx, kv.TimestampAt(clock.Now().Add(time.Hour)))
		s.code(err, pgerror.InvalidParameterValue)
		_, err = s.Begin(ctx, kv.TxnOptions{ReadTS: kv.TimestampAt(clock.Now().Add(time.Hour))})
		s.code(err, pgerror.InvalidParameterValue)
	},
	"a snapshot between commits does not change": func(_ *testing.T, s *suite) {
		clock := newFakeClock()
		s.open(Options{Clock: clock.Now, GCLifetime: time.Hour})
		s.set("a", "1")
		clock.advance(time.Minute)
		ts := kv.TimestampAt(clock.Now())
		r, err := s.Snapshot(ctx, ts)
		s.ok(err)
		defer r.Close()
		if at := s.set("a", "2"); at <= ts {
			s.t.Fatalf("commit at %d, but %d was read", at, ts)
		}
		s.get(r, "a", "1")
	},
	"too old": func(_ *testing.T, s *suite) {
		clock := newFakeClock()
		s.open(Options{Clock: clock.Now, GCLifetime: time.Minute})
		first := s.set("a", "1")
		s.set("a", "2")
		clock.advance(30 * time.Second)
		third := s.set("a", "3")
		s.clean()
		r, err := s.Snapshot(ctx, first)
		s.ok(err)
		s.get(r, "a", "1")
		r.Close()
		clock.advance(40 * time.Second)
		s.set("b", "1")
		s.clean()
		_, err = s.Snapshot(ctx, first)
		s.code(err, pgerror.SnapshotTooOld)
		_, err = s.Begin(ctx, kv.TxnOptions{ReadTS: first})
		s.code(err, pgerror.SnapshotTooOld)
		r, err = s.Snapshot(ctx, third)
		s.ok(err)
		s.get(r, "a", "3")
		r.Close()
	},
	"open snapshots and barriers keep versions": func(_ *testing.T, s *suite) {
		clock := newFakeClock()
		s.open(Options{Clock: clock.Now})
		first := s.set("a", "1", "d", "1")
		reader := s.begin()
		second := s.set("a", "2")
		s.unset("d")
		release := s.Barrier(second)
		s.set("a", "3")
		clock.advance(time.Hour)
		s.clean()
		s.get(reader, "a", "1")
		s.get(reader, "d", "1")
		reader.Rollback()
		s.clean()
		clock.advance(time.Hour)
		s.set("x", "1")
		s.clean()
		_, err := s.Snapshot(ctx, first)
		s.code(err, pgerror.SnapshotTooOld)
		r, err := s.Snapshot(ctx, second)
		s.ok(err)
		s.get(r, "a", "2")
		s.get(r, "d", "1")
		r.Close()
		release()
		release()
		clock.advance(time.Hour)
		s.set("y", "1")
		s.clean()
		_, err = s.Snapshot(ctx, second)
		s.code(err, pgerror.SnapshotTooOld)
		s.scan(s.begin(), kv.Span{}, kv.ScanOptions{}, "a=3 x=1 y=1")
	},
	"nothing changed for long": func(_ *testing.T, s *suite) {
		clock := newFakeClock()
		s.open(Options{Clock: clock.Now})
		ts := s.set("a", "1")
		clock.advance(24 * time.Hour)
		s.clean()
		txn := s.begin() // the newest snapshot is never too old
		s.get(txn, "a", "1")
		if txn.ReadTS() < ts {
			s.t.Fatal(txn.ReadTS())
		}
	},
	"timestamps never go back": func(t *testing.T, s *suite) {
		clock := newFakeClock()
		last := kv.Timestamp(0)
		check := func(ts kv.Timestamp, err error) {
			t.Helper()
			s.ok(err)
			if ts < last {
				t.Fatalf("%d after %d", ts, last)
			}
			last = ts
		}
		for i := range 4 {
			s.open(Options{Name: "clock", Clock: clock.Now})
			check(s.Now(ctx))
			before := last
			check(s.set("a", "1"), nil)
			if last == before {
				t.Fatal("a commit at a timestamp that was given out")
			}
			clock.advance(-time.Duration(i) * time.Hour)
			check(s.Now(ctx))
			check(s.set("a", "2"), nil)
			txn := s.begin()
			check(txn.ReadTS(), nil)
			s.get(txn, "a", "2")
			txn.Rollback()
			clock.advance(time.Duration(i) * time.Hour / 2)
			check(s.Now(ctx))
			s.ok(s.Close())
		}
		clock.advance(100 * time.Hour)
		s.open(Options{Name: "clock", Clock: clock.Now})
		check(s.Now(ctx))
		if d := clock.Now().Sub(last.Time()); d < 0 || d > time.Millisecond {
			t.Fatalf("the clock is %s ahead", d)
		}
	},
	"cleaning keeps what is newest": func(_ *testing.T, s *suite) {
		clock := newFakeClock()
		s.open(Options{Clock: clock.Now})
		for i := range 300 {
			s.set("hot", string(rune('a'+i%26)), "warm", "w")
			if i%10 == 0 {
				s.unset("gone")
				s.set("gone", "x")
			}
		}
		s.unset("gone")
		clock.advance(time.Minute)
		s.set("z", "1")
		for range 3 {
			s.clean()
			s.scan(s.begin(), kv.Span{}, kv.ScanOptions{}, "hot=n warm=w z=1")
			s.scan(s.begin(), kv.Span{}, kv.ScanOptions{Reverse: true}, "z=1 warm=w hot=n")
		}
	},
}
