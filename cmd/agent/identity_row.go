package agent

import "muster/catalog"

// nodeRow is this node as it should stand in the catalog.
func (a *Agent) nodeRow() catalog.Node {
	cfg := a.config()
	address := cfg.AdvertiseAddr.String()
	family := "ipv4"
	if !cfg.AdvertiseAddr.Unmap().Is4() {
		family = "ipv6"
	}
	return catalog.Node{
		ID: a.id, Name: cfg.NodeName, Address: address, Datacenter: cfg.Datacenter,
		TaggedAddresses: map[string]string{
			"lan": address, "lan_" + family: address,
			"wan": address, "wan_" + family: address,
		},
		Meta: cfg.NodeMeta,
	}
}
