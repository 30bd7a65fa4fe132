package agent

import (
	"reflect"
	"time"

	"muster/catalog"
)

// fileKeys is what a config file may hold. Pointers tell keys that are absent
// from those that are set to nothing.
type fileKeys struct {
	settings
	registrations
	watchKeys
}

// settings are the keys of which later files override earlier ones; see merge.
type settings struct {
	nodeKeys
	addressKeys
	gossipKeys
	joinKeys
	tlsKeys
	raftKeys
	autopilotKeys
	snapshotKeys
	dnsKeys
	httpKeys
	processKeys
	checkKeys
	guardKeys
	externalKeys
	execKeys
}

type httpKeys struct {
	Sockets struct {
		User  *string `key:"user"`
		Group *string `key:"group"`
		Mode  *string `key:"mode"`
	} `key:"unix_sockets"`
	HTTP struct {
		AllowedHosts   []string `key:"allowed_hosts"` // not Consul's
		BlockEndpoints []string `key:"block_endpoints"`
		AllowWriteFrom []string `key:"allow_write_http_from"`
		ConsulVersion  *string  `key:"consul_version"` // not Consul's
	} `key:"http_config"`
	Limits struct {
		HTTPMaxConnsPerClient *int           `key:"http_max_conns_per_client"`
		RPCMaxConnsPerClient  *int           `key:"rpc_max_conns_per_client"`
		RPCHandshakeTimeout   *time.Duration `key:"rpc_handshake_timeout"`
		KVMaxValueSize        *int           `key:"kv_max_value_size"`
	} `key:"limits"`
	UI       *bool   `key:"ui"`
	UIDir    *string `key:"ui_dir"`
	UIConfig struct {
		Enabled *bool   `key:"enabled"`
		Dir     *string `key:"dir"`
	} `key:"ui_config"`
}

type processKeys struct {
	LogLevel       *string `key:"log_level"`
	LogJSON        *bool   `key:"log_json"`
	EnableDebug    *bool   `key:"enable_debug"`
	PidFile        *string `key:"pid_file"`
	LeaveOnTerm    *bool   `key:"leave_on_terminate"`
	DrainOnLeave   *bool   `key:"drain_on_leave"` // not Consul's
	SkipLeaveOnInt *bool   `key:"skip_leave_on_interrupt"`
	// Of these tables no key does anything here; they are structs so that each of
	// their keys is known or refused by itself.
	ACL       struct{} `key:"acl"`
	Telemetry struct{} `key:"telemetry"`
}

type checkKeys struct {
	EnableScriptChecks      *bool          `key:"enable_script_checks"`
	EnableLocalScriptChecks *bool          `key:"enable_local_script_checks"`
	CheckUpdateInterval     *time.Duration `key:"check_update_interval"`
	DiscardCheckOutput      *bool          `key:"discard_check_output"`
}

// guardKeys are none of Consul's; see [catalog.Guard].
type guardKeys struct {
	Guard struct {
		WhenAllCritical *string        `key:"when_all_critical"`
		BrakePercent    *int           `key:"brake_percent"`
		BrakeWindow     *time.Duration `key:"brake_window"`
		SlowStart       *time.Duration `key:"slow_start"`
	} `key:"guard"`
}

// registrations are the services and checks of one file. Those of all files count.
type registrations struct {
	Service  *catalog.ServiceDefinition  `key:"service"`
	Services []catalog.ServiceDefinition `key:"services"`
	Check    *catalog.CheckDefinition    `key:"check"`
	Checks   []catalog.CheckDefinition   `key:"checks"`
}

// watchKeys are the watches of one file, likewise.
type watchKeys struct {
	Watches []watchDefinition `key:"watches"`
}

// merge lays over on top of under: what over sets replaces, lists are appended to, maps are joined.
func merge(under *settings, over settings) {
	mergeValue(reflect.ValueOf(under).Elem(), reflect.ValueOf(over))
}

func mergeValue(under, over reflect.Value) {
	kind := over.Kind()
	switch {
	case kind == reflect.Struct:
		for i := range over.NumField() {
			mergeValue(under.Field(i), over.Field(i))
		}
	case over.IsNil():
	case kind == reflect.Slice && !under.IsNil():
		under.Set(reflect.AppendSlice(under, over))
	case kind == reflect.Map:
		if under.IsNil() { // a map of its own: that of the file is not to change
			under.Set(reflect.MakeMap(under.Type()))
		}
		for it := over.MapRange(); it.Next(); {
			under.SetMapIndex(it.Key(), it.Value())
		}
	default:
		under.Set(over)
	}
}
