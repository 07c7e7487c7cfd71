// Command tether runs another command and makes sure that it does not outlive
// whoever started tether, however that ends: SIGKILL of the starter closes the
// pipe on standard input, and SIGKILL of tether itself is passed on by the
// kernel where it can be (Linux). A lab owns dozens of servers; without this,
// one crashed test run would leave them all behind.
//
//	tether COMMAND [ARGUMENT...]
//
// Standard input is held open by the starter and never written to. Its end
// means "kill the command now". SIGTERM is passed on, as a request to stop.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: tether COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	// The kernel ties the death signal to the thread that starts the command,
	// so that thread must live as long as this process does.
	runtime.LockOSThread()

	// Ctrl-C reaches everyone in a terminal. What to do then is the starter's decision.
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP)
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)

	command := exec.Command(os.Args[1], os.Args[2:]...)
	command.Stdout = os.Stdout
	command.Stderr = os.Stderr
	command.SysProcAttr = ownGroup()
	if err := command.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "tether: %v\n", err)
		os.Exit(127)
	}
	group := -command.Process.Pid

	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = syscall.Kill(group, syscall.SIGKILL)
	}()
	go func() {
		for range terminate {
			_ = syscall.Kill(group, syscall.SIGTERM)
		}
	}()

	err := command.Wait()
	// What the command started itself goes with it.
	_ = syscall.Kill(group, syscall.SIGKILL)
	os.Exit(exitCode(err))
}

// exitCode follows the shell: 128 + signal for a command that was killed.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 1
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
