package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tenant0": main})
}

// TestScript runs the scripts in testdata/script with the command tenant0 itself.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir+"/home") // of the default data folder
			env.Setenv("COLUMNS", "100")            // of the help
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"banner":    bannerOf,
			"hold":      hold,
			"gone":      gone,
			"terminate": terminate,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
	})
}

// bannerOf reads the banner that a server in the background writes to a named
// pipe, copies it to stdout, and sets ISSUER, ADDRESS and TENANT0_CONTROL_URL to
// the values in it.
//
//	banner PIPE
func bannerOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: banner PIPE")
	}
	pipe, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(func() { pipe.Close() })
	variables := map[string]string{"Issuer": "ISSUER", "Listens on": "ADDRESS", "Control": "TENANT0_CONTROL_URL"}
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		fmt.Fprintln(ts.Stdout(), lines.Text())
		label, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), "   ")
		if name, ok := variables[label]; ok {
			ts.Setenv(name, strings.TrimSpace(value))
		}
		if lines.Text() == "Ctrl-C stops it." {
			return
		}
	}
	ts.Fatalf("the banner ended early: %v", lines.Err())
}

// hold sends the server half a request and leaves the connection open.
func hold(ts *testscript.TestScript, _ bool, _ []string) {
	conn, err := net.Dial("tcp", ts.Getenv("ADDRESS"))
	ts.Check(err)
	ts.Defer(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /oauth/token HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", ts.Getenv("ADDRESS"))
	ts.Check(err)
	// The server asks for the rest once it has begun to handle the request.
	status, err := bufio.NewReader(conn).ReadString('\n')
	ts.Check(err)
	if !strings.Contains(status, " 100 ") {
		ts.Fatalf("the server does not wait for the rest: %s", status)
	}
}

// gone waits until the server accepts no more connections.
func gone(ts *testscript.TestScript, _ bool, _ []string) {
	for {
		conn, err := net.Dial("tcp", ts.Getenv("ADDRESS"))
		if err != nil {
			return
		}
		conn.Close()
	}
}

// terminate sends SIGTERM to everything that runs in the background.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, command := range ts.BackgroundCmds() {
		ts.Check(command.Process.Signal(syscall.SIGTERM))
	}
}
