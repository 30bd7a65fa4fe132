package local

import "muster/catalog"

// SetMaintenance takes a service instance, or with an empty id the whole node,
// out of service or back in. It is a check that stays critical, with the reason
// as its note, and outlives a restart. Turning it on again changes the reason,
// turning it off when it is off does nothing. NotFound: no such service here.
func (s *Store) SetMaintenance(serviceID string, on bool, reason string) error {
	def := maintenanceCheck(serviceID, reason)
	return s.change(func(e *edit) error {
		if serviceID != "" && e.services[serviceID] == nil {
			return unknownService(serviceID)
		}
		switch {
		case on:
			e.putCheck(&check{def: def, from: fromHTTP})
		case e.checks[def.ID] != nil:
			e.dropCheck(def.ID)
		}
		return nil
	})
}

func maintenanceCheck(serviceID, reason string) catalog.CheckDefinition {
	d := catalog.CheckDefinition{
		ID:     catalog.NodeMaintenance,
		Name:   "Node Maintenance Mode",
		Status: catalog.Critical,
		Notes:  reason,
	}
	if reason == "" {
		d.Notes = "Taken out of service by hand; no reason was given."
	}
	if serviceID != "" {
		d.ID = catalog.ServiceMaintenancePrefix + serviceID
		d.Name = "Service Maintenance Mode"
		d.ServiceID = serviceID
	}
	return d
}
