package catalog

import (
	"encoding/json"
	"fmt"
)

// pile is decoded rows in the order in which they came.
type pile struct {
	nodes        []*Node
	instances    []*Instance
	checks       []*Check
	keys         []*Pair
	graves       []*grave
	versions     []*version
	memories     []*memory
	sessions     []*Session
	delays       []*Delay
	coordinates  []*NodeCoordinate
	events       []*Event
	queries      []*PreparedQuery
	observations []*Observation
	turns        []*Turn
	brakes       []*Brake
	autopilot    *Autopilot
	lineage      *Lineage
}

// add decodes the row of a record.
func (p *pile) add(k recordKind, body []byte) error {
	switch k {
	case recordNode:
		return addJSON(&p.nodes, body)
	case recordInstance:
		return addJSON(&p.instances, body)
	case recordCheck:
		return addJSON(&p.checks, body)
	case recordVersion:
		return addJSON(&p.versions, body)
	case recordObserved:
		return addJSON(&p.observations, body)
	case recordCoordinate:
		return addJSON(&p.coordinates, body)
	case recordTurn:
		return addJSON(&p.turns, body)
	case recordBrake:
		return addJSON(&p.brakes, body)
	case recordEvent:
		return addCompiled(&p.events, body, (*Event).compile)
	case recordPreparedQuery:
		return addCompiled(&p.queries, body, (*PreparedQuery).compile)
	case recordSession:
		return addJSON(&p.sessions, body)
	case recordKey:
		return addKeyed(&p.keys, body, func(r *pairRecord) (*Pair, []byte) {
			pair := r.Pair
			pair.Key = string(r.Key)
			return &pair, r.Key
		})
	case recordGrave:
		return addKeyed(&p.graves, body, func(r *graveRecord) (*grave, []byte) { return &grave{string(r.Key), r.Index}, r.Key })
	case recordDelay:
		return addKeyed(&p.delays, body, func(r *delayRecord) (*Delay, []byte) {
			return &Delay{string(r.Key), r.Delay, r.Index}, r.Key
		})
	case recordMemory:
		var r memoryRecord
		if err := json.Unmarshal(body, &r); err != nil {
			return err
		}
		m, err := r.memory()
		p.memories = append(p.memories, m)
		return err
	case recordAutopilot:
		p.autopilot = &Autopilot{}
		return json.Unmarshal(body, p.autopilot)
	case recordLineage:
		p.lineage = &Lineage{}
		return json.Unmarshal(body, p.lineage)
	}
	return fmt.Errorf("unknown kind %d", k)
}

func addJSON[T any](to *[]*T, body []byte) error {
	row := new(T)
	*to = append(*to, row)
	return json.Unmarshal(body, row)
}

// addCompiled decodes a row of which more is made.
func addCompiled[T any](to *[]*T, body []byte, compile func(*T)) error {
	err := addJSON(to, body)
	if err == nil {
		compile((*to)[len(*to)-1])
	}
	return err
}

// addKeyed decodes a row whose record has the key as bytes.
func addKeyed[R, T any](to *[]*T, body []byte, convert func(*R) (*T, []byte)) error {
	var r R
	if err := json.Unmarshal(body, &r); err != nil {
		return err
	}
	row, key := convert(&r)
	if len(key) == 0 {
		return fmt.Errorf("key is empty")
	}
	*to = append(*to, row)
	return nil
}
