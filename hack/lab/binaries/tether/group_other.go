//go:build !linux

package main

import "syscall"

// Elsewhere only the end of standard input is seen: a SIGKILL of tether itself
// leaves the command running.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
