package httpapi

// The samples are rows on which a ?filter is tried before it is used. Each list
// has one element, so that a selector which leads through it is tried too.

func sampleNode() *Node { return &Node{} }

func sampleCatalogService() *CatalogService { return &CatalogService{ServiceTags: []string{""}} }

func sampleNodeService() *NodeService { return &NodeService{Tags: []string{""}} }

func sampleCheck() *HealthCheck { return &HealthCheck{ServiceTags: []string{""}} }

func sampleEntry() *ServiceEntry {
	return &ServiceEntry{Node: sampleNode(), Service: sampleNodeService(), Checks: []*HealthCheck{sampleCheck()}}
}
