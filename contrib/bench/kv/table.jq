# Medians of the rounds, and of the rounds' ratios to etcd.
def median: sort | .[length / 2 | floor];
. as $all
| [ $all | group_by([.servers, .verb == "GET", .server])[]
    | .[0] as $one
    | { servers: $one.servers, verb: $one.verb, server: $one.server }
      + ( [ "rate", "p50", "p99", "errors", "flushes" ] as $fields
          | . as $rows | [ $fields[] as $f | { ($f): ([ $rows[] | .[$f] ] | median) } ] | add )
      + ( . as $rows
          | [ $rows[] | . as $r | ( $all[] | select(.server == "etcd" and .servers == $r.servers and .verb == $r.verb and .round == $r.round) ) as $e
              | { rate: ($r.rate / $e.rate), p99: ($r.p99 / $e.p99) } ]
          | { of_etcd: (map(.rate) | median), p99_of_etcd: (map(.p99) | median) } ) ]
