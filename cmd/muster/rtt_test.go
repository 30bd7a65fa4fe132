package main

import "testing"

func TestRTT(t *testing.T) {
	const (
		self  = `200 {"Config":{"Datacenter":"dc1","NodeName":"n1"}}`
		nodes = `200 [
			{"Node":"n1","Segment":"","Coord":{"Vec":[0,0,0,0,0,0,0,0],"Error":0.2,"Adjustment":0,"Height":0.0001}},
			{"Node":"n2","Segment":"","Coord":{"Vec":[0.0005,0,0,0,0,0,0,0],"Error":0.2,"Adjustment":0.00001,"Height":0.0001}},
			{"Node":"odd","Segment":"","Coord":{"Vec":[1],"Error":0.2,"Adjustment":0,"Height":0}}]`
		datacenters = `200 [{"Datacenter":"dc1","AreaID":"wan","Coordinates":[{"Node":"n1","Coord":{"Vec":[0,0,0,0,0,0,0,0],"Error":1,"Adjustment":0,"Height":0}}]},
			{"Datacenter":"dc2","AreaID":"wan","Coordinates":[{"Node":"n1","Coord":{"Vec":[0,0.03,0.04,0,0,0,0,0],"Error":1,"Adjustment":0,"Height":0}}]}]`
	)
	const own, lan, wan = "GET /v1/agent/self\n", "GET /v1/coordinate/nodes", "GET /v1/coordinate/datacenters"
	answers := map[string]string{
		"GET /v1/agent/self": self, "GET /v1/coordinate/nodes": nodes, "GET /v1/coordinate/datacenters": datacenters,
	}
	for _, e := range []example{
		{args: "rtt n2", asks: own + lan, stdout: "\nEstimated n2 <-> n1 rtt: 0.710 ms (using LAN coordinates)\n"},
		{args: "rtt N1 n2", asks: lan, stdout: "\nEstimated N1 <-> n2 rtt: 0.710 ms (using LAN coordinates)\n"},
		{args: "rtt -wan n1.dc2", asks: own + wan, stdout: "\nEstimated n1.dc2 <-> n1.dc1 rtt: 50.000 ms (using WAN coordinates)\n"},
		{args: "rtt n1.dc2 -wan n1.DC2", asks: wan, stdout: "\nEstimated n1.dc2 <-> n1.DC2 rtt: 0.000 ms (using WAN coordinates)\n"},
		{args: "rtt n1 n3", asks: lan, code: 1, stderr: `there is no coordinate of "n3"`},
		{args: "rtt n1 odd", asks: lan, code: 1, stderr: "Vec has 1 numbers, not 8"},
		{args: "rtt -wan n1", asks: "GET /v1/agent/self", code: 2, stderr: "a server is written NODE.DATACENTER"},
		{args: "rtt", code: 2, stderr: "NODE1"},
	} {
		e.answers = answers
		e.try(t)
	}
}
