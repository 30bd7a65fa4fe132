package probes

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"

	"muster/catalog"
)

const (
	// systemBus is the socket at which D-Bus is found on systems with systemd.
	systemBus = "/run/dbus/system_bus_socket"

	systemdName = "org.freedesktop.systemd1"
	unitName    = "org.freedesktop.systemd1.Unit"
)

// probeOSService is the probe that asks systemd for the state of a unit, over the
// D-Bus socket at a path: no program is started for it.
func probeOSService(socket string) probe {
	return func(ctx context.Context, def *catalog.CheckDefinition) Result {
		unit := def.OSService
		if !strings.Contains(unit, ".") {
			unit += ".service"
		}
		what := "unit " + unit
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
		if err != nil {
			return failure(ctx, what+": os_service checks need systemd and its D-Bus", err)
		}
		bus, err := dbus.NewConn(conn, dbus.WithContext(ctx)) // which closes conn, also when ctx is done
		if err != nil {
			conn.Close()
			return failure(ctx, what, err)
		}
		defer bus.Close()
		state, err := askSystemd(ctx, bus, unit)
		if err != nil {
			return failure(ctx, what, err)
		}
		return Result{state.status(), what + ": " + state.String()}
	}
}

// unitState is what systemd says of a unit, in its words.
type unitState struct{ load, active, sub string }

func askSystemd(ctx context.Context, bus *dbus.Conn, unit string) (s unitState, err error) {
	me := strconv.Itoa(os.Geteuid())
	if err := bus.Auth([]dbus.Auth{dbus.AuthExternal(me)}); err != nil {
		return s, fmt.Errorf("D-Bus: %w", err)
	}
	if err := bus.Hello(); err != nil {
		return s, fmt.Errorf("D-Bus: %w", err)
	}
	var path dbus.ObjectPath
	manager := bus.Object(systemdName, "/org/freedesktop/systemd1")
	if err := manager.CallWithContext(ctx, systemdName+".Manager.LoadUnit", dbus.FlagNoAutoStart, unit).Store(&path); err != nil {
		return s, fmt.Errorf("systemd: %w", err)
	}
	object := bus.Object(systemdName, path)
	for _, p := range []struct {
		name string
		into *string
	}{{"LoadState", &s.load}, {"ActiveState", &s.active}, {"SubState", &s.sub}} {
		var v dbus.Variant
		call := object.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, unitName, p.name)
		if err := call.Store(&v); err != nil {
			return s, fmt.Errorf("systemd: %s: %w", p.name, err)
		}
		text, ok := v.Value().(string)
		if !ok {
			return s, fmt.Errorf("systemd: %s is not a string", p.name)
		}
		*p.into = text
	}
	return s, nil
}

// status judges the state: on the way up is a warning, for such a unit may serve already.
func (s unitState) status() catalog.Status {
	switch s.active {
	case "active":
		return catalog.Passing
	case "activating", "reloading", "refreshing":
		return catalog.Warning
	default:
		return catalog.Critical
	}
}

// String says the state for people.
func (s unitState) String() string {
	if s.load != "loaded" {
		return s.active + " (" + s.load + ")"
	}
	return s.active + " (" + s.sub + ")"
}
