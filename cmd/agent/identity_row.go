package agent

import "muster/catalog"

// nodeRow is this node as it should stand in the catalog.
func (a *Agent) nodeRow() catalog.Node {
	cfg := a.config()
	wan := cfg.AdvertiseAddrWAN
	if !wan.IsValid() {
		wan = cfg.AdvertiseAddr
	}
	n := catalog.Node{
		ID: a.id, Name: cfg.NodeName, Address: cfg.AdvertiseAddr.String(), Datacenter: cfg.Datacenter,
		TaggedAddresses: taggedAddresses(cfg.AdvertiseAddr, wan),
		Meta:            nodeMeta(cfg),
	}
	if cfg.Locality != (catalog.Locality{}) {
		n.Locality = &cfg.Locality // the settings are replaced, not changed
	}
	return n
}
