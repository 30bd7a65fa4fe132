package agent

import "muster/catalog"

// nodeRow is this node as it should stand in the catalog.
func (a *Agent) nodeRow() catalog.Node {
	cfg := a.config()
	wan := cfg.AdvertiseAddrWAN
	if !wan.IsValid() {
		wan = cfg.AdvertiseAddr
	}
	return catalog.Node{
		ID: a.id, Name: cfg.NodeName, Address: cfg.AdvertiseAddr.String(), Datacenter: cfg.Datacenter,
		TaggedAddresses: taggedAddresses(cfg.AdvertiseAddr, wan),
		Meta:            cfg.NodeMeta,
	}
}
