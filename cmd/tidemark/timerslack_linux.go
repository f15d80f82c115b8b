//go:build cgo

package main

// The Go runtime's monitor sleeps for 20 microseconds at a time while a
// goroutine is in a system call, and so it does all the time under short
// transactions: a tenth of the server's processor time. Threads inherit the
// timer slack of the one that starts them, and the monitor is started before
// any Go code runs, so this is set when the program is loaded. Sleeps of the
// process may last 0.2 ms longer for it.

/*
#include <sys/prctl.h>

__attribute__((constructor)) static void tidemark_timer_slack(void) { prctl(PR_SET_TIMERSLACK, 200000UL, 0UL, 0UL, 0UL); }
*/
import "C"
