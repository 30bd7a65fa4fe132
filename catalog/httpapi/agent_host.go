package httpapi

import (
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/mem"
)

// AgentHost is the machine an agent runs on. What could not be learnt is null,
// and Errors says why.
type AgentHost struct {
	Memory         *mem.VirtualMemoryStat
	CPU            []cpu.InfoStat
	Host           *host.InfoStat
	Disk           *disk.UsageStat // of the root file system
	CollectionTime int64           // Unix nanoseconds
	Errors         []string
}

func (s *Server) agentHost(r *request) (answer, error) {
	out := AgentHost{CollectionTime: time.Now().UnixNano(), Errors: []string{}}
	note := func(what string, err error) {
		if err != nil {
			out.Errors = append(out.Errors, fmt.Sprintf("%s: %v", what, err))
		}
	}
	var err error
	out.Memory, err = mem.VirtualMemoryWithContext(r.Context())
	note("memory", err)
	out.CPU, err = cpu.InfoWithContext(r.Context())
	note("cpu", err)
	out.Host, err = host.InfoWithContext(r.Context())
	note("host", err)
	out.Disk, err = disk.UsageWithContext(r.Context(), "/")
	note("disk", err)
	return reply(out), nil
}
