package main

import "testing"

func TestEvent(t *testing.T) {
	const fired = `200 {"ID":"b54fe110-7af5-4afc-91fb-afc8ba432b1c","Name":"deploy"}`
	said := "Event ID: b54fe110-7af5-4afc-91fb-afc8ba432b1c\n"
	for _, e := range []example{
		{args: "event -name deploy", answers: map[string]string{"PUT /v1/event/fire/deploy": fired}, asks: "PUT /v1/event/fire/deploy", stdout: said},
		{args: "event -name=deploy -node ^n -service web -tag v1 1.2.3", answers: map[string]string{"PUT /v1/event/fire/deploy?node=%5En&service=web&tag=v1": fired},
			asks: "PUT /v1/event/fire/deploy?node=%5En&service=web&tag=v1 <- 1.2.3", stdout: said},
		{args: "event 1.2.3 -name deploy -datacenter dc2", answers: map[string]string{"PUT /v1/event/fire/deploy?dc=dc2": "500 No path to datacenter"},
			asks: "PUT /v1/event/fire/deploy?dc=dc2 <- 1.2.3", code: 1, stderr: "No path to datacenter"},
		{args: "event", code: 2, stderr: "-name is missing"},
		{args: "event -name x -tag y", code: 2, stderr: "-tag needs -service"},
		{args: "event -name x a b", code: 2, stderr: `unexpected argument "b" after PAYLOAD`},
	} {
		e.try(t)
	}
}
