//go:build !linux

package testcluster

import "syscall"

func attributes(detached bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: detached}
}
