package agent

import (
	"reflect"
	"time"

	"muster/catalog/document"
)

// Overrides are the settings given as flags. Nil is a flag that was not given;
// lists are appended to those of the files, maps joined with them, the rest overrides.
// The tags name the flag, and the config key it overrides.
type Overrides struct {
	Server             *bool             `flag:"server" key:"server"`
	Bootstrap          *bool             `flag:"bootstrap" key:"bootstrap"`
	BootstrapExpect    *int              `flag:"bootstrap-expect" key:"bootstrap_expect"`
	RetryJoin          []string          `flag:"retry-join" key:"retry_join"`
	RetryInterval      *time.Duration    `flag:"retry-interval" key:"retry_interval"`
	RetryMax           *int              `flag:"retry-max" key:"retry_max"`
	StartJoin          []string          `flag:"join" key:"start_join"`
	RetryJoinWAN       []string          `flag:"retry-join-wan" key:"retry_join_wan"`
	RetryIntervalWAN   *time.Duration    `flag:"retry-interval-wan" key:"retry_interval_wan"`
	RetryMaxWAN        *int              `flag:"retry-max-wan" key:"retry_max_wan"`
	StartJoinWAN       []string          `flag:"join-wan" key:"start_join_wan"`
	Rejoin             *bool             `flag:"rejoin" key:"rejoin_after_leave"`
	Encrypt            *string           `flag:"encrypt" key:"encrypt"`
	DisableKeyringFile *bool             `flag:"disable-keyring-file" key:"disable_keyring_file"`
	RaftProtocol       *int              `flag:"raft-protocol" key:"raft_protocol"`
	DataDir            *string           `flag:"data-dir" key:"data_dir"`
	NodeName           *string           `flag:"node" key:"node_name"`
	NodeID             *string           `flag:"node-id" key:"node_id"`
	NodeMeta           map[string]string `flag:"node-meta" key:"node_meta"`
	BindAddr           *string           `flag:"bind" key:"bind_addr"`
	SerfLANAddr        *string           `flag:"serf-lan-bind" key:"serf_lan"`
	SerfWANAddr        *string           `flag:"serf-wan-bind" key:"serf_wan"`
	AdvertiseAddr      *string           `flag:"advertise" key:"advertise_addr"`
	AdvertiseAddrWAN   *string           `flag:"advertise-wan" key:"advertise_addr_wan"`
	ClientAddr         *string           `flag:"client" key:"client_addr"`
	Datacenter         *string           `flag:"datacenter" key:"datacenter"`
	Domain             *string           `flag:"domain" key:"domain"`
	AltDomain          *string           `flag:"alt-domain" key:"alt_domain"`
	Recursors          []string          `flag:"recursor" key:"recursors"`
	HTTPPort           *int              `flag:"http-port" key:"ports.http"`
	HTTPSPort          *int              `flag:"https-port" key:"ports.https"`
	DNSPort            *int              `flag:"dns-port" key:"ports.dns"`
	ServerPort         *int              `flag:"server-port" key:"ports.server"`
	SerfLANPort        *int              `flag:"serf-lan-port" key:"ports.serf_lan"`
	SerfWANPort        *int              `flag:"serf-wan-port" key:"ports.serf_wan"`
	AllowWriteFrom     []string          `flag:"allow-write-http-from" key:"http_config.allow_write_http_from"`
	LogLevel           *string           `flag:"log-level" key:"log_level"`
	LogJSON            *bool             `flag:"log-json" key:"log_json"`
	PidFile            *string           `flag:"pid-file" key:"pid_file"`
	UI                 *bool             `flag:"ui" key:"ui"`
	UIDir              *string           `flag:"ui-dir" key:"ui_dir"`

	EnableScriptChecks      *bool `flag:"enable-script-checks" key:"enable_script_checks"`
	EnableLocalScriptChecks *bool `flag:"enable-local-script-checks" key:"enable_local_script_checks"`
}

// settings returns the flags as if they stood in a last config file.
func (o *Overrides) settings() settings {
	var s settings
	s.Server, s.Bootstrap, s.BootstrapExpect = o.Server, o.Bootstrap, o.BootstrapExpect
	s.RetryJoin, s.RetryInterval, s.RetryMax, s.StartJoin = o.RetryJoin, o.RetryInterval, o.RetryMax, o.StartJoin
	s.RetryJoinWAN, s.RetryIntervalWAN, s.RetryMaxWAN, s.StartJoinWAN = o.RetryJoinWAN, o.RetryIntervalWAN, o.RetryMaxWAN, o.StartJoinWAN
	s.RejoinAfterLeave, s.Encrypt, s.DisableKeyringFile, s.RaftProtocol = o.Rejoin, o.Encrypt, o.DisableKeyringFile, o.RaftProtocol
	s.DataDir, s.NodeName, s.NodeID, s.NodeMeta = o.DataDir, o.NodeName, o.NodeID, o.NodeMeta
	s.BindAddr, s.SerfLANAddr, s.SerfWANAddr, s.ClientAddr = o.BindAddr, o.SerfLANAddr, o.SerfWANAddr, o.ClientAddr
	s.AdvertiseAddr, s.AdvertiseAddrWAN = o.AdvertiseAddr, o.AdvertiseAddrWAN
	s.Datacenter, s.Domain, s.AltDomain, s.Recursors = o.Datacenter, o.Domain, o.AltDomain, o.Recursors
	s.Ports.HTTP, s.Ports.HTTPS, s.Ports.DNS, s.Ports.Server = o.HTTPPort, o.HTTPSPort, o.DNSPort, o.ServerPort
	s.Ports.SerfLAN, s.Ports.SerfWAN = o.SerfLANPort, o.SerfWANPort
	s.HTTP.AllowWriteFrom = o.AllowWriteFrom
	s.LogLevel, s.LogJSON, s.PidFile = o.LogLevel, o.LogJSON, o.PidFile
	s.UI, s.UIDir = o.UI, o.UIDir
	s.EnableScriptChecks, s.EnableLocalScriptChecks = o.EnableScriptChecks, o.EnableLocalScriptChecks
	return s
}

// flags returns the flags that were given, by the folded key that each overrides.
func (o *Overrides) flags() map[string]string {
	given := map[string]string{}
	v := reflect.ValueOf(*o)
	for i := range v.NumField() {
		if f := v.Type().Field(i); !v.Field(i).IsNil() {
			given[document.Fold(f.Tag.Get("key"))] = f.Tag.Get("flag")
		}
	}
	return given
}
