// SPDX-License-Identifier: Apache-2.0

// gosdk JAILER FIRECRACKER BASE: firecracker-go-sdk, as it is, with that jailer: what its machines rely on. Prints TAP.
// Needs root, KVM and TUN. BASE is a directory for jails, and is left as empty as it was.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	sdk "github.com/firecracker-microvm/firecracker-go-sdk"
	"github.com/firecracker-microvm/firecracker-go-sdk/client/models"
	"github.com/sirupsen/logrus"
)

const (
	uid     = 30001
	gid     = 30002
	noNode  = 4711 // a NUMA node that no machine has: the sdk asks for no cgroup then
	timeout = 5 * time.Second
)

var (
	jailer, vmm, base string
	kernel, disk      string
	id                string // of the machine of this case
)

// What the machine prints: its standard output and error are pipes of ours.
type output struct {
	sync.Mutex
	bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.Lock()
	defer o.Unlock()
	return o.Buffer.Write(p)
}

func (o *output) has(text string) bool {
	o.Lock()
	defer o.Unlock()
	return strings.Contains(o.Buffer.String(), text)
}

func check(condition bool, format string, args ...any) {
	if !condition {
		panic(fmt.Errorf(format, args...))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func eventually(what string, condition func() bool) {
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return
		}
	}
	panic(errors.New("never: " + what))
}

func root() string {
	return filepath.Join(base, filepath.Base(vmm), id, "root")
}

func config(out *output, change ...func(*sdk.Config)) sdk.Config {
	c := sdk.Config{
		KernelImagePath: kernel,
		KernelArgs:      "console=ttyS0 reboot=k",
		Drives: []models.Drive{{
			DriveID: sdk.String("root"), PathOnHost: sdk.String(disk), IsRootDevice: sdk.Bool(true), IsReadOnly: sdk.Bool(false),
		}},
		MachineCfg: models.MachineConfiguration{VcpuCount: sdk.Int64(1), MemSizeMib: sdk.Int64(32)},
		JailerCfg: &sdk.JailerConfig{
			GID: sdk.Int(gid), UID: sdk.Int(uid), ID: id, NumaNode: sdk.Int(noNode), ExecFile: vmm, JailerBinary: jailer,
			ChrootBaseDir: base, ChrootStrategy: sdk.NewNaiveChrootStrategy(kernel), CgroupVersion: "2",
			Stdout: out, Stderr: out,
		},
		ForwardSignals: []os.Signal{},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func machine(ctx context.Context, c sdk.Config) *sdk.Machine {
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)
	m, err := sdk.NewMachine(ctx, c, sdk.WithLogger(logrus.NewEntry(quiet)))
	must(err)
	return m
}

// The state that the API tells, or "".
func state(socket string) string {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) },
	}}
	reply, err := client.Get("http://localhost/")
	if err != nil {
		return ""
	}
	defer reply.Body.Close()
	var info struct{ ID, State string }
	if json.NewDecoder(reply.Body).Decode(&info) != nil || info.ID != id {
		return ""
	}
	return info.State
}

func status(pid int, field string) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.TrimPrefix(line, field+":"), strings.HasPrefix(line, field+":"); ok {
			return strings.Join(strings.Fields(rest), " ")
		}
	}
	return ""
}

func pidFile() int {
	text, err := os.ReadFile(filepath.Join(root(), filepath.Base(vmm)+".pid"))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(string(text))
	return pid
}

// The process that the sdk has started is the VMM.
func isTheVMM(m *sdk.Machine) int {
	pid, err := m.PID()
	must(err)
	check(status(pid, "Uid") == "30001 30001 30001 30001", "uid of %d is %s", pid, status(pid, "Uid"))
	check(status(pid, "CapBnd") == "0000000000000000", "CapBnd is %s", status(pid, "CapBnd"))
	check(pidFile() == pid, "the pid file has %d instead of %d", pidFile(), pid)
	return pid
}

func gone(pid int) bool {
	return syscall.Kill(pid, 0) != nil
}

func foreground() {
	out := &output{}
	m := machine(context.Background(), config(out))
	must(m.Start(context.Background()))
	isTheVMM(m)
	info, err := m.DescribeInstanceInfo(context.Background())
	must(err)
	check(*info.ID == id && *info.State == "Running", "it is %s and %s", *info.ID, *info.State)
	check(m.StopVMM() == nil, "StopVMM failed")
	err = m.Wait(context.Background())
	check(err != nil && strings.Contains(err.Error(), "signal: terminated"), "Wait returned %v", err)
	_, err = os.Stat(filepath.Join(root(), "run/firecracker.socket"))
	check(os.IsNotExist(err), "the socket is still there")
}

func exitStatus() {
	m := machine(context.Background(), config(&output{}))
	must(m.Start(context.Background()))
	must(syscall.Kill(isTheVMM(m), syscall.SIGHUP))
	err := m.Wait(context.Background())
	check(err != nil && strings.Contains(err.Error(), "exit status 156"), "Wait returned %v", err)
}

func twiceInARow() {
	for i := 0; i < 2; i++ {
		foreground()
		must(os.RemoveAll(filepath.Dir(root()))) // as managers do
	}
}

func cancel() {
	ctx, stop := context.WithCancel(context.Background())
	m := machine(ctx, config(&output{}))
	must(m.Start(ctx))
	pid := isTheVMM(m)
	stop()
	check(m.Wait(context.Background()) != nil, "Wait returned nil")
	eventually("the VMM ends", func() bool { return gone(pid) })
}

func socketInTheRootDirectory() {
	m := machine(context.Background(), config(&output{}, func(c *sdk.Config) { c.SocketPath = "api.socket" }))
	must(m.Start(context.Background()))
	check(state(filepath.Join(root(), "api.socket")) == "Running", "the API does not answer")
	must(m.StopVMM())
	_ = m.Wait(context.Background())
}

