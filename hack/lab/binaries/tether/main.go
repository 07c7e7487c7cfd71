// Command tether runs another command and makes sure that it does not outlive
// whoever started tether, however that ends: SIGKILL of the starter closes the
// pipe on standard input, and SIGKILL of tether itself is passed on by the
// kernel where it can be (Linux). A lab owns dozens of servers; without this,
// one crashed test run would leave them all behind.
//
//	tether [--pid-file FILE] COMMAND [ARGUMENT...]
//
// Standard input is held open by the starter and never written to. Its end
// means "kill the command now". SIGTERM is passed on, as a request to stop.
// The file receives the process id of the command and a newline.
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
	pidFile, args := "", os.Args[1:]
	if len(args) > 1 && args[0] == "--pid-file" {
		pidFile, args = args[1], args[2:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: tether [--pid-file FILE] COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	// The kernel ties the death signal to the thread that starts the command,
	// so that thread must live as long as this process does.
	runtime.LockOSThread()

	// Ctrl-C reaches everyone in a terminal. What to do then is the starter's decision.
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP)
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)

	command := exec.Command(args[0], args[1:]...)
	command.Stdout = os.Stdout
	command.Stderr = os.Stderr
	command.SysProcAttr = ownGroup()
	if err := command.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "tether: %v\n", err)
		os.Exit(127)
	}
	group := -command.Process.Pid
	if pidFile != "" {
		if err := os.WriteFile(pidFile, fmt.Appendln(nil, command.Process.Pid), 0o600); err != nil {
			fmt.Fprintf(os.Stderr, "tether: %v\n", err)
			_ = syscall.Kill(group, syscall.SIGKILL)
			os.Exit(126)
		}
	}

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
