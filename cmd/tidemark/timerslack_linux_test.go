//go:build cgo

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestTimerSlack: every thread of the process has it, the runtime's monitor
// among them.
func TestTimerSlack(t *testing.T) {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip("no /proc:", err)
	}
	for _, task := range tasks {
		slack, err := os.ReadFile(fmt.Sprintf("/proc/%s/timerslack_ns", task.Name()))
		if err != nil {
			continue // the thread is gone, or others' slack is not for everybody to read
		}
		if s := strings.TrimSpace(string(slack)); s != "200000" {
			t.Errorf("thread %s: %s ns", task.Name(), s)
		}
	}
}
