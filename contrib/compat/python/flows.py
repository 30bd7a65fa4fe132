#!/usr/bin/python3
"""Documented flows of python-consul (Debian: python3-consul) against a running agent.

Usage: CONSUL_HTTP_ADDR=host:port flows.py
"""
import os
import threading
import time

import consul
from consul.base import CB

host, port = os.environ.get("CONSUL_HTTP_ADDR", "127.0.0.1:8500").split(":")
c = consul.Consul(host=host, port=int(port))
PREFIX = f"python-{os.getpid()}"


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def until(what, look):
    """Repeats a look until it finds something."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(what + ": not within 30 s")


def keys():
    index, pair = c.kv.get(PREFIX + "/a")
    assert pair is None and int(index) > 0
    same(c.kv.put(PREFIX + "/a", "hello"), True)
    index, pair = c.kv.get(PREFIX + "/a")
    same([pair["Key"], pair["Value"], pair["Flags"], int(index)], [PREFIX + "/a", b"hello", 0, pair["ModifyIndex"]])
    same(c.kv.put(PREFIX + "/a", "no", cas=1), False)
    same(c.kv.put(PREFIX + "/a", "yes", cas=pair["ModifyIndex"]), True)
    same(c.kv.put(PREFIX + "/a", "no", cas=0), False)
    same(c.kv.get(PREFIX + "/", keys=True)[1], [PREFIX + "/a"])
    same([p["Value"] for p in c.kv.get(PREFIX + "/", recurse=True)[1]], [b"yes"])
    same(c.kv.delete(PREFIX + "/a", cas=1), False)
    same(c.kv.delete(PREFIX + "/", recurse=True), True)
    same(c.kv.get(PREFIX + "/", recurse=True)[1], None)


def locks():
    a, b = c.session.create(ttl=30, lock_delay=1), c.session.create()
    key = PREFIX + "/l"
    same(c.kv.put(key, "a", acquire=a), True)
    same(c.kv.put(key, "b", acquire=b), False)
    same(c.kv.get(key)[1]["Session"], a)
    same(c.kv.put(key, "", release=a), True)
    same(c.kv.put(key, "b", acquire=b), True)
    same(c.kv.get(key)[1]["LockIndex"], 2)
    same([c.session.destroy(a), c.session.destroy(b)], [True, True])
    assert "Session" not in c.kv.get(key)[1]
    c.kv.delete(key)


def sessions():
    session = c.session.create(name=PREFIX, ttl=10, behavior="delete")
    _, s = c.session.info(session)
    same([s["Name"], s["TTL"], s["Behavior"], s["LockDelay"]], [PREFIX, "10s", "delete", 15e9])
    same(c.session.renew(session)["ID"], session)
    assert session in [s["ID"] for s in c.session.list()[1]]
    assert session in [s["ID"] for s in c.session.node(s["Node"])[1]]
    c.session.destroy(session)
    same(c.session.info(session)[1], None)
    try:
        c.session.renew(session)
    except consul.NotFound:
        pass
    else:
        raise AssertionError("a dead session was renewed")


def beat(verdict, note=""):
    """ttl_pass and its like of this version send GET, which Consul refuses since 1.0, as muster does."""
    same(c.agent.check.ttl_pass("service:" + PREFIX), False)
    path = f"/v1/agent/check/{verdict}/service:{PREFIX}"
    same(c.http.put(CB.bool(), path, params={"note": note} if note else {}), True)


def health():
    same(c.agent.service.register(PREFIX, port=80, tags=["t"], check=consul.Check.ttl("60s")), True)
    same(c.health.service(PREFIX, passing=True)[1], [])
    beat("pass", "well")
    entry = until("healthy", lambda: c.health.service(PREFIX, passing=True)[1])[0]
    same([entry["Service"]["ID"], entry["Service"]["Port"], entry["Service"]["Tags"]], [PREFIX, 80, ["t"]])
    same(c.agent.checks()["service:" + PREFIX]["Output"], "well")
    beat("fail")
    until("critical", lambda: not c.health.service(PREFIX, passing=True)[1])
    same([k["Status"] for k in c.health.checks(PREFIX)[1]], ["critical"])
    same(c.catalog.services()[1][PREFIX], ["t"])
    same(c.catalog.service(PREFIX)[1][0]["ServicePort"], 80)
    c.agent.service.maintenance(PREFIX, True, "moved")
    same(c.agent.checks()["_service_maintenance:" + PREFIX]["Notes"], "moved")
    same(c.http.put(CB.bool(), "/v1/agent/service/deregister/" + PREFIX), True)  # see beat
    until("gone", lambda: not c.catalog.service(PREFIX)[1])


def blocking():
    key = PREFIX + "/w"
    c.kv.put(key, "1")
    index, _ = c.kv.get(key)
    threading.Timer(0.3, lambda: c.kv.put(key, "2")).start()
    after, pair = c.kv.get(key, index=index, wait="60s")
    same(pair["Value"], b"2")
    assert int(after) > int(index)
    again, _ = c.kv.get(key, index=after, wait="1s")
    same(again, after)
    c.kv.delete(key)


def agent():
    same(c.agent.self()["Config"]["Datacenter"], "dc1")
    assert all(m["Status"] == 1 for m in c.agent.members())
    assert c.status.leader().endswith(":8300") and c.status.peers()
    same(c.catalog.datacenters(), ["dc1"])
    assert c.catalog.nodes()[1]
    try:
        c.acl.list()
    except (consul.ACLDisabled, consul.ACLPermissionDenied) as err:
        assert "ACL support disabled" in str(err), err
    else:
        raise AssertionError("ACLs are there")


FLOWS = [keys, locks, sessions, health, blocking, agent]
for flow in FLOWS:
    flow()
print(f"python-consul: {len(FLOWS)} flows")
