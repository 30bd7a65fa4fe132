package agent

import (
	"reflect"

	"muster/catalog/document"
)

// Overrides are the settings given as flags. Nil is a flag that was not given;
// lists are appended to those of the files, maps joined with them, the rest overrides.
// The tags name the flag, and the config key it overrides.
type Overrides struct {
	Server          *bool             `flag:"server" key:"server"`
	Bootstrap       *bool             `flag:"bootstrap" key:"bootstrap"`
	BootstrapExpect *int              `flag:"bootstrap-expect" key:"bootstrap_expect"`
	DataDir         *string           `flag:"data-dir" key:"data_dir"`
	NodeName        *string           `flag:"node" key:"node_name"`
	NodeID          *string           `flag:"node-id" key:"node_id"`
	NodeMeta        map[string]string `flag:"node-meta" key:"node_meta"`
	BindAddr        *string           `flag:"bind" key:"bind_addr"`
	AdvertiseAddr   *string           `flag:"advertise" key:"advertise_addr"`
	ClientAddr      *string           `flag:"client" key:"client_addr"`
	Datacenter      *string           `flag:"datacenter" key:"datacenter"`
	Domain          *string           `flag:"domain" key:"domain"`
	AltDomain       *string           `flag:"alt-domain" key:"alt_domain"`
	Recursors       []string          `flag:"recursor" key:"recursors"`
	HTTPPort        *int              `flag:"http-port" key:"ports.http"`
	DNSPort         *int              `flag:"dns-port" key:"ports.dns"`
	ServerPort      *int              `flag:"server-port" key:"ports.server"`
	LogLevel        *string           `flag:"log-level" key:"log_level"`
	LogJSON         *bool             `flag:"log-json" key:"log_json"`
	PidFile         *string           `flag:"pid-file" key:"pid_file"`
	UI              *bool             `flag:"ui" key:"ui"`
	UIDir           *string           `flag:"ui-dir" key:"ui_dir"`
}

// settings returns the flags as if they stood in a last config file.
func (o *Overrides) settings() settings {
	var s settings
	s.Server, s.Bootstrap, s.BootstrapExpect = o.Server, o.Bootstrap, o.BootstrapExpect
	s.DataDir, s.NodeName, s.NodeID, s.NodeMeta = o.DataDir, o.NodeName, o.NodeID, o.NodeMeta
	s.BindAddr, s.AdvertiseAddr, s.ClientAddr = o.BindAddr, o.AdvertiseAddr, o.ClientAddr
	s.Datacenter, s.Domain, s.AltDomain, s.Recursors = o.Datacenter, o.Domain, o.AltDomain, o.Recursors
	s.Ports.HTTP, s.Ports.DNS, s.Ports.Server = o.HTTPPort, o.DNSPort, o.ServerPort
	s.LogLevel, s.LogJSON, s.PidFile = o.LogLevel, o.LogJSON, o.PidFile
	s.UI, s.UIDir = o.UI, o.UIDir
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
