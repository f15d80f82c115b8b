package peers

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// PIDs are the processes of the first peers' servers, 0 for one that is not known.
type PIDs [2]int

// CPU is the processor time of the server of a peer, 0 if it is not known.
func (p PIDs) CPU(peer int) time.Duration {
	if peer >= len(p) || p[peer] == 0 {
		return 0
	}
	d, err := CPU(p[peer])
	if err != nil {
		return 0
	}
	return d
}

// CPU returns the processor time that a process, its children and its ended
// children took so far. On a machine that others use too it says more than the
// clock does. The kernel counts it in ticks of 10 ms.
func CPU(pid int) (time.Duration, error) {
	ticks, err := ticksOf(pid)
	if err != nil {
		return 0, err
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, err
	}
	for _, c := range strings.Fields(string(children)) {
		child, err := strconv.Atoi(c)
		if err != nil {
			return 0, err
		}
		if t, err := ticksOf(child); err == nil { // it may have ended just now
			ticks += t
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// ticksOf reads utime, stime, cutime and cstime of proc_pid_stat(5).
func ticksOf(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 15 {
		return 0, fmt.Errorf("stat of %d: %d fields", pid, len(fields))
	}
	var sum int64
	for _, f := range fields[11:15] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