func fifos() {
	m := machine(context.Background(), config(&output{}, func(c *sdk.Config) {
		c.LogFifo, c.MetricsFifo = filepath.Join(base, "log.fifo"), filepath.Join(base, "metrics.fifo")
		c.LogLevel = "Info"
	}))
	must(m.Start(context.Background()))
	must(m.StopVMM())
	_ = m.Wait(context.Background())
}

func failure() {
	out := &output{}
	m := machine(context.Background(), config(out, func(c *sdk.Config) { c.JailerCfg.UID = sdk.Int(0) }))
	err := m.Start(context.Background())
	check(err != nil && strings.Contains(err.Error(), "exit status 1"), "Start returned %v", err)
	check(out.has("--uid is 0"), "it said %q", out.String())
	_, err = os.Stat(filepath.Dir(root()))
	check(os.IsNotExist(err), "something is left")
}

func cgroup() {
	version := "2"
	mounts, err := os.ReadFile("/proc/self/mounts")
	must(err)
	controllers, _ := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
	if strings.Contains(string(mounts), ",cpuset ") {
		version = "1"
	} else if !strings.Contains(string(controllers), "cpuset") {
		panic(skip("not in the sample, as there is no cpuset here"))
	}
	m := machine(context.Background(), config(&output{}, func(c *sdk.Config) { c.JailerCfg.NumaNode, c.JailerCfg.CgroupVersion = sdk.Int(0), version }))
	must(m.Start(context.Background()))
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", isTheVMM(m)))
	must(err)
	check(strings.Contains(string(text), "/"+filepath.Base(vmm)+"/"+id+"\n"), "it is in %s", text)
	must(m.StopVMM())
	_ = m.Wait(context.Background())
}

func netns() {
	name := "gosdk-" + strconv.Itoa(os.Getpid())
	must(exec.Command("ip", "netns", "add", name).Run())
	defer exec.Command("ip", "netns", "del", name).Run()
	m := machine(context.Background(), config(&output{}, func(c *sdk.Config) { c.NetNS = "/var/run/netns/" + name }))
	must(m.Start(context.Background()))
	want, err := os.Stat("/run/netns/" + name)
	must(err)
	got, err := os.Stat(fmt.Sprintf("/proc/%d/ns/net", isTheVMM(m)))
	must(err)
	check(os.SameFile(want, got), "it is in another network namespace")
	must(m.StopVMM())
	_ = m.Wait(context.Background())
}

// The released sdk takes the end of the process for that of the machine, and removes the socket of one that is up by then.
func daemonize() {
	socket := filepath.Join(root(), "run/firecracker.socket")
	m := machine(context.Background(), config(&output{}, func(c *sdk.Config) { c.JailerCfg.Daemonize = true }))
	hidden := m.Cfg.SocketPath
	m.Handlers.FcInit = m.Handlers.FcInit.Clear().Append(sdk.StartVMMHandler)
	m.Cfg.SocketPath = filepath.Join(base, "none")
	_ = m.Start(context.Background())
	m.Cfg.SocketPath = hidden
	eventually("the API answers", func() bool { return state(socket) != "" })
	pid := pidFile()
	check(status(pid, "Uid") == "30001 30001 30001 30001", "the pid file does not name the VMM")
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/1", pid))
	must(err)
	check(link == "/dev/null", "standard output is %s", link)
	must(syscall.Kill(pid, syscall.SIGTERM))
	eventually("the VMM ends", func() bool { return gone(pid) })
}

type skip string // the reason

func (s skip) Error() string { return string(s) }

func attempt(f func()) (err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case error:
			err = e
		default:
			panic(e)
		}
	}()
	f()
	return nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: gosdk JAILER FIRECRACKER BASE")
		os.Exit(64)
	}
	jailer, vmm, base = os.Args[1], os.Args[2], os.Args[3]
	kernel, disk = os.Getenv("KERNEL"), filepath.Join(base, "disk.img")
	must(os.WriteFile(disk, make([]byte, 65536), 0o600))
	must(os.Chown(disk, uid, gid))
	if kernel == "" {
		kernel = filepath.Join(base, "kernel")
		must(os.WriteFile(kernel, []byte("kernel"), 0o644))
	}

	cases := []struct {
		name string
		f    func()
	}{
		{"foreground", foreground}, {"exit-status", exitStatus}, {"twice-in-a-row", twiceInARow}, {"cancel", cancel},
		{"socket-in-the-root-directory", socketInTheRootDirectory}, {"fifos", fifos}, {"failure", failure}, {"cgroup", cgroup},
		{"netns", netns}, {"daemonize", daemonize},
	}
	failed := 0
	fmt.Printf("1..%d\n", len(cases))
	for i, c := range cases {
		id = "sdk-" + c.name
		err := attempt(c.f)
		var reason skip
		switch {
		case err == nil:
			fmt.Printf("ok %d - %s\n", i+1, c.name)
		case errors.As(err, &reason):
			fmt.Printf("ok %d - %s # SKIP %s\n", i+1, c.name, reason)
		default:
			failed++
			fmt.Printf("not ok %d - %s\n# %s\n", i+1, c.name, strings.ReplaceAll(err.Error(), "\n", "\n# "))
		}
		_ = os.RemoveAll(filepath.Dir(root()))
		_ = os.Remove(filepath.Dir(filepath.Dir(root())))
	}
	_ = os.Remove(disk)
	_ = os.Remove(filepath.Join(base, "kernel"))
	if failed > 0 {
		os.Exit(1)
	}
}
