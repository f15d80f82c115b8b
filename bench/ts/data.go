package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// metrics are the fields of a point, as TSBS's cpu-only use case has them.
var metrics = []string{
	"usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait",
	"usage_irq", "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice",
}

// tagNames are the columns of the relational table of hosts.
var tagNames = []string{
	"hostname", "region", "datacenter", "rack", "os", "arch", "team", "service", "service_version", "service_environment",
}

var (
	regions  = []string{"us-east-1", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1"}
	systems  = []string{"Ubuntu16.10", "Ubuntu16.04LTS", "Ubuntu15.10"}
	machines = []string{"x64", "x86"}
	teams    = []string{"SF", "NYC", "LON", "CHI"}
	stages   = []string{"production", "staging", "test"}
)

// shape is a data set: hosts that report every step for a day.
type shape struct {
	hosts int
	step  time.Duration
	span  time.Duration
}

// start is the first time of every data set.
var start = time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)

func (s shape) rows() int { return s.hosts * int(s.span/s.step) }

// hostTags are the values of a host's tags.
func hostTags(r *rand.Rand, host int) []string {
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	region := pick(regions)
	return []string{
		fmt.Sprintf("host_%d", host), region, fmt.Sprintf("%s%c", region, 'a'+r.IntN(3)), fmt.Sprint(r.IntN(100)),
		pick(systems), pick(machines), pick(teams), fmt.Sprint(r.IntN(20)), fmt.Sprint(r.IntN(2)), pick(stages),
	}
}

// tagRows are the rows of the table of hosts; host i has the id i+1.
func tagRows(s shape, seed uint64) [][]string {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([][]string, s.hosts)
	for i := range out {
		out[i] = hostTags(r, i)
	}
	return out
}

// walk is where each metric of each host stands: a walk of normal steps that
// stays between 0 and 100, reported without its fraction.
type walk struct {
	shape
	r     *rand.Rand
	state []float64
	tick  int
	host  int
}

func newWalk(s shape, seed uint64) *walk {
	w := &walk{shape: s, r: rand.New(rand.NewPCG(seed, 2)), state: make([]float64, s.hosts*len(metrics))}
	for i := range w.state {
		w.state[i] = w.r.Float64() * 100
	}
	return w
}

// point is one row of the table cpu.
type point struct {
	time   time.Time
	host   int
	values [10]float64
}

// next fills p with the next point, in the order of time and host; false at the end.
func (w *walk) next(p *point) bool {
	if w.host == w.hosts {
		w.host, w.tick = 0, w.tick+1
	}
	if time.Duration(w.tick)*w.step >= w.span {
		return false
	}
	p.time, p.host = start.Add(time.Duration(w.tick)*w.step), w.host
	state := w.state[w.host*len(metrics):][:len(metrics)]
	for i := range state {
		v := min(max(state[i]+w.r.NormFloat64(), 0), 100)
		state[i] = v
		p.values[i] = math.Floor(v)
	}
	w.host++
	return true
}

// copyHead begins PostgreSQL's binary COPY format.
var copyHead = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

var pgEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// binaryBatch encodes up to n points for a binary COPY of copyColumns; nil at the end.
func binaryBatch(next func(*point) bool, n int) (data []byte, rows int) {
	var b bytes.Buffer
	b.Grow(n*150 + 64)
	b.Write(copyHead)
	var buf []byte
	var p point
	for rows < n && next(&p) {
		buf = binary.BigEndian.AppendUint16(buf[:0], uint16(3+len(metrics)))
		buf = binary.BigEndian.AppendUint32(buf, 8)
		buf = binary.BigEndian.AppendUint64(buf, uint64(p.time.Sub(pgEpoch).Microseconds()))
		buf = binary.BigEndian.AppendUint32(buf, 4)
		buf = binary.BigEndian.AppendUint32(buf, uint32(p.host+1))
		buf = binary.BigEndian.AppendUint32(buf, math.MaxUint32) // additional_tags: NULL
		for _, v := range p.values {
			buf = binary.BigEndian.AppendUint32(buf, 8)
			buf = binary.BigEndian.AppendUint64(buf, math.Float64bits(v))
		}
		b.Write(buf)
		rows++
	}
	if rows == 0 {
		return nil, 0
	}
	b.Write([]byte{0xff, 0xff})
	return b.Bytes(), rows
}

// copyColumns are the columns of a batch.
var copyColumns = `"time", "tags_id", "additional_tags", "` + strings.Join(metrics, `", "`) + `"`
