package agent

import (
	"slices"
	"strings"

	"muster/catalog/document"
)

// Keys of Consul's that muster does not have. Each list is separated by blanks;
// SERVICE., CHECK. and WATCH. stand for the places where definitions occur.
const (
	// meshKeys belong to what muster does not set out to do: mesh and enterprise features.
	meshKeys = `connect config_entries peering partition segment segments license_path reporting audit cloud xds
		auto_config auto_encrypt default_intention_policy enable_central_service_config experiments
		primary_datacenter primary_gateways primary_gateways_interval non_voting_server read_replica
		autopilot.redundancy_zone_tag autopilot.disable_upgrade_migration autopilot.upgrade_version_tag tls.grpc
		ports.grpc ports.grpc_tls ports.proxy_min_port ports.proxy_max_port ports.sidecar_min_port ports.sidecar_max_port
		ports.expose_min_port ports.expose_max_port addresses.grpc addresses.grpc_tls dns_config.prefer_namespace
		SERVICE.connect SERVICE.proxy SERVICE.kind SERVICE.namespace SERVICE.partition SERVICE.peer_name
		CHECK.namespace CHECK.partition CHECK.proxy_http CHECK.expose_path CHECK.exposed_port`

	// tuningKeys adjust how Consul works inside, or forbid what muster never does.
	tuningKeys = `cache rpc use_streaming_backend discovery_max_stale protocol acl_datacenter
		performance.grpc_keepalive_interval performance.grpc_keepalive_timeout tls.https.verify_outgoing
		raft_logstore raft_boltdb server_rejoin_age_max disable_update_check disable_anonymous_signature
		disable_host_node_id disable_http_unprintable_char_filter
		check_output_max_size version version_prerelease version_metadata
		dns_config.use_cache dns_config.cache_max_age http_config.use_cache
		limits.https_handshake_timeout limits.rpc_client_timeout limits.rpc_rate limits.rpc_max_burst limits.txn_max_req_len
		ui_config.metrics_provider ui_config.metrics_provider_files ui_config.metrics_provider_options_json
		ui_config.metrics_proxy ui_config.dashboard_url_templates ui_config.hcp_enabled
		telemetry.prometheus_retention_time telemetry.disable_hostname telemetry.metrics_prefix telemetry.prefix_filter
		telemetry.filter_default telemetry.enable_host_metrics telemetry.retry_failed_connection
		telemetry.disable_per_tenancy_usage_metrics
		acl.default_policy acl.down_policy acl.tokens acl.enable_token_persistence acl.enable_token_replication
		acl.enable_key_list_policy acl.policy_ttl acl.role_ttl acl.token_ttl acl.resolver_cache_max_age
		SERVICE.token CHECK.token WATCH.token`

	// missingKeys ask for what muster is to have but this version has not. To ignore
	// them would be to do less than was asked for, often less safely.
	missingKeys = `advertise_reconnect_timeout serf_lan_allowed_cidrs serf_wan_allowed_cidrs
		advertise_addr_ipv4 advertise_addr_ipv6 advertise_addr_wan_ipv4 advertise_addr_wan_ipv6
		translate_wan_addrs auto_reload_config server_name tls_cipher_suites tls_prefer_server_cipher_suites
		tls.defaults.tls_cipher_suites tls.internal_rpc.tls_cipher_suites tls.https.tls_cipher_suites
		tls.defaults.server_name tls.internal_rpc.server_name
		enable_agent_tls_for_checks tls.enable_agent_tls_for_checks
		acl.enabled acl.enable_token_inheritance acl_agent_master_token acl_agent_token
		acl_default_policy acl_down_policy acl_enforce_version_8 acl_master_token acl_replication_token acl_token acl_ttl
		enable_acl_replication session_ttl_min default_query_time max_query_time
		enable_syslog syslog_facility log_file log_rotate_bytes log_rotate_duration log_rotate_max_files
		limits.request_limits http_config.response_headers
		http_config.max_header_bytes ui_config.content_path ui_content_path
		telemetry.statsd_address telemetry.statsite_address telemetry.dogstatsd_addr telemetry.dogstatsd_tags
		telemetry.circonus_api_token telemetry.circonus_submission_url
		SERVICE.socket_path SERVICE.ports
		CHECK.docker_container_id CHECK.shell CHECK.h2ping CHECK.h2ping_use_tls WATCH.handler`
)

const notInThisVersion = "is not supported by this version"

// foreignKeys knows the keys that are Consul's but not muster's, and collects those that have no effect.
type foreignKeys struct {
	names   map[string]string // folded -> as listed
	missing map[string]bool   // by folded name
	met     []string          // keys without effect that files ask for
}

func newForeignKeys() *foreignKeys {
	f := &foreignKeys{names: map[string]string{}, missing: map[string]bool{}}
	for _, name := range strings.Fields(meshKeys + " " + tuningKeys) {
		f.names[document.Fold(name)] = name
	}
	for _, name := range strings.Fields(missingKeys) {
		f.names[document.Fold(name)] = name
		f.missing[document.Fold(name)] = true
	}
	return f
}

// known is a document.Options.Known. A key that asks for nothing is neither refused nor told of.
func (f *foreignKeys) known(key document.ForeignKey) (refusal string, known bool) {
	folded, within := generic(key.Path)
	name, ok := f.names[folded]
	switch {
	case !ok:
		return "", false
	case key.Idle:
	case f.missing[folded]:
		return notInThisVersion, true
	default:
		_, leaf, placed := strings.Cut(name, ".")
		if within != "" && placed {
			name = within + "." + leaf
		}
		f.met = append(f.met, name)
	}
	return "", true
}

// generic replaces the place of a definition by what the lists call it. within
// is that place, empty for keys that are not a definition's.
func generic(path string) (folded, within string) {
	at := strings.LastIndexByte(path, '.')
	if at < 0 {
		return path, ""
	}
	within = path[:at]
	switch within[strings.LastIndexByte(within, '.')+1:] {
	case "service", "services":
		return "service." + path[at+1:], within
	case "check", "checks":
		return "check." + path[at+1:], within
	case "watches":
		return "watch." + path[at+1:], within
	}
	return path, ""
}

// warning names all keys that were met and have no effect; empty when there are none.
func (f *foreignKeys) warning() string {
	if len(f.met) == 0 {
		return ""
	}
	names := slices.Clone(f.met)
	slices.Sort(names)
	return "keys of Consul without effect here: " + strings.Join(slices.Compact(names), ", ")
}
