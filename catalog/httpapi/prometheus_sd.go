package httpapi

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"muster/catalog"
)

// targetGroup is what Prometheus' http_sd reads.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// prometheusSD lists instances as targets of Prometheus, with the labels of its
// consul_sd, so relabelling rules move over as they are. ?service and ?tag, which may be repeated,
// ?node-meta and ?filter, over what health/service lists, narrow it down; ?passing leaves out instances
// that do not pass. It does not block: Prometheus asks at intervals.
func (s *Server) prometheusSD(r *request) (answer, error) {
	keep, err := newFilter(r, sampleEntry)
	if err != nil {
		return answer{}, err
	}
	passing, err := r.flag("passing")
	if err != nil {
		return answer{}, err
	}
	opts, err := r.readOptions()
	if err != nil {
		return answer{}, err
	}
	fresh, err := s.freshen(r.Context(), opts.mode)
	if err != nil {
		return answer{}, err
	}
	snap := s.deps.State.Snapshot()
	names, tags, meta := r.query["service"], r.query["tag"], r.nodeMeta()
	groups := []targetGroup{}
	for i := range snap.Instances {
		e := snap.EntryOf(i)
		if !named(i, names) || !hasTags(i, tags) || !hasMeta(e.Node, meta) || passing && e.Status() != catalog.Passing {
			continue
		}
		kept, err := keep.only([]*ServiceEntry{shapeEntry(e)})
		if err != nil {
			return answer{}, err
		}
		if len(kept) > 0 {
			groups = append(groups, target(e))
		}
	}
	a := reply(groups)
	a.read = &readMark{index: snap.Index, fresh: fresh}
	return a, nil
}

// named reports whether an instance is of one of the services, or there are none.
func named(i *catalog.Instance, services []string) bool {
	return len(services) == 0 || slices.ContainsFunc(services, func(name string) bool { return catalog.EqualFold(name, i.Name) })
}

const metaLabel = "__meta_consul_"

func target(e catalog.Entry) targetGroup {
	i, n := e.Instance, e.Node
	address := i.Address
	if address == "" {
		address = n.Address
	}
	labels := map[string]string{
		metaLabel + "address":         n.Address,
		metaLabel + "dc":              n.Datacenter,
		metaLabel + "health":          string(e.Status()),
		metaLabel + "node":            n.Name,
		metaLabel + "service":         i.Name,
		metaLabel + "service_address": i.Address,
		metaLabel + "service_id":      i.ID,
		metaLabel + "service_port":    strconv.Itoa(i.Port),
		metaLabel + "tags":            "," + strings.Join(i.Tags, ",") + ",", // so that a pattern finds ",TAG," wherever it stands
	}
	addLabels(labels, "metadata_", n.Meta)
	addLabels(labels, "tagged_address_", n.TaggedAddresses)
	addLabels(labels, "service_metadata_", i.Meta)
	return targetGroup{Targets: []string{net.JoinHostPort(address, strconv.Itoa(i.Port))}, Labels: labels}
}

// addLabels adds what a map holds. What cannot stand in the name of a label becomes "_".
func addLabels(labels map[string]string, kind string, from map[string]string) {
	for k, v := range from {
		labels[metaLabel+kind+strings.Map(labelRune, k)] = v
	}
}

func labelRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
		return r
	}
	return '_'
}
